"""Imports the portal's hourly values into the recorder, at the lowest priority."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import batched

from homeassistant.components.recorder import DOMAIN as RECORDER_DOMAIN
from homeassistant.const import CONF_HOST
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..client import (
    MAX_SERIES_PER_QUERY,
    Lane,
    NetrexAuthError,
    NetrexClient,
    NetrexConnectionError,
    NetrexError,
    NetrexRateLimitedError,
    NetrexResponseError,
)
from ..client.days import DAY, Span, not_in_future
from ..const import CONF_HISTORY_DAYS, DEFAULT_HISTORY_DAYS, LOGGER
from ..coordinator import InventoryCoordinator
from ..devices import device_node_id
from ..kpi import RATIOS, SeriesKey, needs
from ..kpi.coordinator import KpiCoordinator
from ..kpi.probe import RANK
from ..models import NetrexConfigEntry
from ..store import NetrexStore
from .names import unique_names
from .plan import Block, Progress
from .reader import METRICS, BlockReader
from .state import ImportState
from .statistics import NodeStatistics
from .writer import NotWrittenError

CHECK_INTERVAL = timedelta(minutes=15)
# Delay after a failure.
RETRY_SECONDS = 900
# A portal that cannot compute a year of hours at once may compute a month. Shorter
# blocks would not help against an outage.
SHORTEST_UNUSABLE = 30 * DAY
# A single lost answer says nothing about the length of the blocks.
MISSES_BEFORE_SHORTER = 3


class HistoryImporter:
    """Imports the account's long-term statistics.

    The import is a background task of the entry, so unloading cancels it immediately.
    It finishes when nothing is due. Coverage is stored only after the recorder has
    written the rows, so killing Home Assistant costs one query but loses no hours.

    Attributes:
        state: What is known about each series.
        last_error: Why the last import is incomplete, if it is.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        *,
        client: NetrexClient,
        store: NetrexStore,
        inventory: InventoryCoordinator,
        kpi: KpiCoordinator,
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._inventory = inventory
        self._kpi = kpi
        self._statistics = NodeStatistics(hass, entry.data[CONF_HOST])
        days = entry.options.get(CONF_HISTORY_DAYS, DEFAULT_HISTORY_DAYS)
        self.state = ImportState(store, days)
        self.reader = BlockReader(client, self._statistics, self.state, self._names)
        self.last_error: NetrexError | NotWrittenError | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopped = False
        self._paused_at = self._pause_seconds = 0.0
        self._misses = 0
        self._has_reported = False
        self._named: dict[int, str] = {}
        self._is_renamed = True

    @property
    def available(self) -> bool:
        """Whether Home Assistant runs a recorder."""
        return RECORDER_DOMAIN in self._hass.config.components

    @property
    def progress(self) -> Progress | None:
        """The progress of the import; None if it is disabled."""
        if not self.enabled:
            return None
        return self.state.progress(self.series(), dt_util.utcnow().timestamp())

    @property
    def enabled(self) -> bool:
        """Whether the options enable history and there is a recorder."""
        return self.available and self.state.plan.days > 0

    def series(self) -> list[SeriesKey]:
        """Return the base metrics that have data, locations first."""
        tree = self._inventory.data.tree
        nodes = [node for node_id in self._kpi.nodes if (node := tree.node(node_id))]
        nodes.sort(key=lambda node: (RANK.get(node.type, len(RANK)), node.node_id))
        return [
            SeriesKey(node.node_id, metric)
            for node in nodes
            for metric in METRICS
            if metric in self._kpi.metrics(node.node_id)
        ]

    def statistics(self, node_id: int) -> dict[str, str]:
        """Return the ids of a node's statistics by metric; empty without history.

        A statistic exists once its first part has been imported.
        """
        if not (self.enabled and self._kpi.wants(node_id)):
            return {}
        base = self._kpi.metrics(node_id) & METRICS.keys()
        ratios = [row.key for row in RATIOS if base.issuperset(needs(row))]
        return {
            key: self._statistics.statistic_id(node_id, key)
            for key in (*sorted(base), *ratios)
        }

    def covered(self, series: SeriesKey) -> Span | None:
        """Return the hours of a series that are in the recorder, if any."""
        coverage = self.state.coverages.get(series) if self.enabled else None
        return Span(coverage.start, coverage.end) if coverage else None

    @callback
    def async_start(self) -> None:
        """Import now, and again whenever something is due."""
        if not self.enabled:
            return
        for remove in (
            async_track_time_interval(
                self._hass, self.async_check, CHECK_INTERVAL, cancel_on_shutdown=True
            ),
            # The probe finds nodes gradually.
            self._kpi.async_add_listener(self.async_check),
            self._inventory.async_add_listener(self.async_check),
            self._hass.bus.async_listen(
                dr.EVENT_DEVICE_REGISTRY_UPDATED, self._async_device_updated
            ),
        ):
            self._entry.async_on_unload(remove)
        if self.state.coverages:
            # Even if nothing is due: the database may be older than the coverage.
            self._async_run_in_background()
        self.async_check()

    @callback
    def async_check(self, _: object = None) -> None:
        """Start the background task if something is due."""
        now = dt_util.utcnow().timestamp()
        is_due = not self._is_paused() and self.state.blocks(self.series(), now)
        if is_due or self._names() != self._named:
            self._async_run_in_background()

    def _is_paused(self) -> bool:
        """Return whether the delay after a failure has not passed."""
        now = dt_util.utcnow().timestamp()
        self._paused_at = not_in_future(self._paused_at, now)
        return now < self._paused_at + self._pause_seconds

    @callback
    def _async_device_updated(
        self, event: Event[dr.EventDeviceRegistryUpdatedData]
    ) -> None:
        """Follow a name that the user gave to a device."""
        if event.data["action"] == "update" and "name_by_user" in event.data["changes"]:
            self.async_check()

    @callback
    def _async_run_in_background(self) -> None:
        is_running = self._task is not None and not self._task.done()
        if not (self._stopped or is_running):
            self._task = self._entry.async_create_background_task(
                self._hass, self._async_run(), "netrex history"
            )

    async def async_stop(self) -> None:
        """Cancel the background task without storing anything else."""
        self._stopped = self.reader.stopped = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _async_run(self) -> None:
        """Import until nothing is due or a query fails."""
        try:
            await self.async_verify()
            await self._async_rename()
            if self._is_paused():
                return
            while await self._async_round():
                pass
        except NetrexAuthError as err:
            self._pause(err, None)
            self._entry.runtime_data.status.async_check_token()
        except NetrexRateLimitedError as err:
            self._pause(err, err.retry_after)
        except (NetrexError, NotWrittenError) as err:
            self._pause(err, None)
        else:
            self._report_refused()

    def _pause(self, err: NetrexError | NotWrittenError, seconds: float | None) -> None:
        """Prevent the next start until this time has passed."""
        self.last_error = err
        self._paused_at = dt_util.utcnow().timestamp()
        self._pause_seconds = seconds or RETRY_SECONDS
        LOGGER.debug("Could not import history, retrying later: %s", err)

    def _report_refused(self) -> None:
        """Log once that the portal refuses series, until it returns all of them."""
        reasons = self.state.refused.by_reason()
        if reasons and not self._has_reported:
            LOGGER.warning(
                "The portal refuses the history of %d series (%s); they are requested"
                " again later: %s",
                reasons.total(),
                ", ".join(sorted(reasons)),
                self.last_error,
            )
        elif not reasons:
            self.last_error = None
        self._has_reported = bool(reasons)

    async def async_verify(self) -> None:
        """Discard the coverage of hours that the recorder does not have.

        Statistics may disappear while Home Assistant runs: users clear them, and the
        recorder creates a new database if its own is damaged. A database that was
        restored from a backup lacks the newest hours, and maybe the oldest.

        Raises:
            NotWrittenError: The recorder is not ready.
        """
        self.state.limit(await self._statistics.async_stored(self.state.coverages))

    async def _async_rename(self) -> None:
        """Give the statistics the present names of the nodes."""
        names = self._names()
        if names != self._named or not self._is_renamed:
            self._named, self._is_renamed = names, False
            await self._statistics.async_rename(names)
            self._is_renamed = True

    def _names(self) -> dict[int, str]:
        """Return the names of the nodes with KPIs, as the devices have them."""
        inventory = self._inventory.data
        own = {node_id: camera.name for node_id, camera in inventory.cameras.items()}
        devices = dr.async_entries_for_config_entry(
            dr.async_get(self._hass), self._entry.entry_id
        )
        own |= {
            node_id: device.name_by_user
            for device in devices
            if device.name_by_user
            and (node_id := device_node_id(self._entry, device)) is not None
        }
        return unique_names(self._kpi.nodes, inventory.tree, own)

    async def _async_round(self) -> bool:
        """Request a block of each incomplete series; return whether to continue."""
        now = dt_util.utcnow().timestamp()
        series = self.series()
        if self._inventory.data.inventory.complete:
            self.state.retain(series)
        blocks = self.state.blocks(series, now)
        for batch in batched(blocks, MAX_SERIES_PER_QUERY, strict=False):
            try:
                result = await self.reader.async_read(batch, Lane.BACKFILL, now)
            except (NetrexConnectionError, NetrexResponseError) as err:
                self._shorten_unusable(batch, err)
                raise
            self._misses = 0
            for block, error in result.refused.items():
                # Only this series is refused.
                self.last_error = error
                self.state.refuse(block, error)
        # The search may have found more series meanwhile.
        return bool(self.state.blocks(self.series(), now))

    def _shorten_unusable(self, batch: Sequence[Block], err: NetrexError) -> None:
        """Use shorter blocks for series whose answers are unusable, or often missing.

        The portal may be unable to compute a whole year before a timeout.
        """
        self._misses += 1
        if isinstance(err, NetrexResponseError) or self._misses > MISSES_BEFORE_SHORTER:
            for block in batch:
                self.state.shorten(block, SHORTEST_UNUSABLE)
