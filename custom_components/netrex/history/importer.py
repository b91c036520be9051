"""Imports the portal's hourly values into the recorder, at the lowest priority."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import batched
from typing import Any

from homeassistant.components.recorder import DOMAIN as RECORDER_DOMAIN, get_instance
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..client import (
    MAX_SERIES_PER_QUERY,
    Granularity,
    Lane,
    Metric,
    NetrexAuthError,
    NetrexClient,
    NetrexError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexQueryError,
    NetrexRateLimitedError,
    NetrexResponseError,
    SeriesRequest,
    SeriesValue,
)
from ..client.days import DAY, HOUR, Span
from ..const import CONF_HISTORY_DAYS, DEFAULT_HISTORY_DAYS, LOGGER
from ..coordinator import InventoryCoordinator
from ..kpi import BASE, RATIOS, SeriesKey, needs
from ..kpi.coordinator import KpiCoordinator
from ..kpi.probe import RANK
from ..models import NetrexConfigEntry
from ..store import NetrexStore
from .plan import YEAR, Block, Coverage, Plan, Progress, newest_hour
from .rows import Hours
from .statistics import NodeStatistics

CHECK_INTERVAL = timedelta(minutes=15)
# Delay after a failure.
RETRY_SECONDS = 900
# A portal that cannot return a year of hours at once may return fewer (seconds).
SHORTEST_SPAN = 30 * DAY
# Delay after the portal has refused all remaining series.
REFUSED_RETRY_SECONDS = 6 * HOUR
REFUSALS = (NetrexNotFoundError, NetrexPermissionError, NetrexQueryError)
METRICS: dict[str, Metric] = {row.key: row.metric for row in BASE if row.metric}


class HistoryImporter:
    """Imports the account's long-term statistics.

    The import is a background task of the entry, so unloading cancels it immediately.
    It finishes when nothing is due. Coverage is stored only after the recorder has
    written the rows, so killing Home Assistant costs one query but loses no hours.
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
        self._client = client
        self._store = store
        self._inventory = inventory
        self._kpi = kpi
        self._statistics = NodeStatistics(hass, entry.data[CONF_HOST])
        self._plan = Plan(entry.options.get(CONF_HISTORY_DAYS, DEFAULT_HISTORY_DAYS))
        self._coverages = {
            key: Coverage.from_list(stored)
            for text, stored in store.data.get("history", {}).items()
            if (key := SeriesKey.parse(text)).metric in METRICS
        }
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._stopped = False
        self._not_before = 0.0
        self.last_error: NetrexError | None = None

    @property
    def available(self) -> bool:
        """Whether Home Assistant runs a recorder."""
        return RECORDER_DOMAIN in self._hass.config.components

    @property
    def progress(self) -> Progress | None:
        """The progress of the import; None if it is disabled."""
        if not self.enabled:
            return None
        return self._plan.progress(
            self.series(), self._coverages, dt_util.utcnow().timestamp()
        )

    @property
    def enabled(self) -> bool:
        """Whether the options enable history and there is a recorder."""
        return self.available and self._plan.days > 0

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
        coverage = self._coverages.get(series) if self.enabled else None
        return Span(coverage.start, coverage.end) if coverage else None

    @callback
    def async_start(self) -> None:
        """Import now, and again whenever something is due."""
        if not self.enabled:
            return
        self._entry.async_on_unload(
            async_track_time_interval(
                self._hass, self.async_check, CHECK_INTERVAL, cancel_on_shutdown=True
            )
        )
        # The probe finds nodes gradually.
        self._entry.async_on_unload(self._kpi.async_add_listener(self.async_check))
        self.async_check()

    @callback
    def async_check(self, _: object = None) -> None:
        """Start the background task if something is due."""
        now = dt_util.utcnow().timestamp()
        is_running = self._task is not None and not self._task.done()
        if self._stopped or is_running or now < self._not_before:
            return
        if self._plan.blocks(self.series(), self._coverages, now):
            self._task = self._entry.async_create_background_task(
                self._hass, self._async_run(), "netrex history"
            )

    async def async_stop(self) -> None:
        """Cancel the background task without storing anything else."""
        self._stopped = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def async_import(self, series: Sequence[SeriesKey], start: int) -> int:
        """Read the series again from the unix time `start`; return the rows written.

        Used by the action, because corrections may be older than the daily overlap.

        Raises:
            NetrexError: A query failed. Values read before it have been written.
        """
        now = dt_util.utcnow().timestamp()
        newest = newest_hour(now)
        blocks = [
            Block(key, first, min(first + YEAR, newest))
            for first in range(start // HOUR * HOUR, newest, YEAR)
            for key in series
        ]
        written = 0
        async with self._lock:
            # First, because writing would recreate a deleted statistic with only this
            # part.
            await self._async_verify()
            for batch in batched(blocks, MAX_SERIES_PER_QUERY, strict=False):
                written += await self._async_batch(batch, Lane.COMMAND, now)
        return written

    async def _async_run(self) -> None:
        """Import until nothing is due or a query fails."""
        try:
            await self._async_verify()
            while await self._async_round():
                pass
        except NetrexAuthError as err:
            self._pause(err, None)
            self._entry.runtime_data.status.async_check_token()
        except NetrexRateLimitedError as err:
            self._pause(err, err.retry_after)
        except NetrexError as err:
            if isinstance(err, NetrexResponseError):
                self._plan.span = max(self._plan.span // 4, SHORTEST_SPAN)
            self._pause(err, None)

    def _pause(self, err: NetrexError, seconds: float | None) -> None:
        """Prevent the next start until this time has passed."""
        self.last_error = err
        self._not_before = dt_util.utcnow().timestamp() + (seconds or RETRY_SECONDS)
        LOGGER.debug("Could not import history, retrying later: %s", err)

    async def _async_verify(self) -> None:
        """Discard the coverage of statistics that the recorder no longer has.

        Statistics may disappear while Home Assistant runs: users clear them, and the
        recorder creates a new database if its own is damaged.
        """
        await get_instance(self._hass).async_recorder_ready.wait()
        covered = {key for key, coverage in self._coverages.items() if coverage.any}
        for key in covered - await self._statistics.async_known(covered):
            del self._coverages[key]

    async def _async_round(self) -> bool:
        """Request a block of each incomplete series; return whether to continue."""
        now = dt_util.utcnow().timestamp()
        self.last_error = None
        blocks = self._plan.blocks(self.series(), self._coverages, now)
        for batch in batched(blocks, MAX_SERIES_PER_QUERY, strict=False):
            try:
                async with self._lock:
                    await self._async_batch(batch, Lane.BACKFILL, now)
            except REFUSALS as err:
                # Only the series of this batch are refused.
                self.last_error = err
        left = self._plan.blocks(self.series(), self._coverages, now)
        if left == blocks:
            # The portal refused all series, and each retry costs a query.
            self._not_before = now + REFUSED_RETRY_SECONDS
            return False
        return bool(left)

    async def _async_batch(self, batch: Sequence[Block], lane: Lane, now: float) -> int:
        """Request blocks in one query, write the values and store the coverage.

        `now` is the time for which the blocks were planned. Returns the number of
        rows written.
        """
        requests = {
            SeriesRequest(
                block.series.node_id,
                METRICS[block.series.metric],
                block.start,
                block.end,
                Granularity.H,
            ): block
            for block in batch
        }
        answers = await self._client.kpi_series(list(requests), lane=lane)
        nodes: dict[int, dict[Block, Hours]] = {}
        for request, values in answers.items():
            block = requests[request]
            nodes.setdefault(request.node_id, {})[block] = _hours(values, block)
        written = 0
        for node_id, blocks in nodes.items():
            node = self._inventory.data.tree.node(node_id)
            arrived = {block.series.metric: hours for block, hours in blocks.items()}
            rows, is_stored = await self._statistics.async_write(
                node_id, node.name if node else str(node_id), arrived
            )
            written += rows
            if is_stored and not self._stopped:
                for block, hours in blocks.items():
                    self._cover(block, int(now), found=bool(hours))
        return written

    def _cover(self, block: Block, now: int, *, found: bool) -> None:
        """Record that a block is in the recorder if it touches the coverage."""
        coverage = self._coverages.get(block.series)
        if coverage is None:
            if block.end < newest_hour(now):
                return
            coverage = Coverage(block.start, block.end, now, found)
        elif block.start <= coverage.end and coverage.start <= block.end:
            coverage = coverage.joined(block, now, found=found)
        self._coverages[block.series] = coverage
        stored: dict[str, list[Any]] = self._store.data.setdefault("history", {})
        stored[str(block.series)] = coverage.as_list()
        self._store.async_changed()


def _hours(values: Sequence[SeriesValue], block: Block) -> Hours:
    """Return the values of a block's hours.

    A series may cover more time than requested, and the recorder takes only whole hours
    in unix time. An hour without a value remains a gap: it is not a zero and does not
    delete a known value.
    """
    return {
        value.start: value.value
        for value in values
        if value.value is not None
        and value.start % HOUR == 0
        and value.end - value.start == HOUR
        and block.start <= value.start < block.end
    }
