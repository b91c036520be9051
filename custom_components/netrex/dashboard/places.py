"""The places of the accounts, as sent to the frontend.

A place is a node of the portal's tree that has entities or is above such a node. Users
get the entities that they may read, and nothing about places without such entities.
"""

from collections.abc import Collection, Mapping
from typing import Any

from homeassistant.auth.models import User
from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.components.media_source import generate_media_source_id
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback, split_entity_id
from homeassistant.helpers import entity_registry as er

from ..client import NodeType
from ..const import DOMAIN
from ..devices import async_node_devices
from ..kpi.metrics import METRICS, needs
from ..kpi.selection import is_readable
from ..media.identifiers import CameraDays
from ..models import NetrexConfigEntry
from ..permissions import permitted_entries


@callback
def describe_accounts(hass: HomeAssistant, user: User) -> list[dict[str, Any]]:
    """Return the loaded accounts of which a user may read something."""
    accounts = (
        _Account(hass, entry, user)
        for entry in hass.config_entries.async_loaded_entries(DOMAIN)
    )
    return [account.describe() for account in accounts if account.is_readable]


class _Account:
    """The parts of an account that a user may read."""

    def __init__(
        self, hass: HomeAssistant, entry: NetrexConfigEntry, user: User
    ) -> None:
        self._entry = entry
        self._data = entry.runtime_data
        self._inventory = entry.runtime_data.inventory.data
        self._entries = permitted_entries(hass, entry, user)
        self._made = permitted_entries(hass, entry, None)
        self._devices = async_node_devices(hass, entry)

    @property
    def is_readable(self) -> bool:
        """Return whether the user may read an entity of the account."""
        return bool(self._entries)

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
        made = self._made.get(node_id, {})
        return {
            description.key
            for description in METRICS
            if base.issuperset(needs(description))
            and is_readable(description, entries, made)
        }


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
