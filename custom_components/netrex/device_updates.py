"""Creates the devices, and updates them when the portal's tree or a camera changes."""

from collections.abc import Collection, Mapping

from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.typing import UNDEFINED

from .areas import AreaPlan
from .client import Camera, Capabilities, NodeType
from .devices import MANUFACTURER, channel_identifier, node_identifier
from .models import NetrexConfigEntry
from .naming import channel_names

MODELS: Mapping[NodeType, str] = {
    NodeType.CAMERA: "Camera",
    NodeType.FOLDER: "Folder",
    NodeType.LOCATION: "Location",
}
CHANNEL_MODEL = "Video channel"


def _account_name(title: str) -> str:
    """Return the name of the account's device; the root folder has the title."""
    is_named = MANUFACTURER.casefold() in title.casefold()
    return title if is_named else f"{MANUFACTURER} {title}"


@callback
def async_update_devices(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    *,
    kpi_nodes: Collection[int],
    capabilities: Mapping[int, Capabilities],
) -> None:
    """Create or update all devices, parents first.

    A device is connected via its nearest ancestor with a device, or via the account's.
    """
    registry = dr.async_get(hass)
    data = entry.runtime_data.inventory.data
    areas = AreaPlan(hass, entry)
    account = registry.async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={node_identifier(entry)},
        name=_account_name(entry.title),
        manufacturer=MANUFACTURER,
        entry_type=dr.DeviceEntryType.SERVICE,
        configuration_url=entry.data[CONF_URL],
    )
    paths = {
        node_id: data.tree.path(node_id) for node_id in {*data.cameras, *kpi_nodes}
    }
    names = data.names.devices(paths)
    devices: dict[int, str] = {}
    for node_id in sorted(names, key=lambda node_id: (len(paths[node_id]), node_id)):
        camera, path = data.cameras.get(node_id), paths[node_id]
        identifier = node_identifier(entry, node_id)
        is_new = not registry.async_get_device_by_identifier(identifier, entry.entry_id)
        found = capabilities.get(node_id, Capabilities())
        device = registry.async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers={identifier},
            name=names[node_id],
            manufacturer=found.manufacturer or MANUFACTURER,
            model=found.model or MODELS.get(path[-1].type if path else NodeType.CAMERA),
            sw_version=found.firmware,
            serial_number=found.serial_number
            or (camera.serial_number if camera else None),
            # Home Assistant uses it for new devices only.
            suggested_area=areas.suggestion(node_id) if is_new else UNDEFINED,
            via_device_id=next(
                (
                    devices[ancestor.node_id]
                    for ancestor in reversed(path[:-1])
                    if ancestor.node_id in devices
                ),
                account.id,
            ),
        )
        devices[node_id] = device.id
        if is_new:
            areas.async_remember(node_id, device)
        if camera is not None:
            _async_update_channels(hass, entry, camera, device)
    AreaPlan(hass, entry).async_update_issue()


@callback
def _async_update_channels(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    camera: Camera,
    device: dr.DeviceEntry,
) -> None:
    """Create or update a device per additional video channel, below the camera's."""
    registry = dr.async_get(hass)
    for channel_id, name in channel_names(camera).items():
        identifier = channel_identifier(entry, camera.node_id, channel_id)
        is_new = not registry.async_get_device_by_identifier(identifier, entry.entry_id)
        channel = registry.async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers={identifier},
            name=f"{device.name} {name}",
            manufacturer=device.manufacturer,
            model=CHANNEL_MODEL,
            sw_version=device.sw_version,
            via_device_id=device.id,
        )
        if is_new and device.area_id is not None:
            registry.async_update_device(channel.id, area_id=device.area_id)
