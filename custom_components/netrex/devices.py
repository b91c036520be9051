"""The devices: one for the account, and one per camera and per node with KPIs.

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


def device_node_id(entry: NetrexConfigEntry, device: dr.DeviceEntry) -> int | None:
    """Return the node id of a device; None for the account's device."""
    prefix = f"{entry.unique_id}_"
    for domain, identifier in device.identifiers:
        if domain == DOMAIN and identifier.startswith(prefix):
            return int(identifier.removeprefix(prefix))
    return None


@callback
def async_node_devices(
    hass: HomeAssistant, entry: NetrexConfigEntry
) -> dict[int, dr.DeviceEntry]:
    """Return the devices of nodes by node id."""
    return {
        node_id: device
        for device in dr.async_entries_for_config_entry(
            dr.async_get(hass), entry.entry_id
        )
        if (node_id := device_node_id(entry, device)) is not None
    }


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
    """Remove a node's device and its entities."""
    registry = dr.async_get(hass)
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
