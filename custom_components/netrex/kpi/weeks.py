"""What each place usually counts in a week, and what follows from it for today."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta, tzinfo
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_change
from homeassistant.util import dt as dt_util

from ..client.days import DAY, HOUR, Span, day_bounds, local_date, midnight
from ..const import LOGGER
from ..history import HistoryImporter
from ..history.coverage import Hours
from ..models import NetrexConfigEntry
from ..store import NetrexStore
from .coordinator import KpiCoordinator
from .counting import CountingPoint, has_stopped
from .held import async_stored_hours
from .metrics import SeriesKey
from .periods import SHIFT_DAYS, Compare
from .places import counting_cameras, counting_places, people_metric
from .profile import LEARNED_DAYS, WeekProfile, learn_profile

# When the profiles are learned again, in local time: history has been read by then.
_LEARNING_HOUR = 4
# How often to try for places whose history is not there yet (seconds).
_RETRY_SECONDS = HOUR
# Results of readings that are older than this say nothing about now (seconds).
_MAX_AGE_SECONDS = 2 * HOUR
# Days for which alarms are remembered: those from which a profile is learned.
_REMEMBERED = timedelta(days=LEARNED_DAYS)
YEAR_METRICS = ("visitors", "sales")


class PlaceWeeks:
    """The profiles of an account's places and counting cameras.

    They are learned from the long-term statistics and take no query.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        kpi: KpiCoordinator,
        history: HistoryImporter,
        store: NetrexStore,
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._kpi = kpi
        self._history = history
        self._store = store
        self._profiles: dict[int, WeekProfile] = {}
        self._year_ago: dict[SeriesKey, Hours] = {}
        self._year_ago_day = 0
        self._learned_at = 0.0
        self._is_learning = False
        stored: dict[str, Any] = store.data.get("counting", {})
        # The counters that have stopped, and the days on which any had, by node id.
        self._stopped: set[int] = {int(key) for key in stored.get("stopped", {})}
        self._days: dict[int, set[str]] = {
            int(key): set(days) for key, days in stored.get("days", {}).items()
        }
        self.limits: dict[int, float] = {}
        self._listeners: list[Callable[[], None]] = []

    @callback
    def async_start(self) -> None:
        """Learn now and every night, and judge after every reading."""
        self._entry.async_on_unload(
            async_track_time_change(
                self._hass,
                self._async_learn_again,
                hour=_LEARNING_HOUR,
                minute=0,
                second=0,
            )
        )
        self._entry.async_on_unload(self._kpi.async_add_listener(self._async_read))
        self._async_read()

    @callback
    def async_add_listener(self, update: Callable[[], None]) -> Callable[[], None]:
        """Call `update` after each judgment; return a function that ends this."""
        self._listeners.append(update)
        return lambda: self._listeners.remove(update)

    @callback
    def async_set_limit(self, node_id: int, limit: float | None) -> None:
        """Set the number of people that a place holds; None for no limit."""
        self.limits.pop(node_id, None)
        if limit:
            self.limits[node_id] = limit
        self._async_notify()

    def profile(self, node_id: int) -> WeekProfile | None:
        """Return the profile of a place or camera; None if it is not known yet."""
        return self._profiles.get(node_id)

    def expected_today(self, node_id: int) -> float | None:
        """Return the visitors that are expected today."""
        profile, counter = self._profiles.get(node_id), self._point(node_id)
        if profile is None or counter is None or self._is_any_stopped(node_id):
            return None
        counted = counter.count(counter.day, counter.until) or 0.0
        return profile.forecast(counted, counter.until)

    def is_counting(self, node_id: int) -> bool | None:
        """Return whether a place and its cameras count; None if it is not known."""
        if self._is_any_stopped(node_id):
            return False
        return True if node_id in self._profiles else None

    def stopped_cameras(self, node_id: int) -> list[int]:
        """Return the cameras of a place that have stopped to count."""
        cameras = counting_cameras(self._entry, node_id)
        return [camera for camera in cameras if camera in self._stopped]

    def stopped_days(self, node_id: int) -> list[date]:
        """Return the days on which counting had stopped at a place."""
        nodes = (node_id, *counting_cameras(self._entry, node_id))
        days = set().union(*(self._days.get(node, set()) for node in nodes))
        return sorted(map(date.fromisoformat, days))

    def is_open(self, node_id: int) -> bool | None:
        """Return whether a place is usually open now; None if it is not known."""
        if (profile := self._profiles.get(node_id)) is None:
            return None
        now = dt_util.utcnow().timestamp()
        opening = profile.opening(local_date(now, profile.zone))
        return opening is not None and opening.start <= now < opening.end

    def year_change(self, series: SeriesKey) -> float | None:
        """Return today's change from the same weekday last year in percent."""
        hours = self._year_ago.get(series)
        span = self._today(series)
        if not hours or span is None or self._year_ago_day != span.start:
            return None
        shift = self._year_start(span.start) - span.start
        before = sum(
            value * min(HOUR, span.end + shift - start) / HOUR
            for start, value in hours.items()
            if start < span.end + shift
        )
        now = self._kpi.quarter_hours.total(series, *span)
        return 100 * ((now or 0.0) - before) / before if before else None

    def _is_any_stopped(self, node_id: int) -> bool:
        return node_id in self._stopped or bool(self.stopped_cameras(node_id))

    @property
    def _zone(self) -> tzinfo:
        return self._kpi.quarter_hours.zone

    def _series(self, node_id: int) -> SeriesKey | None:
        metric = people_metric(self._kpi.metrics(node_id))
        return SeriesKey(node_id, metric) if metric else None

    def _today(self, series: SeriesKey) -> Span | None:
        """Return the part of today that is known; None if nothing recent is."""
        now = dt_util.utcnow().timestamp()
        until = min(self._kpi.quarter_hours.known_until(series), self._kpi.data.end)
        start = day_bounds(now, self._zone).start
        if until <= start or now - until > _MAX_AGE_SECONDS:
            return None
        if not self._kpi.quarter_hours.covers(series, start, until):
            return None
        return Span(start, until)

    def _point(self, node_id: int) -> CountingPoint | None:
        """Return what a node has counted today; None if it cannot be judged."""
        series, profile = self._series(node_id), self._profiles.get(node_id)
        if series is None or profile is None or (today := self._today(series)) is None:
            return None

        def count(start: int, end: int) -> float | None:
            return self._kpi.quarter_hours.total(series, start, end)

        return CountingPoint(profile, count, *today)

    @callback
    def _async_read(self) -> None:
        """Judge all places after a reading; learn what is still missing."""
        places = counting_places(self._entry)
        is_new_day = self._year_ago_day != self._day_start
        now = dt_util.utcnow().timestamp()
        is_due = now - self._learned_at >= _RETRY_SECONDS
        if is_new_day or (is_due and not set(places) <= self._profiles.keys()):
            self._async_learn_again()
        self._judge(places)
        self._async_notify()

    @property
    def _day_start(self) -> int:
        return day_bounds(dt_util.utcnow().timestamp(), self._zone).start

    def _judge(self, places: Iterable[int]) -> None:
        """Update which counters have stopped; those without a result stay as is."""
        points = {
            node_id: point
            for node_id in places
            if (point := self._point(node_id)) is not None
        }
        before = set(self._stopped)
        for place, point in points.items():
            others = [other for node_id, other in points.items() if node_id != place]
            self._set_stopped(place, point, has_stopped(point, others))
            cameras = {
                camera: found
                for camera in counting_cameras(self._entry, place)
                if (found := self._point(camera)) is not None
            }
            for camera, found in cameras.items():
                sisters = [one for node_id, one in cameras.items() if node_id != camera]
                self._set_stopped(camera, found, has_stopped(found, others, sisters))
        if self._stopped != before:
            LOGGER.debug("Counting has stopped at: %s", sorted(self._stopped))
        self._save()

    def _set_stopped(self, node_id: int, point: CountingPoint, stopped: bool) -> None:
        """Take a result over; a counter that has stopped stays so until it counts."""
        if stopped or (node_id in self._stopped and point.last_count is None):
            self._stopped.add(node_id)
            day = local_date(point.day, self._zone).isoformat()
            self._days.setdefault(node_id, set()).add(day)
        elif point.last_count is not None and point.has_counted(HOUR):
            self._stopped.discard(node_id)

    def _save(self) -> None:
        oldest = (local_date(self._day_start, self._zone) - _REMEMBERED).isoformat()
        days = {
            str(node_id): kept
            for node_id, found in self._days.items()
            if (kept := sorted(day for day in found if day >= oldest))
        }
        stopped = {str(node_id): True for node_id in sorted(self._stopped)}
        data: dict[str, Any] = {"stopped": stopped, "days": days}
        if self._store.data.get("counting", {"stopped": {}, "days": {}}) != data:
            self._store.data["counting"] = data
            self._store.async_changed()

    @callback
    def _async_learn_again(self, _: object = None) -> None:
        """Learn in the background, unless that is being done."""
        if self._is_learning or not self._history.enabled:
            return
        self._is_learning = True
        self._learned_at = dt_util.utcnow().timestamp()
        self._entry.async_create_background_task(
            self._hass, self._async_learn(), "netrex profiles"
        )

    async def _async_learn(self) -> None:
        """Learn all profiles, one place after the other."""
        try:
            for place in counting_places(self._entry):
                for node_id in (place, *counting_cameras(self._entry, place)):
                    await self._async_learn_node(node_id)
                await self._async_read_year(place)
            self._year_ago_day = self._day_start
        finally:
            self._is_learning = False
        self._async_notify()

    async def _async_learn_node(self, node_id: int) -> None:
        if (series := self._series(node_id)) is None:
            return
        now = dt_util.utcnow().timestamp()
        span = Span(int(now) - LEARNED_DAYS * DAY, int(now))
        hours = await self._async_hours(series, span)
        left_out = frozenset(self.stopped_days(node_id))
        profile = await self._hass.async_add_executor_job(
            learn_profile, hours, left_out, now, self._zone
        )
        if profile is not None:
            self._profiles[node_id] = profile

    async def _async_read_year(self, place: int) -> None:
        start = self._year_start(self._day_start)
        for metric in YEAR_METRICS:
            series = SeriesKey(place, metric)
            if metric in self._kpi.metrics(place):
                self._year_ago[series] = await self._async_hours(
                    series, day_bounds(start, self._zone)
                )

    def _year_start(self, moment: int) -> int:
        """Return the start of the same weekday last year."""
        day = local_date(moment, self._zone)
        return midnight(day - timedelta(days=SHIFT_DAYS[Compare.YEAR]), self._zone)

    async def _async_hours(self, series: SeriesKey, span: Span) -> Hours:
        """Return the hours of a series that the statistics have, by their start."""
        found = await async_stored_hours(self._hass, self._entry, [series], span)
        return found.get(series, {})

    @callback
    def _async_notify(self) -> None:
        for update in list(self._listeners):
            update()
