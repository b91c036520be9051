"""The devices: one for the account, one per camera, channel, and node with KPIs.

`device_updates.py` creates them; entities only refer to their device.
"""

from collections.abc import Callable, Iterator

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .client import Node, Tree
from .const import DOMAIN
from .models import NetrexConfigEntry

MANUFACTURER = "Netrex"
_SEPARATOR = " / "


def node_identifier(
    entry: NetrexConfigEntry, node_id: int | None = None
) -> tuple[str, str]:
    """Return the device identifier of a node, or of the account if `node_id` is None.

    It contains the account, so that two accounts can have the same camera.
    """
    suffix = "" if node_id is None else f"_{node_id}"
    return DOMAIN, f"{entry.unique_id}{suffix}"


def channel_identifier(
    entry: NetrexConfigEntry, camera_id: int, channel_id: int
) -> tuple[str, str]:
    """Return the device identifier of a camera's additional video channel."""
    domain, identifier = node_identifier(entry, camera_id)
    return domain, f"{identifier}_{channel_id}"


def _ids(
    entry: NetrexConfigEntry, device: dr.DeviceEntry
) -> tuple[int, int | None] | None:
    """Return the node and, if it is one's, the video channel of a device."""
    prefix = f"{entry.unique_id}_"
    for domain, identifier in device.identifiers:
        if domain == DOMAIN and identifier.startswith(prefix):
            node, _, channel = identifier.removeprefix(prefix).partition("_")
            return int(node), int(channel) if channel else None
    return None


def device_node_id(entry: NetrexConfigEntry, device: dr.DeviceEntry) -> int | None:
    """Return the node id of a device, for a channel its camera's.

    None for the account's device.
    """
    ids = _ids(entry, device)
    return ids and ids[0]


def is_listed(entry: NetrexConfigEntry, device: dr.DeviceEntry) -> bool:
    """Return whether the portal lists the node or video channel of a device."""
    if (ids := _ids(entry, device)) is None:
        return True
    node_id, channel_id = ids
    data = entry.runtime_data.inventory.data
    if channel_id is None:
        return node_id in data
    camera = data.cameras.get(node_id)
    return camera is not None and any(
        channel.node_id == channel_id for channel in camera.video_channels
    )


@callback
def async_node_devices(
    hass: HomeAssistant, entry: NetrexConfigEntry
) -> dict[int, dr.DeviceEntry]:
    """Return the devices of nodes by node id, without those of video channels."""
    return {
        ids[0]: device
        for device in dr.async_entries_for_config_entry(
            dr.async_get(hass), entry.entry_id
        )
        if (ids := _ids(entry, device)) is not None and ids[1] is None
    }


@callback
def async_channel_devices(
    hass: HomeAssistant, entry: NetrexConfigEntry
) -> list[dr.DeviceEntry]:
    """Return the devices of all video channels."""
    return [
        device
        for device in dr.async_entries_for_config_entry(
            dr.async_get(hass), entry.entry_id
        )
        if (ids := _ids(entry, device)) is not None and ids[1] is not None
    ]


@callback
def async_known_nodes(hass: HomeAssistant, entry: NetrexConfigEntry) -> set[int]:
    """Return the ids of the nodes that have a device."""
    return set(async_node_devices(hass, entry))


@callback
def async_remove_deselected(
    hass: HomeAssistant, entry: NetrexConfigEntry, wants: Callable[[int], bool]
) -> None:
    """Remove the devices of nodes whose KPIs were deselected in the options.

    Home Assistant keeps the settings of removed entities for a while.
    """
    cameras = entry.runtime_data.inventory.data.cameras
    for node_id in async_known_nodes(hass, entry):
        if node_id not in cameras and not wants(node_id):
            async_remove_node(hass, entry, node_id)


@callback
def async_remove_node(
    hass: HomeAssistant, entry: NetrexConfigEntry, node_id: int
) -> None:
    """Remove a node's device, those of its video channels, and their entities."""
    registry = dr.async_get(hass)
    for channel in async_channel_devices(hass, entry):
        if device_node_id(entry, channel) == node_id:
            registry.async_remove_device(channel.id)
    if device := registry.async_get_device_by_identifier(
        node_identifier(entry, node_id), entry.entry_id
    ):
        registry.async_remove_device(device.id)


def nodes_with_paths(tree: Tree) -> Iterator[tuple[Node, str]]:
    """Yield every node with its path as text, parents before their children."""
    todo = list(reversed(tree.roots))
    while todo:
        node = todo.pop()
        todo.extend(reversed(tree.children(node.node_id)))
        path = tree.path(node.node_id)
        # A single root is the account, which all paths have in common.
        skip = 1 if len(tree.roots) == 1 and len(path) > 1 else 0
        yield node, _SEPARATOR.join(part.name for part in path[skip:])
