"""The account's tree of nodes and its cameras, every half hour."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import override

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..client import Camera, Inventory, NetrexClient, NetrexResponseError, Schema, Tree
from ..client.values import as_float, as_mapping
from ..const import LOGGER
from ..devices import async_known_nodes, async_remove_node
from ..models import NetrexConfigEntry
from ..store import NetrexStore
from .base import NetrexCoordinator

# Reads in a row without a node before its device is removed. Integrations that
# removed it at the first one deleted devices in use (home-assistant/core #113254).
READS_UNTIL_GONE = 3
SCHEMA_LIFE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class InventoryData:
    """What the portal shows of the account."""

    inventory: Inventory
    tree: Tree = field(compare=False)
    cameras: Mapping[int, Camera] = field(compare=False)

    @classmethod
    def build(cls, inventory: Inventory) -> InventoryData:
        """Index an answer."""
        return cls(
            inventory,
            Tree(inventory.nodes),
            {camera.node_id: camera for camera in inventory.cameras},
        )

    def __contains__(self, node_id: int) -> bool:
        """Whether the portal shows this node."""
        return node_id in self.cameras or self.tree.node(node_id) is not None


class InventoryCoordinator(NetrexCoordinator[InventoryData]):
    """Reads the tree, and forgets a node only when it stays away."""

    name = "inventory"
    interval = timedelta(minutes=30)

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        client: NetrexClient,
        store: NetrexStore,
    ) -> None:
        """Start with nothing missing, and the schema that was learned last."""
        super().__init__(hass, entry, client)
        self._store = store
        client.schema = Schema.from_dict(self._stored_schema.get("types"))
        self._reads_without: Counter[int] = Counter()

    @override
    async def _async_fetch(self) -> InventoryData:
        await self._async_learn_schema()
        data = InventoryData.build(await self.client.inventory())
        self._async_forget_vanished(data)
        return data

    async def _async_learn_schema(self) -> None:
        """Ask what the portal can do, once a week (decision D5)."""
        now = dt_util.utcnow().timestamp()
        learned = as_float(self._stored_schema.get("learned"))
        if learned is not None and 0 <= now - learned < SCHEMA_LIFE.total_seconds():
            return
        try:
            self.client.schema = await self.client.fetch_schema()
        except NetrexResponseError as err:
            # What was learned before stays good; the next read asks again. To go on
            # with the documented part would cost a week of encrypted transports.
            LOGGER.debug("The portal's schema could not be read: %s", err)
            return
        self._store.data["schema"] = {
            "learned": now,
            "types": self.client.schema.as_dict(),
        }
        self._store.async_changed()

    @property
    def _stored_schema(self) -> Mapping[str, object]:
        """What was learned last; empty if nothing was, or the file is damaged."""
        return as_mapping(self._store.data.get("schema"))

    @callback
    def _async_forget_vanished(self, data: InventoryData) -> None:
        """Remove the devices of nodes that several reads in a row did not show.

        Half an answer does not count, and one without any camera is not believed: a
        portal in trouble must not delete the user's devices.
        """
        if not (data.inventory.complete and data.cameras):
            return
        known = async_known_nodes(self.hass, self.config_entry)
        self._reads_without = Counter(
            {
                node_id: self._reads_without[node_id] + 1
                for node_id in known
                if node_id not in data
            }
        )
        for node_id, reads in self._reads_without.items():
            if reads >= READS_UNTIL_GONE:
                async_remove_node(self.hass, self.config_entry, node_id)
