"""Brings the portal's hours into the recorder, in the gaps between other requests."""

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
from ..const import CONF_HISTORY_DAYS, DEFAULT_HISTORY_DAYS, LOGGER
from ..coordinator import InventoryCoordinator
from ..kpi.coordinator import KpiCoordinator
from ..kpi.metrics import BASE
from ..kpi.probe import RANK
from ..models import NetrexConfigEntry
from ..store import NetrexStore
from .plan import DAY, HOUR, YEAR, Block, Coverage, Plan, Progress, Series, newest_hour
from .rows import Hours
from .statistics import NodeStatistics

LOOK_INTERVAL = timedelta(minutes=15)
# Seconds after a failure.
PAUSE = 900
# A portal that cannot give a year of hours at once may give less.
SHORTEST_SPAN = 30 * DAY
# Seconds until series that the portal refused are asked for again.
STUBBORN = 6 * HOUR
REFUSALS = (NetrexNotFoundError, NetrexPermissionError, NetrexQueryError)
METRICS: dict[str, Metric] = {row.key: row.metric for row in BASE if row.metric}


class HistoryImporter:
    """Keeps the account's long-term statistics.

    Runs as a background task of the entry that ends when nothing is due, so an
    unload ends it at once. What is covered is stored only after the recorder has
    written it, so whoever kills Home Assistant loses a query and no hour.
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
        self._coverages: dict[Series, Coverage] = {}
        for key, stored in store.data.get("history", {}).items():
            node_id, _, metric = key.partition("_")
            if metric in METRICS:
                self._coverages[Series(int(node_id), metric)] = Coverage.from_list(
                    stored
                )
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._stopped = False
        self._not_before = 0.0
        self.last_error: NetrexError | None = None

    @property
    def available(self) -> bool:
        """Whether there is a recorder to write to."""
        return RECORDER_DOMAIN in self._hass.config.components

    @property
    def progress(self) -> Progress | None:
        """How much of the wished history is there; None if none is wished for."""
        if not self.enabled:
            return None
        return self._plan.progress(
            self.series(), self._coverages, dt_util.utcnow().timestamp()
        )

    @property
    def enabled(self) -> bool:
        """Whether history is wished for, and there is where to write it to."""
        return self.available and self._plan.days > 0

    def series(self) -> list[Series]:
        """Return the base metrics that have data, the most interesting nodes first."""
        tree = self._inventory.data.tree
        nodes = [node for node_id in self._kpi.nodes if (node := tree.node(node_id))]
        nodes.sort(key=lambda node: (RANK.get(node.type, len(RANK)), node.node_id))
        return [
            Series(node.node_id, key)
            for node in nodes
            for key in METRICS
            if key in self._kpi.metrics(node.node_id)
        ]

    @callback
    def async_start(self) -> None:
        """Import now and whenever something is due."""
        if not self.enabled:
            return
        self._entry.async_on_unload(
            async_track_time_interval(
                self._hass, self.async_look, LOOK_INTERVAL, cancel_on_shutdown=True
            )
        )
        # The probe finds nodes one after the other.
        self._entry.async_on_unload(self._kpi.async_add_listener(self.async_look))
        self.async_look()

    @callback
    def async_look(self, _: object = None) -> None:
        """Start the background task if something is due."""
        now = dt_util.utcnow().timestamp()
        busy = self._task is not None and not self._task.done()
        if self._stopped or busy or now < self._not_before:
            return
        if self._plan.blocks(self.series(), self._coverages, now):
            self._task = self._entry.async_create_background_task(
                self._hass, self._async_run(), "netrex history"
            )

    async def async_stop(self) -> None:
        """End the background task and remember nothing more."""
        self._stopped = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def async_import(self, series: Sequence[Series], start: int) -> int:
        """Read the series from `start` on again; return the hours written.

        For the action: corrections that are older than the daily overlap. Raises
        NetrexError as the client does; what was read before counts.
        """
        now = dt_util.utcnow().timestamp()
        newest = newest_hour(now)
        blocks = [
            Block(one, begin, min(begin + YEAR, newest))
            for begin in range(start // HOUR * HOUR, newest, YEAR)
            for one in series
        ]
        written = 0
        async with self._lock:
            # Before a lost statistic is there again, but for a part only.
            await self._async_verify()
            for batch in batched(blocks, MAX_SERIES_PER_QUERY, strict=False):
                written += await self._async_batch(batch, Lane.COMMAND, now)
        return written

    async def _async_run(self) -> None:
        """Import until nothing is due, or until something is in the way."""
        try:
            await self._async_verify()
            while await self._async_round():
                pass
        except NetrexAuthError as err:
            self._pause(err, None)
            self._entry.async_start_reauth(self._hass)
        except NetrexRateLimitedError as err:
            self._pause(err, err.retry_after)
        except NetrexError as err:
            if isinstance(err, NetrexResponseError):
                self._plan.span = max(self._plan.span // 4, SHORTEST_SPAN)
            self._pause(err, None)

    def _pause(self, err: NetrexError, seconds: float | None) -> None:
        """Go on later; the next look is the next occasion."""
        self.last_error = err
        self._not_before = dt_util.utcnow().timestamp() + (seconds or PAUSE)
        LOGGER.debug("The import of history pauses: %s", err)

    async def _async_verify(self) -> None:
        """Forget what is covered where the recorder's database has lost it.

        That happens while Home Assistant runs, too: people clear statistics, and the
        recorder begins a new database when its own is damaged.
        """
        await get_instance(self._hass).async_recorder_ready.wait()
        covered = [one for one, coverage in self._coverages.items() if coverage.any]
        known = await self._statistics.async_known(covered)
        for one in set(covered) - known:
            del self._coverages[one]

    async def _async_round(self) -> bool:
        """Ask for one block of each series that lacks hours; False if none does."""
        now = dt_util.utcnow().timestamp()
        self.last_error = None
        blocks = self._plan.blocks(self.series(), self._coverages, now)
        for batch in batched(blocks, MAX_SERIES_PER_QUERY, strict=False):
            try:
                async with self._lock:
                    await self._async_batch(batch, Lane.BACKFILL, now)
            except REFUSALS as err:
                # Of these series alone: the others go on.
                self.last_error = err
        left = self._plan.blocks(self.series(), self._coverages, now)
        if left == blocks:
            # The portal gives none of these; it costs a query to find out again.
            self._not_before = now + STUBBORN
            return False
        return bool(left)

    async def _async_batch(self, batch: Sequence[Block], lane: Lane, now: float) -> int:
        """Ask for some blocks by one query, write what came, remember it.

        `now` is when the blocks were made: they end at what was the newest hour then.
        """
        requests = {
            SeriesRequest(
                block.series.node_id,
                METRICS[block.series.key],
                block.start,
                block.end,
                Granularity.H,
            ): block
            for block in batch
        }
        answers = await self._client.kpi_series(list(requests), lane=lane)
        nodes: dict[int, dict[Block, Hours]] = {}
        for request, slots in answers.items():
            block = requests[request]
            nodes.setdefault(request.node_id, {})[block] = _hours(slots, block)
        written = 0
        for node_id, blocks in nodes.items():
            node = self._inventory.data.tree.node(node_id)
            arrived = {block.series.key: hours for block, hours in blocks.items()}
            rows, safe = await self._statistics.async_write(
                node_id, node.name if node else str(node_id), arrived
            )
            written += rows
            if safe and not self._stopped:
                for block, hours in blocks.items():
                    self._cover(block, int(now), found=bool(hours))
        return written

    def _cover(self, block: Block, now: int, *, found: bool) -> None:
        """Remember that a block is in the recorder, if it touches what is."""
        coverage = self._coverages.get(block.series)
        if coverage is None:
            if block.end < newest_hour(now):
                return
            coverage = Coverage(block.start, block.end, now, found)
        elif block.start <= coverage.end and coverage.start <= block.end:
            coverage = coverage.joined(block, now, found=found)
        self._coverages[block.series] = coverage
        stored: dict[str, list[Any]] = self._store.data.setdefault("history", {})
        stored[f"{block.series.node_id}_{block.series.key}"] = coverage.as_list()
        self._store.async_changed()


def _hours(slots: Sequence[SeriesValue], block: Block) -> Hours:
    """Return the hours that were asked for, by their start.

    A series may cover more time than asked for, and only whole hours of the unix
    clock fit the recorder. An hour without a value stays a gap: it is no zero, and
    takes nothing away that is known already.
    """
    return {
        slot.start: slot.value
        for slot in slots
        if slot.value is not None
        and slot.start % HOUR == 0
        and slot.end - slot.start == HOUR
        and block.start <= slot.start < block.end
    }
