"""Quarter hours per node and metric, by local day."""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
import math
from typing import Any, NamedTuple

from ..client import SeriesValue
from ..client.days import QUARTER, day_bounds

_HOUR = 3600
# Late data are looked for this far back (decision D6), seconds.
LATE = 48 * _HOUR
_GAP = math.nan


class SeriesKey(NamedTuple):
    """A node and the key of a base metric."""

    node_id: int
    metric: str


@dataclass(frozen=True, slots=True)
class Need:
    """From when on a series has to be known, in unix seconds.

    `quarters` is from when on each quarter hour has to be kept by itself, for days
    that are told in part; a local midnight.
    """

    start: int
    quarters: float = math.inf

    def joined(self, other: Need | None) -> Need:
        """Return what serves both."""
        if other is None:
            return self
        return Need(min(self.start, other.start), min(self.quarters, other.quarters))


class _Series:
    """The days of one series; `since` to `until` was read, in unix seconds."""

    __slots__ = ("days", "since", "until")

    def __init__(self, since: int, until: int) -> None:
        self.since = since
        self.until = until
        # By the day's begin: its quarter hours, NaN where there is no number; or
        # the sum of a day of which no more corrections are expected, None without a
        # number.
        self.days: dict[int, array[float] | float | None] = {}


class QuarterHours:
    """All series of an account, in local days of one time zone.

    A number is replaced by a later one, never by a gap. A gap is not a zero: the sum
    of gaps alone is None.
    """

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        # Grows whenever `as_dict` gives something else.
        self.revision = 0
        self._series: dict[SeriesKey, _Series] = {}
        # From when on quarter hours are kept, as `forget` was told.
        self._quarters: Mapping[SeriesKey, float] = {}

    @property
    def until(self) -> int | None:
        """Until when all series were read, in unix seconds; None without any."""
        return min((series.until for series in self._series.values()), default=None)

    def reach(
        self, key: SeriesKey, quarters: float = math.inf
    ) -> tuple[int, int] | None:
        """Return since when and until when a series was read.

        None if it never was, or if a day after `quarters` is known as a sum only.
        """
        series = self._series.get(key)
        if series is None:
            return None
        if quarters < math.inf and any(
            begin >= quarters and not isinstance(day, array)
            for begin, day in series.days.items()
        ):
            return None
        return series.since, series.until

    def put(
        self, key: SeriesKey, slots: Iterable[SeriesValue], start: int, end: int
    ) -> float | None:
        """Take an answer for the time from `start` to `end`, full quarter hours.

        What the answer has beyond is not settled and left out. Days that ended more
        than 48 hours before the last reading become sums, unless `forget` was told that
        their quarter hours are needed.

        Returns:
            How much the last quarter hour that was known before has changed, as a
            share of its new number; None if it tells nothing, being 0 or a gap.
        """
        series = self._series.get(key)
        first = series is None or start > series.until or end < series.since
        if first or series is None:
            series = self._series[key] = _Series(start, end)
            self.revision += 1
        last = series.until - QUARTER
        before = self._slot(series, last)
        taken = sorted(
            (slot.start, slot.value)
            for slot in slots
            if start <= slot.start
            and slot.end == slot.start + QUARTER <= end
            and slot.start % QUARTER == 0
            and slot.value is not None
        )
        begin = finish = 0
        day: array[float] | None = None
        for moment, value in taken:
            if moment >= finish:
                begin, finish = day_bounds(moment, self.zone)
                day = self._day(series, begin, whole=start <= begin)
            if day is not None:
                day[(moment - begin) // QUARTER] = value
        series.since = min(series.since, start)
        series.until = max(series.until, end)
        after = self._slot(series, last)
        self._finish_days(series, self._quarters.get(key, math.inf))
        if first or not after:
            return None
        return abs(after - (before or 0.0)) / abs(after)

    def total(self, key: SeriesKey, start: int, end: int) -> float | None:
        """Return the sum of what is known of a time that was read from its start.

        A day whose quarter hours are gone counts only in full.
        """
        series = self._series.get(key)
        if series is None or series.since > start:
            return None
        parts = [
            value for value in self._parts(series, start, end) if value is not None
        ]
        return math.fsum(parts) if parts else None

    def forget(self, wanted: Mapping[SeriesKey, Need]) -> None:
        """Keep the series of `wanted` alone, each from its first needed time on."""
        for key in self._series.keys() - wanted.keys():
            del self._series[key]
            self.revision += 1
        self._quarters = {key: need.quarters for key, need in wanted.items()}
        first = {
            need.start: day_bounds(need.start, self.zone)[0]
            for need in set(wanted.values())
        }
        for key, series in self._series.items():
            needed = wanted[key].start
            for begin in [begin for begin in series.days if begin < first[needed]]:
                del series.days[begin]
                self.revision += 1
            series.since = max(series.since, min(needed, series.until))

    def as_dict(self) -> dict[str, dict[str, float | None]]:
        """Return the sums of finished days, fit for JSON."""
        return {
            f"{key.node_id}_{key.metric}": sums
            for key, series in self._series.items()
            if (
                sums := {
                    str(begin): day
                    for begin, day in series.days.items()
                    if not isinstance(day, array)
                }
            )
        }

    def restore(self, stored: Mapping[str, Mapping[str, float | None]]) -> None:
        """Take up what `as_dict` gave, as far as one day follows the other."""
        for name, sums in stored.items():
            node_id, _, metric = name.partition("_")
            days = sorted((int(begin), value) for begin, value in sums.items())
            series = _Series(days[0][0], days[0][0])
            for begin, value in days:
                bounds = day_bounds(begin, self.zone)
                if bounds[0] != begin or series.until != begin:
                    # Days of another time zone, or one is missing.
                    break
                series.days[begin] = value
                series.until = bounds[1]
            if series.days:
                self._series[SeriesKey(int(node_id), metric)] = series

    def snapshot(self) -> dict[str, list[Any]]:
        """Return all that is known, fit for JSON: some 300 bytes a day and series.

        By series: since when and until when it was read, and by their begins the days'
        quarter hours or sums.
        """
        return {
            f"{key.node_id}_{key.metric}": [
                series.since,
                series.until,
                {
                    str(begin): [_json(value) for value in day]
                    if isinstance(day, array)
                    else day
                    for begin, day in series.days.items()
                },
            ]
            for key, series in self._series.items()
        }

    def restore_snapshot(self, stored: Mapping[str, list[Any]]) -> None:
        """Take up what `snapshot` gave, unless it is of another time zone."""
        for name, (since, until, stored_days) in stored.items():
            node_id, _, metric = name.partition("_")
            series = _Series(since, until)
            series.days = {
                int(begin): array("d", [_GAP if v is None else v for v in day])
                if isinstance(day, list)
                else day
                for begin, day in stored_days.items()
            }
            if all(self._fits(begin, day) for begin, day in series.days.items()):
                self._series[SeriesKey(int(node_id), metric)] = series

    def _fits(self, begin: int, day: array[float] | float | None) -> bool:
        """Tell whether that is a day of this time zone."""
        bounds = day_bounds(begin, self.zone)
        length = (bounds[1] - begin) // QUARTER
        return bounds[0] == begin and (not isinstance(day, array) or len(day) == length)

    def _day(self, series: _Series, begin: int, *, whole: bool) -> array[float] | None:
        """Return the quarter hours of a day; None if they are gone.

        Args:
            series: The series.
            begin: The day's begin.
            whole: Whether the day is about to be filled from its begin.
        """
        day = series.days.get(begin)
        if isinstance(day, array):
            return day
        if begin in series.days and not whole:
            return None
        end = day_bounds(begin, self.zone)[1]
        fresh = array("d", [_GAP]) * ((end - begin) // QUARTER)
        series.days[begin] = fresh
        return fresh

    def _finish_days(self, series: _Series, quarters: float) -> None:
        sums_until = min(series.until - LATE, quarters)
        for begin, day in series.days.items():
            if isinstance(day, array) and day_bounds(begin, self.zone)[1] <= sums_until:
                series.days[begin] = _sum(day)
                self.revision += 1

    def _slot(self, series: _Series, moment: int) -> float | None:
        begin = day_bounds(moment, self.zone)[0]
        day = series.days.get(begin)
        return (
            _sum(day[(index := (moment - begin) // QUARTER) : index + 1])
            if isinstance(day, array)
            else None
        )

    def _parts(self, series: _Series, start: int, end: int) -> Iterator[float | None]:
        moment = start
        while moment < end:
            begin, finish = day_bounds(moment, self.zone)
            stop = min(end, finish)
            day = series.days.get(begin)
            if isinstance(day, array):
                first = (moment - begin) // QUARTER
                yield _sum(day[first : (stop - begin) // QUARTER])
            elif moment == begin and stop == finish:
                yield day
            moment = stop


def _json(value: float) -> float | None:
    """Return a quarter hour as short as can be; None for a gap."""
    if math.isnan(value):
        return None
    return int(value) if value.is_integer() else value


def _sum(values: array[float]) -> float | None:
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(known) if known else None
