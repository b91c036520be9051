"""When to ask the portal for the tree and the cameras' states."""

from abc import abstractmethod
import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
import time
from typing import Any, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from .client import (
    Camera,
    CameraStatus,
    Inventory,
    NetrexClient,
    NetrexConnectionError,
    NetrexRateLimitedError,
    NetrexResponseError,
    Schema,
    Tree,
)
from .client.values import as_float, as_mapping
from .const import LOGGER
from .devices import async_known_nodes, async_remove_node
from .errors import update_errors
from .models import NetrexConfigEntry
from .store import NetrexStore

# How long the event loop may be kept from others, seconds.
SLICE = 0.01


class NetrexCoordinator[DataT](DataUpdateCoordinator[DataT]):
    """A coordinator that asks the portal.

    When the portal or the ledger refuses a request, the last data stay: they are
    old, not wrong, and the pacer alone decides when to ask again.
    """

    config_entry: NetrexConfigEntry
    # Set by each class.
    name: str
    interval: timedelta

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        client: NetrexClient,
        debouncer: Debouncer[Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=type(self).name,
            update_interval=self.interval,
            request_refresh_debouncer=debouncer,
            always_update=False,
        )
        self.client = client

    @override
    async def _async_update_data(self) -> DataT:
        """Fetch, with errors in Home Assistant's terms."""
        with update_errors():
            try:
                return await self._async_fetch()
            except NetrexRateLimitedError:
                if self.data is None:
                    raise
                return self.data
            except NetrexConnectionError:
                # The account was unloaded under a request: no trouble to tell of.
                if not self._shutdown_requested:
                    raise
                return self.data
            finally:
                self.update_interval = self._next_interval()

    @abstractmethod
    async def _async_fetch(self) -> DataT:
        """Ask the portal; errors are those of the client."""

    def _next_interval(self) -> timedelta:
        """Return the time to the next refresh, longer as the allowance shrinks."""
        return self.interval * self.client.pacer.ledger.stretch


class SlicedCoordinator[DataT](NetrexCoordinator[DataT]):
    """A coordinator whose thousands of entities must not hold up the event loop."""

    _updating: asyncio.Task[None] | None = None

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Tell the entities in slices; what is still under way begins anew."""
        if self._updating is not None:
            self._updating.cancel()
        self._updating = self.config_entry.async_create_task(
            self.hass, self._async_update_listeners(), f"{self.name} listeners"
        )

    async def _async_update_listeners(self) -> None:
        began = time.perf_counter()
        for remove, (update, _) in list(self._listeners.items()):
            if remove in self._listeners:
                update()
            if time.perf_counter() - began > SLICE:
                await asyncio.sleep(0)
                began = time.perf_counter()


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

    def serial_number(self, node_id: int) -> str:
        """Return a camera's serial number; empty if the portal reports none."""
        camera = self.cameras.get(node_id)
        return (camera and camera.serial_number) or ""


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


class StatusCoordinator(NetrexCoordinator[dict[int, CameraStatus]]):
    """Reads every camera's connection state.

    90 s keep a state younger than two minutes and cost 960 of the day's queries.
    """

    name = "status"
    interval = timedelta(seconds=90)

    @override
    async def _async_fetch(self) -> dict[int, CameraStatus]:
        return await self.client.camera_statuses()

    def is_online(self, node_id: int) -> bool:
        """Whether the portal lists a camera and does not report it as disconnected."""
        status = self.data.get(node_id)
        return status is not None and status.is_connected is not False

    @callback
    def async_seed(self, cameras: Iterable[Camera]) -> None:
        """Start with the states that came with the inventory, saving a query."""
        self.async_set_updated_data(
            {
                camera.node_id: CameraStatus(camera.is_connected, camera.source_ip)
                for camera in cameras
            }
        )
