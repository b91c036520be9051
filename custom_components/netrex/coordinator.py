"""Coordinators of the inventory and the camera states, and their base classes."""

from abc import abstractmethod
import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
import math
import time
from typing import Any, override

from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .client import (
    Camera,
    CameraStatus,
    Inventory,
    NetrexAuthError,
    NetrexClient,
    NetrexError,
    NetrexRateLimitedError,
    NetrexResponseError,
    Schema,
    Tree,
)
from .client.days import HOUR, is_fresh, not_in_future
from .client.values import as_float, as_mapping
from .const import DOMAIN, LOGGER
from .devices import async_known_nodes, async_remove_node
from .errors import error_arguments, update_errors
from .models import NetrexConfigEntry
from .naming import TreeNames
from .store import NetrexStore

# Longest time that listener updates may block the event loop at once.
SLICE_SECONDS = 0.01


# Time until the next attempt after the portal refused the token: each costs a query.
REFUSED_INTERVAL = timedelta(minutes=15)
# Time until refusals that give no reason concern the token.
UNEXPLAINED_SECONDS = 900.0
# The time of the event loop of the first one, by config entry id.
DATA_UNEXPLAINED: HassKey[dict[str, float]] = HassKey(f"{DOMAIN}_unexplained_refusals")


class NetrexCoordinator[DataT](DataUpdateCoordinator[DataT]):
    """A coordinator that queries the portal.

    Without an answer the last data are kept, and the request is repeated soon: a single
    lost answer does not mean that the account has a problem. A refresh fails when the
    data have become too old (decision 0026).
    """

    config_entry: NetrexConfigEntry
    # Seconds until a request without a usable answer is repeated, by misses.
    RETRIES: Sequence[int] = (5, 15, 45)

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        client: NetrexClient,
        *,
        name: str,
        interval: timedelta,
        debouncer: Debouncer[Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=name,
            update_interval=interval,
            request_refresh_debouncer=debouncer,
            always_update=False,
        )
        self.client = client
        self.interval = interval
        self._answered_at = dt_util.utcnow().timestamp()
        self._misses = 0
        self._last_error: NetrexError | None = None
        self._asked_for_reauth = False

    @override
    async def _async_update_data(self) -> DataT:
        """Fetch the data and translate errors for Home Assistant."""
        with update_errors():
            try:
                data = await self._async_fetch()
            except NetrexError as err:
                self._misses += 1
                self.update_interval = self._interval_after(err)
                before, self._last_error = self._last_error, err
                # Unloading the account interrupts requests, which is not a failure.
                if self.data is None or (
                    self._is_lasting(err, before) and not self._shutdown_requested
                ):
                    raise self._failure(err) from err
                LOGGER.debug("Keeping the last data of %s: %s", self.name, err)
                return self.data
            self._answered_at = dt_util.utcnow().timestamp()
            self._misses = 0
            self._last_error = None
            self._async_end_reauth()
            self.update_interval = self._next_interval()
            return data

    def _is_lasting(self, err: NetrexError, before: NetrexError | None) -> bool:
        """Return whether a refresh fails: the last data cannot be kept any longer.

        A single refusal of the token may be a mistake of a server in between.
        """
        if isinstance(err, NetrexAuthError) and err.explained:
            return isinstance(before, NetrexAuthError)
        return self._is_stale(err)

    def _failure(self, err: NetrexError) -> Exception:
        """Return the exception of a failed refresh; the next one is scheduled.

        Home Assistant's coordinator would stop after a refused token, but a portal that
        refuses all tokens for a while accepts them again later.
        """
        if not isinstance(err, NetrexAuthError):
            return err
        if not self._is_about_token(err):
            return UpdateFailed(**error_arguments(err))
        if self.data is None:
            return err
        self.update_interval = max(self._next_interval(), REFUSED_INTERVAL)
        entry = self.config_entry
        if not any(entry.async_get_active_flows(self.hass, {SOURCE_REAUTH})):
            self._asked_for_reauth = True
            entry.async_start_reauth(self.hass)
        return UpdateFailed(**error_arguments(err))

    def _is_about_token(self, err: NetrexAuthError) -> bool:
        """Return whether a refusal concerns the token, and not the portal's limit.

        A server in between may answer with HTTP status 401 alone when a limit is
        reached. So a refusal without a reason counts when the portal has accepted
        nothing for a while, which outlasts a failed setup.
        """
        if err.explained:
            return True
        since = self.hass.data.setdefault(DATA_UNEXPLAINED, {})
        now, entry_id = self.hass.loop.time(), self.config_entry.entry_id
        if since.setdefault(entry_id, now) < self.client.accepted_at:
            since[entry_id] = now
        return now - since[entry_id] >= UNEXPLAINED_SECONDS

    @callback
    def _async_end_reauth(self) -> None:
        """Withdraw the request to sign in: the portal accepts the token again."""
        if not self._asked_for_reauth:
            return
        self._asked_for_reauth = False
        entry = self.config_entry
        for flow in list(entry.async_get_active_flows(self.hass, {SOURCE_REAUTH})):
            self.hass.config_entries.flow.async_abort(flow["flow_id"])

    def _is_stale(self, err: NetrexError) -> bool:
        """Return whether the data are too old to be shown after another miss."""
        now = dt_util.utcnow().timestamp()
        self._answered_at = not_in_future(self._answered_at, now)
        # A single miss after the clock was set forward is not sufficient.
        return self._misses > 1 and now - self._answered_at >= self._stale_after(err)

    def _stale_after(self, err: NetrexError) -> float:
        """Return the age in seconds at which data without an answer are too old.

        That is the second refresh that is missed with all its repetitions. A reached
        limit lasts longer, and data read before that remain usable for an hour. A
        refusal without a reason may be such a limit.
        """
        two = 2 * self._next_interval().total_seconds()
        is_limit = isinstance(err, NetrexRateLimitedError) or not err.explained
        return max(two, HOUR) if is_limit else two

    def _interval_after(self, err: NetrexError) -> timedelta:
        """Return the time until the next refresh after a miss."""
        if isinstance(err, NetrexRateLimitedError) or self._misses > len(self.RETRIES):
            return self._next_interval()
        return timedelta(seconds=self.RETRIES[self._misses - 1])

    @abstractmethod
    async def _async_fetch(self) -> DataT:
        """Query the portal; raises the client's errors."""

    def _next_interval(self) -> timedelta:
        """Return the time until the next refresh, longer as the allowance shrinks."""
        return self.interval * self.client.pacer.ledger.stretch


class SlicedCoordinator[DataT](NetrexCoordinator[DataT]):
    """A coordinator whose thousands of entities must not block the event loop."""

    _updating: asyncio.Task[None] | None = None

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Update the entities in slices; a running update is restarted."""
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
            if time.perf_counter() - began > SLICE_SECONDS:
                await asyncio.sleep(0)
                began = time.perf_counter()


# Consecutive reads without a node until its device is removed. Integrations that
# removed devices after the first one deleted some in use (home-assistant/core #113254).
READS_UNTIL_GONE = 3
SCHEMA_LIFE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class InventoryData:
    """The nodes and cameras of the account."""

    inventory: Inventory
    tree: Tree = field(compare=False)
    cameras: Mapping[int, Camera] = field(compare=False)
    names: TreeNames = field(compare=False)

    @classmethod
    def build(cls, inventory: Inventory) -> InventoryData:
        """Index an inventory."""
        tree = Tree(inventory.nodes)
        cameras = {camera.node_id: camera for camera in inventory.cameras}
        return cls(inventory, tree, cameras, TreeNames(tree, cameras))

    def __contains__(self, node_id: int) -> bool:
        """Return whether the portal shows this node."""
        return node_id in self.cameras or self.tree.node(node_id) is not None

    def serial_number(self, node_id: int) -> str:
        """Return a camera's serial number; empty if the portal reports none."""
        camera = self.cameras.get(node_id)
        return (camera and camera.serial_number) or ""


class InventoryCoordinator(NetrexCoordinator[InventoryData]):
    """Reads the tree, and removes the devices of nodes that remain missing."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        client: NetrexClient,
        store: NetrexStore,
    ) -> None:
        super().__init__(
            hass, entry, client, name="inventory", interval=timedelta(minutes=30)
        )
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
        """Introspect the portal's schema once a week (decision 0022)."""
        now = dt_util.utcnow().timestamp()
        learned = as_float(self._stored_schema.get("learned"))
        lifetime = SCHEMA_LIFE.total_seconds()
        if learned is not None and is_fresh(learned, now, lifetime):
            return
        try:
            self.client.schema = await self.client.fetch_schema()
        except NetrexResponseError as err:
            # Keep the last schema; the next read tries again. Storing the documented
            # one would hide the encrypted transports for a week.
            LOGGER.debug("Could not read the portal's schema: %s", err)
            return
        self._store.data["schema"] = {
            "learned": now,
            "types": self.client.schema.as_dict(),
        }
        self._store.async_changed()

    @property
    def _stored_schema(self) -> Mapping[str, object]:
        """The last schema and its time; empty if there is none or it is damaged."""
        return as_mapping(self._store.data.get("schema"))

    @property
    def _has_camera_entities(self) -> bool:
        """Whether the account ever had a camera."""
        entries = er.async_entries_for_config_entry(
            er.async_get(self.hass), self.config_entry.entry_id
        )
        return any(found.domain == CAMERA_DOMAIN for found in entries)

    @callback
    def _async_forget_vanished(self, data: InventoryData) -> None:
        """Remove the devices of nodes that are missing from several consecutive reads.

        Incomplete inventories, and those without any camera although the account has
        camera entities, are ignored, so that a failing portal does not delete the
        user's devices.
        """
        if not data.inventory.complete or not (
            data.cameras or (data.tree.roots and not self._has_camera_entities)
        ):
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
    """Reads the connection states of all cameras.

    An interval of 90 seconds keeps them younger than two minutes and costs 960 queries
    per day.
    """

    def __init__(
        self, hass: HomeAssistant, entry: NetrexConfigEntry, client: NetrexClient
    ) -> None:
        super().__init__(
            hass, entry, client, name="status", interval=timedelta(seconds=90)
        )
        # The monotonic time from which the token may be checked again (seconds).
        self._check_due_at = -math.inf

    @callback
    def async_check_token(self) -> None:
        """Query the portal after it refused the token in another request.

        Only refusals of this query, too, ask the user to sign in: that one may concern
        a single node, or be a mistake of a server in between. As long as the requests
        are refused, one query per interval is sufficient.
        """
        now = self.hass.loop.time()
        if now < self._check_due_at:
            return
        self._check_due_at = now + self.interval.total_seconds()
        self.config_entry.async_create_background_task(
            self.hass, self.async_request_refresh(), "netrex token check"
        )

    @override
    async def _async_fetch(self) -> dict[int, CameraStatus]:
        return await self.client.camera_statuses()

    def is_online(self, node_id: int) -> bool:
        """Whether the portal lists a camera and does not report it as disconnected."""
        status = self.data.get(node_id)
        return status is not None and status.is_connected is not False

    @callback
    def async_seed(self, cameras: Iterable[Camera]) -> None:
        """Take the first states from the inventory, which saves a query."""
        self.async_set_updated_data(
            {
                camera.node_id: CameraStatus(camera.is_connected, camera.source_ip)
                for camera in cameras
            }
        )
