"""KPIs, read just after each quarter hour has settled."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched
from typing import override

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.debounce import Debouncer
from homeassistant.util import dt as dt_util

from ..client import (
    MAX_SERIES_PER_QUERY,
    NetrexAuthError,
    NetrexConnectionError,
    NetrexError,
    NetrexRateLimitedError,
)
from ..const import CONF_KPI_METRICS, CONF_KPI_NODES, LOGGER
from ..coordinator import InventoryCoordinator, SlicedCoordinator
from ..models import NetrexConfigEntry
from ..store import NetrexStore
from . import (
    QUARTER,
    KpiKey,
    Need,
    QuarterHours,
    Reading,
    SeriesKey,
    SettlingDelay,
    Span,
    Window,
    drift,
    first_needed,
    key_value,
    known_until,
    need_of,
    series_of,
    spans,
    spread,
)
from .metrics import BASE, BY_KEY
from .probe import CHOSEN_AGAIN, PROBE_AGAIN, KpiProbe
from .ratios import RatioCheck
from .series import async_read_series

# New sensors come by the dozen and ask one by one: seconds to gather them.
GATHERING = 2
# After a reading that lacked something, seconds.
TRY_AGAIN = 180
# How often that is done for one quarter hour: what the portal never answers must not
# drain the day.
TRIES = 3
# Series between two updates of the sensors: some queries' worth.
GROUP = 5 * MAX_SERIES_PER_QUERY
# While a series lacks the last quarter hours, its numbers are of the time before, so
# that all parts of a number are of one time. Not for long, since that is no news: s.
PATIENCE = 3600
# What Home Assistant's timers may be early.
EARLY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class KpiData:
    """What the numbers are about: the windows' times, up to the settled `end`."""

    end: int
    windows: Mapping[Window, Span] = field(default_factory=dict)


class KpiCoordinator(SlicedCoordinator[KpiData]):
    """Reads the series that enabled sensors are made from, and no others."""

    name = "kpi"
    interval = timedelta(seconds=QUARTER)

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
            Debouncer(hass, LOGGER, cooldown=GATHERING, immediate=False),
        )
        # The numbers are not in the data; each sensor looks whether its own changed.
        self.always_update = True
        self._inventory = inventory
        self._probe = probe
        self._store = store
        self._probing = False
        self._spread = spread(entry.unique_id or "")
        stored = store.data.get("kpi", {})
        self.delay = SettlingDelay(stored.get("delay"))
        self.ratios = RatioCheck(inventory.client, store)
        self._slots = QuarterHours(dt_util.get_default_time_zone())
        self._slots.restore(stored.get("days", {}))
        self._slots.restore_snapshot(stored.get("snapshot", {}))
        self._stored = self._slots.revision
        self._values: dict[KpiKey, Reading] = {}
        self._earlier: dict[int, Mapping[Window, Span]] = {}
        self._keys: dict[SeriesKey, set[KpiKey]] = {}
        self._end = 0
        self._complete = True
        # Readings since a quarter hour has settled.
        self._readings = 0
        self.data = self._read_clock()
        self.next_refresh: datetime | None = None
        self.update_interval = self._next_interval()
        entry.async_on_unload(
            hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self._async_stop)
        )

    @property
    def nodes(self) -> Collection[int]:
        """The nodes with KPIs: found, wanted and still there."""
        tree = self._inventory.data.tree
        return [
            node_id
            for node_id in self._probe.nodes
            if tree.node(node_id) and self.wants(node_id)
        ]

    def wants(self, node_id: int) -> bool:
        """Whether the user's choice of nodes, if there is one, has this one."""
        chosen = self.config_entry.options.get(CONF_KPI_NODES)
        return not chosen or str(node_id) in chosen

    @property
    def wanted_metrics(self) -> frozenset[str]:
        """The keys of the base metrics that the user chose; all without a choice."""
        chosen = self.config_entry.options.get(CONF_KPI_METRICS)
        return frozenset(chosen or (description.key for description in BASE))

    def metrics(self, node_id: int) -> frozenset[str]:
        """Return the keys of the base metrics that a node has data of."""
        return self._probe.metrics(node_id) & self.wanted_metrics

    def reading(self, key: KpiKey) -> Reading:
        """Return a KPI."""
        if (reading := self._values.get(key)) is None:
            reading = self._values[key] = self._read_value(key)
        return reading

    def _read_value(self, key: KpiKey) -> Reading:
        windows = self.data.windows
        replaced = key.metric in self.ratios.replaced
        until = self.ratios.known_until if replaced else known_until(key, self._slots)
        if self.data.end - PATIENCE <= until < self.data.end:
            windows = self._earlier_windows(until)
        start = windows[key.window].start
        value = (
            self.ratios.value(key, start)
            if replaced
            else key_value(key, self._slots, windows)
        )
        return Reading(value, start)

    def _earlier_windows(self, end: int) -> Mapping[Window, Span]:
        """Return the windows as they were when less had settled."""
        if end not in self._earlier:
            now = dt_util.utcnow().timestamp()
            self._earlier[end] = spans(now, end, self._slots.zone)
        return self._earlier[end]

    def drift(self, node_id: int) -> float | None:
        """Return by how many people in and out of yesterday differ."""
        return drift(node_id, self._slots, self.data.windows)

    def lacks(self, key: KpiKey) -> bool:
        """Tell whether something is to be read for a KPI."""
        need = need_of(key, self.data.windows, self._slots.zone)
        return any(
            self._first_needed(series, need) is not None for series in series_of(key)
        )

    @property
    def known_until(self) -> datetime | None:
        """Until when all KPIs are known; None before the first reading."""
        until = self._slots.until
        return None if until is None else dt_util.utc_from_timestamp(until)

    @property
    def effective_interval(self) -> timedelta:
        """How often KPIs are read now: less often as the allowance shrinks."""
        return self.interval * max(1, round(self.client.pacer.ledger.stretch))

    @callback
    def async_start_probe(self) -> None:
        """Look for further nodes with KPIs in the background, once at a time."""
        if not self._probing:
            self._probing = True
            self.config_entry.async_create_background_task(
                self.hass, self._async_probe(), f"{self.name} probe"
            )

    async def _async_probe(self) -> None:
        """Show new nodes as they are found; their sensors then ask to be read."""
        try:
            nodes = [
                node
                for node in self._inventory.data.inventory.nodes
                if self.wants(node.node_id)
            ]
            chosen = self.config_entry.options.get(CONF_KPI_NODES)
            again = CHOSEN_AGAIN if chosen else PROBE_AGAIN
            metrics = self.wanted_metrics
            async for found in self._probe.async_probe(nodes, metrics, again):
                if found:
                    self.async_update_listeners()
        except NetrexError as err:
            # The next refresh is the next occasion.
            LOGGER.debug("The search for KPIs stopped: %s", err)
        finally:
            self._probing = False

    @override
    async def _async_fetch(self) -> KpiData:
        self.async_start_probe()
        zone = dt_util.get_default_time_zone()
        if zone != self._slots.zone:
            self._slots, self._stored = QuarterHours(zone), -1
        data = self._read_clock()
        if data != self.data:
            self.data = data
            self._values.clear()
            self._earlier.clear()
            self._readings = 0
        self._readings += 1
        keys = {key for key in self.async_contexts() if isinstance(key, KpiKey)}
        needed: dict[SeriesKey, Need] = {}
        self._keys.clear()
        for key in keys:
            need = need_of(key, data.windows, zone)
            for series in series_of(key):
                needed[series] = need.joined(needed.get(series))
                self._keys.setdefault(series, set()).add(key)
        self._slots.forget(needed)
        self._complete = False
        await self._async_read(needed, data.end)
        await self.ratios.async_refresh(keys, self._slots, data.windows)
        self._values.clear()
        self._complete = all(
            (reach := self._slots.reach(series)) and reach[1] >= data.end
            for series, need in needed.items()
            if need.start < data.end
        )
        self._slots.forget(needed)
        self._remember()
        return data

    def _first_needed(self, series: SeriesKey, need: Need) -> int | None:
        """Return from where on a series is to be read, None if it is not."""
        reach = self._slots.reach(series, need.quarters)
        return first_needed(reach, need.start, self.data.end)

    async def _async_read(self, needed: Mapping[SeriesKey, Need], end: int) -> None:
        """Read what is missing; what was read before an error stays."""
        order = list(BY_KEY)
        todo = sorted(
            (
                (series, start)
                for series, need in needed.items()
                if (start := self._first_needed(series, need)) is not None
            ),
            key=lambda item: (item[0].node_id, order.index(item[0].metric)),
        )
        changes: list[float] = []
        found = False
        failed: NetrexError | None = None
        try:
            for number, group in enumerate(batched(todo, GROUP, strict=False)):
                if number:
                    self.async_update_listeners()
                try:
                    read = await async_read_series(self.client, self._slots, group, end)
                except NetrexAuthError:
                    raise
                except (NetrexConnectionError, NetrexRateLimitedError) as err:
                    failed = err
                    break
                except NetrexError as err:
                    failed = failed or err
                else:
                    found = True
                    changes += [
                        change for change in read.values() if change is not None
                    ]
                    for series in read:
                        for key in self._keys.get(series, ()):
                            self._values.pop(key, None)
        finally:
            self.delay.learn(changes)
        if failed is not None and not found:
            raise failed

    def _read_clock(self) -> KpiData:
        now = dt_util.utcnow().timestamp()
        settled = now - self.delay.seconds - self._spread
        end = int(settled // QUARTER) * QUARTER
        if end < self._end <= now:
            # The delay has become longer since.
            end = self._end
        self._end = end
        return KpiData(end, spans(now, end, self._slots.zone))

    @callback
    def _remember(self) -> None:
        """Have stored what saves a reading or a number after a restart.

        All that is known at the end; each quarter hour only the sums of finished days,
        which change once a day, for the sake of flash memory.
        """
        stored = self._store.data.setdefault("kpi", {})
        stored["delay"] = self.delay.seconds
        if self._stored != self._slots.revision:
            # Days become sums once a day, and there may be thousands of series.
            self._stored = self._slots.revision
            stored["days"] = self._slots.as_dict()
        stored.pop("snapshot", None)
        if self._shutdown_requested or self.hass.is_stopping:
            stored["snapshot"] = self._slots.snapshot()
        self._store.async_changed()

    @override
    async def async_shutdown(self) -> None:
        """Keep the numbers for the next set-up."""
        await super().async_shutdown()
        self._remember()

    @callback
    def _async_stop(self, _: Event) -> None:
        """Keep the numbers for the next start: nothing is unloaded now."""
        self._remember()

    @override
    def _next_interval(self) -> timedelta:
        """Return the time until the next quarter hour has settled."""
        now = dt_util.utcnow()
        step = self.effective_interval.total_seconds()
        late = self.delay.seconds + self._spread
        settled = now.timestamp() - late
        due = settled - settled % step + step + late
        if not self._complete and self._readings <= TRIES:
            due = min(due, now.timestamp() + TRY_AGAIN)
        self.next_refresh = dt_util.utc_from_timestamp(due)
        # Home Assistant fires up to a second early, when nothing new has settled.
        return self.next_refresh - now + EARLY
