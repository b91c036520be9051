"""KPI coordinator: reads the series shortly after each quarter hour has settled."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, override

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.debounce import Debouncer
from homeassistant.util import dt as dt_util

from ..client import Lane, NetrexError, Tree
from ..client.days import HOUR, QUARTER, Span
from ..const import CONF_KPI_METRICS, CONF_KPI_NODES, LOGGER
from ..coordinator import InventoryCoordinator, SlicedCoordinator
from ..item_queries import ItemQueries
from ..models import NetrexConfigEntry
from ..store import NetrexStore
from .metrics import BASE, SeriesKey
from .places import is_chosen
from .planning import SettlingDelay, first_needed, spread
from .probe import CHOSEN_PROBE_INTERVAL, PROBE_INTERVAL, KpiProbe
from .quarters import Need, QuarterHours
from .ratios import RatioCheck
from .series import async_read_series, order_of
from .values import KpiKey, Reading, drift, key_value, known_until, need_of, series_of
from .windows import KpiData, Windows, window_spans

# Dozens of sensors are added at once; their requests are collected for this long.
DEBOUNCE_SECONDS = 2
RETRY_SECONDS = 180
# Retries per quarter hour: series that the portal never returns must not use up the
# daily allowance.
MAX_RETRIES = 3
# The sensors are updated after this many queries.
QUERIES_PER_UPDATE = 5
# Series whose values are prepared for storage at once: 10 take about a millisecond.
SERIES_PER_SLICE = 10
# If one series lags, the KPI is shown as of the last quarter hour that all its series
# have, for at most this long.
MAX_LAG_SECONDS = HOUR
# Home Assistant's timers can fire up to a second early.
TIMER_TOLERANCE = timedelta(seconds=1)


class KpiCoordinator(SlicedCoordinator[KpiData]):
    """Reads only the series that enabled sensors need."""

    # This coordinator has its own retries, which do not use up the allowance.
    RETRIES = ()

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        inventory: InventoryCoordinator,
        probe: KpiProbe,
        store: NetrexStore,
    ) -> None:
        super().__init__(
            hass,
            entry,
            inventory.client,
            name="kpi",
            interval=timedelta(seconds=QUARTER),
            debouncer=Debouncer(
                hass, LOGGER, cooldown=DEBOUNCE_SECONDS, immediate=False
            ),
        )
        # Each sensor checks whether its own value has changed.
        self.always_update = True
        self._inventory = inventory
        self.probe = probe
        self._store = store
        self._is_probing = False
        self._probing: asyncio.Task[None] | None = None
        self._spread = spread(entry.unique_id or "")
        stored = store.data.get("kpi", {})
        self.delay = SettlingDelay(stored.get("delay"))
        self.ratios = RatioCheck(inventory.client, store)
        self.quarter_hours = QuarterHours(dt_util.get_default_time_zone())
        self.quarter_hours.restore(stored.get("days", {}))
        self.quarter_hours.restore_snapshot(stored.get("snapshot", {}))
        self.queries = ItemQueries[SeriesKey](lambda: dt_util.utcnow().timestamp())
        self.queries.refused.restore(stored.get("refused"), SeriesKey.parse)
        self._stored_revision = self.quarter_hours.revision
        self._readings: dict[KpiKey, Reading] = {}
        self._earlier_windows: dict[int, Windows] = {}
        self._kpis_of: dict[SeriesKey, set[KpiKey]] = {}
        self._end = 0
        self._is_complete = True
        # Refreshes since the last quarter hour settled.
        self._refreshes = 0
        self.data = self._current_data()
        self.next_refresh: datetime | None = None
        self.update_interval = self._next_interval()
        entry.async_on_unload(
            hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self._async_stop)
        )

    @property
    def tree(self) -> Tree:
        """The account's nodes."""
        return self._inventory.data.tree

    @property
    def nodes(self) -> Collection[int]:
        """The nodes with KPI data that exist and that the options include."""
        return [
            node_id
            for node_id in self.probe.nodes
            if self.tree.node(node_id) and self.wants(node_id)
        ]

    def wants(self, node_id: int) -> bool:
        """Return whether the options include a node; an empty choice includes all."""
        chosen = self.config_entry.options.get(CONF_KPI_NODES)
        return not chosen or is_chosen(self._inventory.data.tree, node_id, chosen)

    @property
    def wanted_metrics(self) -> frozenset[str]:
        """The keys of the base metrics in the options; an empty choice means all."""
        chosen = self.config_entry.options.get(CONF_KPI_METRICS)
        return frozenset(chosen or (description.key for description in BASE))

    def metrics(self, node_id: int) -> frozenset[str]:
        """Return the keys of the wanted base metrics for which a node has data."""
        return self.probe.metrics(node_id) & self.wanted_metrics

    def reading(self, key: KpiKey) -> Reading:
        """Return the value of a KPI."""
        if (reading := self._readings.get(key)) is None:
            reading = self._readings[key] = self._compute(key)
        return reading

    def _compute(self, key: KpiKey) -> Reading:
        windows = self.data.windows
        is_replaced = key.metric in self.ratios.replaced
        until = (
            self.ratios.known_until(key)
            if is_replaced
            else known_until(key, self.quarter_hours)
        )
        if self.data.end - self._max_lag < until < self.data.end:
            windows = self._windows_until(until)
        span = windows[key.window]
        if until < span.end:
            value = None
        elif is_replaced:
            value = self.ratios.value(key, span.start)
        else:
            value = key_value(key, self.quarter_hours, windows)
        return Reading(value, *span)

    @property
    def _max_lag(self) -> float:
        """How long a KPI may lag (seconds); longer if readings are less frequent."""
        if not self.client.pacer.ledger.permits(Lane.KPI):
            return MAX_LAG_SECONDS
        return max(MAX_LAG_SECONDS, self.effective_interval.total_seconds())

    def final_value(self, key: KpiKey, span: Span) -> float | None:
        """Return the value of a window that has now ended; None if it is unknown."""
        if key.metric in self.ratios.replaced:
            return None
        return key_value(key, self.quarter_hours, {key.window: span})

    def _windows_until(self, end: int) -> Windows:
        """Return the windows as of an earlier settled quarter hour."""
        if end not in self._earlier_windows:
            # A day counts as today until its last quarter hour has been read.
            moment = min(dt_util.utcnow().timestamp(), end)
            zone = self.quarter_hours.zone
            self._earlier_windows[end] = window_spans(moment, end, zone)
        return self._earlier_windows[end]

    def drift(self, node_id: int) -> float | None:
        """Return yesterday's people in minus people out."""
        return drift(node_id, self.quarter_hours, self.data.windows)

    def lacks_data(self, key: KpiKey) -> bool:
        """Return whether any series of a KPI has to be read."""
        need, found = self._need_of(key), series_of(key)
        return any(self._first_needed(series, need) is not None for series in found)

    def _need_of(self, key: KpiKey) -> Need:
        earlier = self._windows_until(self.data.end - int(self._max_lag))
        return need_of(key, self.data.windows, earlier, self.quarter_hours.zone)

    @property
    def known_until(self) -> datetime | None:
        """The time up to which all KPIs are known; None before the first reading.

        Series that the portal refuses do not count.
        """
        until = self.quarter_hours.until(self.queries.refused)
        return None if until is None else dt_util.utc_from_timestamp(until)

    @property
    def effective_interval(self) -> timedelta:
        """The current reading interval, which grows as the allowance shrinks."""
        return self.interval * max(1, round(self.client.pacer.ledger.stretch))

    @callback
    def async_start_probe(self) -> None:
        """Search for more nodes with KPIs in a background task unless one runs."""
        if not self._is_probing:
            self._is_probing = True
            self._probing = self.config_entry.async_create_background_task(
                self.hass, self._async_probe(), f"{self.name} probe"
            )

    @callback
    def async_stop_probe(self) -> None:
        """Stop the search and prevent another: the account is being unloaded."""
        if self._probing is not None:
            self._probing.cancel()
        self._is_probing = True

    async def _async_probe(self) -> None:
        """Add new nodes as they are found; their sensors request a refresh."""
        try:
            nodes = [
                node
                for node in self._inventory.data.inventory.nodes
                if self.wants(node.node_id)
            ]
            chosen = self.config_entry.options.get(CONF_KPI_NODES)
            interval = CHOSEN_PROBE_INTERVAL if chosen else PROBE_INTERVAL
            await self.probe.async_probe(
                nodes, self.wanted_metrics, interval, self.async_update_listeners
            )
        except NetrexError as err:
            # The next refresh starts the search again.
            LOGGER.debug("The search for KPI nodes failed: %s", err)
        finally:
            self._is_probing = False

    @override
    async def _async_fetch(self) -> KpiData:
        self.async_start_probe()
        zone = dt_util.get_default_time_zone()
        if zone != self.quarter_hours.zone:
            self.quarter_hours, self._stored_revision = QuarterHours(zone), -1
        data = self._current_data()
        if data != self.data:
            self.data = data
            self._readings.clear()
            self._earlier_windows.clear()
            self._refreshes = 0
        self._refreshes += 1
        keys = {key for key in self.async_contexts() if isinstance(key, KpiKey)}
        needs: dict[SeriesKey, Need] = {}
        self._kpis_of.clear()
        for key in keys:
            need = self._need_of(key)
            for series in series_of(key):
                needs[series] = need.joined(needs.get(series))
                self._kpis_of.setdefault(series, set()).add(key)
        self.quarter_hours.retain(needs)
        self.queries.retain(needs)
        self._is_complete = False
        try:
            await self._async_read(needs, data.end)
        except NetrexError:
            # Nothing was read, but the values have aged.
            self._readings.clear()
            self.async_update_listeners()
            raise
        await self.ratios.async_refresh(keys, self.quarter_hours, data.windows)
        self._readings.clear()
        self._is_complete = all(
            (reach := self.quarter_hours.reach(series)) and reach.end >= data.end
            for series, need in needs.items()
            if need.start < data.end and self._may_ask(series)
        )
        self.quarter_hours.retain(needs)
        self._save(await self._async_snapshot())
        return data

    async def _async_snapshot(self) -> dict[str, list[Any]]:
        """Return what a power cut would lose, without blocking the event loop."""
        snapshot: dict[str, list[Any]] = {}
        for index, (key, series) in enumerate(self.quarter_hours.snapshot()):
            snapshot[key] = series
            if index % SERIES_PER_SLICE == 0:
                await asyncio.sleep(0)
        return snapshot

    @override
    def _stale_after(self, err: NetrexError) -> float:
        """Return the age (seconds) at which values are too old to be shown."""
        return self._max_lag

    def _first_needed(self, series: SeriesKey, need: Need) -> int | None:
        """Return the unix time from which to read a series; None if it is current."""
        reach = self.quarter_hours.reach(series, need.quarters)
        return first_needed(reach, need.start, self.data.end)

    async def _async_read(self, needs: Mapping[SeriesKey, Need], end: int) -> None:
        """Read the missing parts of the series; an error keeps those already read."""
        starts = {
            series: start
            for series, need in needs.items()
            if (start := self._first_needed(series, need)) is not None
            and self._may_ask(series)
        }
        changes: list[float] = []
        queries = 0

        async def query(
            batch: tuple[SeriesKey, ...],
        ) -> Mapping[SeriesKey, NetrexError]:
            nonlocal queries
            if queries and queries % QUERIES_PER_UPDATE == 0:
                self.async_update_listeners()
            queries += 1
            read = await async_read_series(
                self.client,
                self.quarter_hours,
                [(series, starts[series]) for series in batch],
                end,
            )
            changes.extend(
                change for change in read.changes.values() if change is not None
            )
            for series in read.changes:
                for key in self._kpis_of.get(series, ()):
                    self._readings.pop(key, None)
            return read.errors

        try:
            await self.queries.async_run(sorted(starts, key=order_of), query)
        finally:
            self.delay.learn(changes)

    def _may_ask(self, series: SeriesKey) -> bool:
        """Return whether a series is due and, as far as is known, exists."""
        data = self._inventory.data
        exists = series.node_id in data or not data.inventory.complete
        return exists and self.queries.refused.is_due(series)

    def _current_data(self) -> KpiData:
        now = dt_util.utcnow().timestamp()
        self.quarter_hours.cut(now)
        settled = now - self.delay.seconds - self._spread
        end = int(settled // QUARTER) * QUARTER
        if end < self._end <= now:
            # The settling delay has grown since the last reading.
            end = self._end
        self._end = end
        return KpiData(end, window_spans(now, end, self.quarter_hours.zone))

    @callback
    def _save(self, snapshot: Mapping[str, list[Any]]) -> None:
        """Store the values that would otherwise be read again after a restart."""
        stored = self._store.data.setdefault("kpi", {})
        stored["delay"] = self.delay.seconds
        stored["refused"] = self.queries.refused.as_dict()
        if self._stored_revision != self.quarter_hours.revision:
            # Only when changed: there may be thousands of series.
            self._stored_revision = self.quarter_hours.revision
            stored["days"] = self.quarter_hours.as_dict()
        stored["snapshot"] = snapshot
        self._store.async_changed()

    @override
    async def async_shutdown(self) -> None:
        """Save the values for the next setup."""
        await super().async_shutdown()
        self._save(dict(self.quarter_hours.snapshot()))

    @callback
    def _async_stop(self, _: Event) -> None:
        """Save the values for the next start: a stop does not unload the entry."""
        self._save(dict(self.quarter_hours.snapshot()))

    @override
    def _next_interval(self) -> timedelta:
        """Return the time until the next quarter hour has settled."""
        now = dt_util.utcnow()
        # With no allowance left, nothing is sent, but the values age.
        permitted = self.client.pacer.ledger.permits(Lane.KPI)
        step = self.effective_interval.total_seconds() if permitted else QUARTER
        late = self.delay.seconds + self._spread
        settled = now.timestamp() - late
        due = settled - settled % step + step + late
        if not self._is_complete and self._refreshes <= MAX_RETRIES:
            due = min(due, now.timestamp() + RETRY_SECONDS)
        self.next_refresh = dt_util.utc_from_timestamp(due)
        return self.next_refresh - now + TIMER_TOLERANCE
