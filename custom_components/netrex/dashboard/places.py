"""The places of the accounts, as sent to the frontend.

A place is a node of the portal's tree that has entities or is above such a node. Users
get the entities that they may read, and nothing about places without such entities.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import Any

from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.components.media_source import generate_media_source_id
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback, split_entity_id
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..client import NodeType
from ..const import DOMAIN
from ..devices import device_node_id
from ..entity import split_unique_id
from ..kpi.metrics import METRICS, MetricDescription, needs
from ..kpi.selection import SENSORS, sensor_key, windows
from ..media.identifiers import CameraDays
from ..models import NetrexConfigEntry

# Registry entries by key; the node id is None for the account's own entities.
type _Entries = Mapping[int | None, Mapping[str, er.RegistryEntry]]


@callback
def describe_accounts(hass: HomeAssistant, user: User) -> list[dict[str, Any]]:
    """Return the loaded accounts with the places that a user may read."""
    return [
        _Account(hass, entry, user).describe()
        for entry in hass.config_entries.async_loaded_entries(DOMAIN)
    ]


class _Account:
    """The parts of an account that a user may read."""

    def __init__(
        self, hass: HomeAssistant, entry: NetrexConfigEntry, user: User
    ) -> None:
        self._entry = entry
        self._data = entry.runtime_data
        self._inventory = entry.runtime_data.inventory.data
        self._entries = _readable_entries(hass, entry, _reader(user))
        everything = _readable_entries(hass, entry, lambda _: True)
        self._made = {node_id: frozenset(keys) for node_id, keys in everything.items()}
        self._devices = {
            device_node_id(entry, device): device
            for device in dr.async_entries_for_config_entry(
                dr.async_get(hass), entry.entry_id
            )
        }

    def describe(self) -> dict[str, Any]:
        """Return the account and its places, parents first."""
        tree = self._inventory.tree
        shown = {
            above
            for node_id in self._entries
            if node_id is not None
            # The tree may lack a camera: for guests, or after a partial response.
            for above in (node_id, *(node.node_id for node in tree.path(node_id)))
        }
        order = {node.node_id: index for index, node in enumerate(tree)}
        places = sorted(
            shown,
            key=lambda node_id: (
                len(tree.path(node_id)),
                order.get(node_id, len(order)),
            ),
        )
        return {
            "entry_id": self._entry.entry_id,
            "name": self._entry.title,
            "entities": _enabled(self._entries.get(None, {})),
            "places": [self._place(node_id) for node_id in places],
        }

    def _place(self, node_id: int) -> dict[str, Any]:
        """Return a place; only cameras have `cameras` and `recordings`."""
        node = self._inventory.tree.node(node_id)
        parent = self._inventory.tree.parent(node_id)
        camera = self._inventory.cameras.get(node_id)
        device = self._devices.get(node_id)
        entries = self._entries.get(node_id, {})
        entities = _enabled(entries)
        counts = self._counts(node_id, entries)
        statistics = self._data.history.statistics(node_id)
        names = (device and device.name_by_user, camera and camera.name)
        place: dict[str, Any] = {
            "node_id": node_id,
            "parent_node_id": parent.node_id if parent else None,
            "type": node.type if node else NodeType.CAMERA,
            "name": next(filter(None, names), node.name if node else ""),
            "area_id": device.area_id if device else None,
            "device_id": device.id if device else None,
            "entities": entities,
            "counts": sorted(counts),
            "statistics": {
                metric: statistic_id
                for metric, statistic_id in statistics.items()
                if metric in counts
            },
        }
        if camera is not None:
            place["cameras"] = _cameras(entities)
            if place["cameras"]:
                item = str(CameraDays(self._entry.entry_id, node_id))
                place["recordings"] = generate_media_source_id(DOMAIN, item)
        return place

    def _counts(self, node_id: int, entries: Collection[str]) -> set[str]:
        """Return the metrics that a node has data for and that the user may read."""
        base = self._data.kpi.metrics(node_id)
        made = self._made.get(node_id, frozenset())
        reads_kpis = not SENSORS.keys().isdisjoint(entries)
        return {
            description.key
            for description in METRICS
            if base.issuperset(needs(description))
            and (
                not (keys := _keys(description)).isdisjoint(entries)
                # A metric without a sensor is shown to those who see other metrics.
                or (reads_kpis and keys.isdisjoint(made))
            )
        }


def _readable_entries(
    hass: HomeAssistant, entry: NetrexConfigEntry, may_read: Callable[[str], bool]
) -> _Entries:
    """Return the entries that a user may read, including disabled ones."""
    entries: dict[int | None, dict[str, er.RegistryEntry]] = defaultdict(dict)
    for found in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        if may_read(found.entity_id):
            node_id, key = split_unique_id(entry, found.unique_id)
            entries[node_id][key] = found
    return entries


def _reader(user: User) -> Callable[[str], bool]:
    if user.permissions.access_all_entities(POLICY_READ):
        return lambda _: True
    return lambda entity_id: user.permissions.check_entity(entity_id, POLICY_READ)


def _enabled(entries: Mapping[str, er.RegistryEntry]) -> dict[str, str]:
    """Return the entity ids by key, except disabled, hidden, and config entities."""
    return {
        key: found.entity_id
        for key, found in entries.items()
        if not (found.disabled or found.hidden)
        and found.entity_category is not EntityCategory.CONFIG
    }


def _cameras(entities: Mapping[str, str]) -> list[str]:
    """Return the camera entities: the camera's own first, then its channels."""
    keys = (
        key
        for key, entity_id in entities.items()
        if split_entity_id(entity_id)[0] == CAMERA_DOMAIN
    )
    return [entities[key] for key in sorted(keys, key=lambda key: (len(key), key))]


def _keys(description: MetricDescription) -> set[str]:
    """Return the keys of a metric's sensors."""
    return {sensor_key(description, window) for window in windows(description)}
