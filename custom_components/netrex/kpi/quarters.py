"""Quarter-hour values of KPI series, grouped by local day (decision 0023)."""

from array import array
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import tzinfo
import math
from operator import itemgetter
from typing import Any

from ..client import SeriesValue
from ..client.days import HOUR, QUARTER, Span, day_bounds, not_in_future
from ..client.values import as_mapping
from ..stored_shapes import anything, integer_key, list_of, mapping, number
from .metrics import SeriesKey

# How long values may still arrive or change (decision 0023; seconds).
LATE = 48 * HOUR
_GAP = math.nan
# Raised for an unreadable stored series; the last two for times outside the calendar.
_UNREADABLE = (ValueError, OverflowError, OSError)

# The quarter hours of a local day, NaN where a value is missing. Once no more
# corrections are expected, only their sum, or None if there are no values.
type _Day = array[float] | float | None


@dataclass(frozen=True, slots=True)
class Need:
    """The unix time from which a series has to be known.

    Starting at the local midnight `quarters`, individual quarter hours are kept instead
    of only daily sums, because a window may start or end within a day.
    """

    start: int
    quarters: float = math.inf

    def joined(self, other: Need | None) -> Need:
        """Return the need that covers both."""
        if other is None:
            return self
        return Need(min(self.start, other.start), min(self.quarters, other.quarters))


@dataclass(slots=True)
class _Series:
    """A series that was read for [since, until), with days by local midnight."""

    since: int
    until: int
    days: dict[int, _Day] = field(default_factory=dict)
    # Read while the clock was ahead: shown, but read again in full.
    is_doubtful: bool = False


class QuarterHours:
    """All series of an account, grouped by the local days of one time zone.

    Later values replace a value, but a gap does not. A gap is not a zero: a sum of
    nothing but gaps is None.
    """

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        # Increases whenever the result of `as_dict` changes.
        self.revision = 0
        self._series: dict[SeriesKey, _Series] = {}
        self._needs: Mapping[SeriesKey, Need] = {}

    def until(self, without: Container[SeriesKey] = ()) -> int | None:
        """Return the unix time up to which all series were read; None without series.

        Series in `without` are ignored.
        """
        return min(
            (
                series.until
                for key, series in self._series.items()
                if key not in without
            ),
            default=None,
        )

    def reach(self, key: SeriesKey, quarters: float = math.inf) -> Span | None:
        """Return the span for which a series was read.

        None if it was never read, or if only the sum is known for any day since
        `quarters`.
        """
        series = self._series.get(key)
        if series is None or series.is_doubtful:
            return None
        if quarters < math.inf and any(
            midnight >= quarters and not isinstance(day, array)
            for midnight, day in series.days.items()
        ):
            return None
        return Span(series.since, series.until)

    def merge(
        self, key: SeriesKey, values: Iterable[SeriesValue], start: int, end: int
    ) -> float | None:
        """Merge the portal's response for [start, end), which has full quarter hours.

        Values outside that span have not settled and are ignored. Days that ended more
        than 48 hours before the last reading become sums unless `retain` was called
        with a need for their quarter hours.

        Returns:
            The change of the last previously known quarter hour, as a share of its new
            value; None if that value is 0 or missing, or if no quarter hour was known.
        """
        series = self._series.get(key)
        first = (
            series is None
            or series.is_doubtful
            or start > series.until
            or end < series.since
        )
        if first or series is None:
            series = self._series[key] = _Series(start, end)
            self.revision += 1
        last = series.until - QUARTER
        before = self._quarter_hour(series, last)
        settled = sorted(
            (value.start, value.value)
            for value in values
            if start <= value.start
            and value.end == value.start + QUARTER <= end
            and value.start % QUARTER == 0
            and value.value is not None
        )
        bounds = Span(0, 0)
        day: array[float] | None = None
        for moment, amount in settled:
            if moment >= bounds.end:
                bounds = day_bounds(moment, self.zone)
                day = self._writable_day(series, bounds, whole=start <= bounds.start)
            if day is not None:
                day[(moment - bounds.start) // QUARTER] = amount
        series.since = min(series.since, start)
        series.until = max(series.until, end)
        after = self._quarter_hour(series, last)
        self._sum_finished_days(key, series)
        if first or not after:
            return None
        return abs(after - (before or 0.0)) / abs(after)

    def total(self, key: SeriesKey, start: int, end: int) -> float | None:
        """Return the sum of the known values of [start, end).

        None if there are none, or if the series was read only from a time after
        `start`. A day known only as a sum counts only if it lies entirely in the span.
        """
        series = self._series.get(key)
        if series is None or series.since > start:
            return None
        parts = [
            value for value in self._parts(series, start, end) if value is not None
        ]
        return math.fsum(parts) if parts else None

    def known_until(self, key: SeriesKey) -> int:
        """Return the unix time up to which a series was read; 0 if it never was."""
        series = self._series.get(key)
        return series.until if series else 0

    def cut(self, now: float) -> None:
        """Cut series that end in the future: they were read while the clock was ahead.

        Values missing from such a reading may exist by now, and it may have summed days
        that were not over, so the series counts as not read.
        """
        for series in self._series.values():
            until = int(not_in_future(series.until, now))
            if until != series.until:
                series.until = until - until % QUARTER
                series.is_doubtful = True

    def covers(self, key: SeriesKey, start: int, end: int) -> bool:
        """Return whether a series was read for all of [start, end)."""
        series = self._series.get(key)
        return start >= end or (
            series is not None and series.since <= start and end <= series.until
        )

    def knows_sum(self, key: SeriesKey, start: int, end: int) -> bool:
        """Return whether `total` is the sum of all of [start, end).

        It is not if that span cuts a day that is known only as a sum.
        """
        series = self._series.get(key)
        return (
            series is not None
            and self.covers(key, start, end)
            and not any(
                isinstance(series.days.get(bounds.start), float) and part != bounds
                for bounds, part in self._days(start, end)
            )
        )

    def retain(self, needs: Mapping[SeriesKey, Need]) -> None:
        """Delete all other series, and the days of each series before its need."""
        for key in self._series.keys() - needs.keys():
            del self._series[key]
            self.revision += 1
        self._needs = needs
        midnights = {
            start: day_bounds(start, self.zone).start
            for start in {need.start for need in needs.values()}
        }
        for key, series in self._series.items():
            start = needs[key].start
            for midnight in [day for day in series.days if day < midnights[start]]:
                del series.days[midnight]
                self.revision += 1
            series.since = max(series.since, min(start, series.until))

    def as_dict(self) -> dict[str, dict[str, float | None]]:
        """Return the sums of finished days as JSON data."""
        return {
            str(key): sums
            for key, series in self._series.items()
            if (
                sums := {
                    str(midnight): day
                    for midnight, day in series.days.items()
                    if not isinstance(day, array)
                }
            )
        }

    def restore(self, stored: object) -> None:
        """Restore the result of `as_dict` up to the first missing day.

        Unreadable data is dropped and requested from the portal again.
        """
        for text, sums in as_mapping(stored).items():
            with suppress(*_UNREADABLE):
                self._restore_sums(SeriesKey.parse(text), as_mapping(sums))

    def _restore_sums(self, key: SeriesKey, sums: Mapping[str, object]) -> None:
        """Restore the sums of days. Raises ValueError if there are none."""
        days = {_midnight(text): total for text, total in sums.items()}
        since = min(days)
        series = _Series(since, since)
        for midnight, total in sorted(days.items(), key=itemgetter(0)):
            bounds = day_bounds(midnight, self.zone)
            if not bounds.start == midnight == series.until:
                # The day is from another time zone, or the previous day is missing.
                break
            try:
                series.days[midnight] = None if total is None else number(total)
            except ValueError:
                break
            series.until = bounds.end
        if series.days:
            self._series[key] = series

    def snapshot(self) -> Iterator[tuple[str, list[Any]]]:
        """Yield everything as JSON data: about 300 bytes per day and series.

        For each series: its key, and the start and end of the span that was read, and
        the quarter hours or sums of its days by local midnight.
        """
        for key, series in list(self._series.items()):
            yield (
                str(key),
                [
                    series.since,
                    series.until,
                    {
                        str(midnight): [_json(value) for value in day]
                        if isinstance(day, array)
                        else day
                        for midnight, day in series.days.items()
                    },
                ],
            )

    def restore_snapshot(self, stored: object) -> None:
        """Restore the result of `snapshot` unless it is from another time zone.

        A series is dropped if any part of it is unreadable.
        """
        for text, value in as_mapping(stored).items():
            with suppress(*_UNREADABLE):
                self._series[SeriesKey.parse(text)] = self._stored_series(value)

    def _stored_series(self, value: object) -> _Series:
        """Return a series of a snapshot. Raises one of `_UNREADABLE`."""
        since, until, days = list_of(anything)(value)
        if not (type(since) is type(until) is int and since <= until):
            raise ValueError
        for moment in (since, until):
            day_bounds(moment, self.zone)
        stored = mapping(anything)(days)
        return _Series(
            since,
            until,
            {
                (midnight := _midnight(text)): self._stored_day(midnight, day)
                for text, day in stored.items()
            },
        )

    def _stored_day(self, midnight: int, day: object) -> _Day:
        start, end = day_bounds(midnight, self.zone)
        if start != midnight:
            raise ValueError
        if not isinstance(day, list):
            return None if day is None else number(day)
        if len(day) != (end - start) // QUARTER:
            raise ValueError
        return array("d", [_GAP if value is None else number(value) for value in day])

    def _writable_day(
        self, series: _Series, bounds: Span, *, whole: bool
    ) -> array[float] | None:
        """Return the quarter hours of a day.

        None if only their sum is known and the response does not cover the `whole` day.
        """
        day = series.days.get(bounds.start)
        if isinstance(day, array):
            return day
        if bounds.start in series.days and not whole:
            return None
        fresh = array("d", [_GAP]) * ((bounds.end - bounds.start) // QUARTER)
        series.days[bounds.start] = fresh
        return fresh

    def _sum_finished_days(self, key: SeriesKey, series: _Series) -> None:
        """Replace the quarter hours of days that will not change with their sum."""
        need = self._needs.get(key)
        end = min(series.until - LATE, need.quarters if need else math.inf)
        for midnight, day in series.days.items():
            if isinstance(day, array) and day_bounds(midnight, self.zone).end <= end:
                series.days[midnight] = _sum(day)
                self.revision += 1

    def _quarter_hour(self, series: _Series, moment: int) -> float | None:
        midnight = day_bounds(moment, self.zone).start
        day = series.days.get(midnight)
        if not isinstance(day, array):
            return None
        index = (moment - midnight) // QUARTER
        return _sum(day[index : index + 1])

    def _parts(self, series: _Series, start: int, end: int) -> Iterator[float | None]:
        """Yield the sums of the days of [start, end)."""
        for bounds, part in self._days(start, end):
            day = series.days.get(bounds.start)
            if isinstance(day, array):
                first, last = ((moment - bounds.start) // QUARTER for moment in part)
                yield _sum(day[first:last])
            elif part == bounds:
                yield day

    def _days(self, start: int, end: int) -> Iterator[tuple[Span, Span]]:
        """Yield the local days of [start, end), and the part of each that is in it."""
        moment = start
        while moment < end:
            bounds = day_bounds(moment, self.zone)
            part = Span(moment, min(end, bounds.end))
            yield bounds, part
            moment = part.end


def _midnight(text: str) -> int:
    """Return the local midnight of a stored day. Raises ValueError."""
    return int(integer_key(text))


def _json(value: float) -> float | None:
    """Return a quarter hour's value in its shortest form; None for a gap."""
    if math.isnan(value):
        return None
    return int(value) if value.is_integer() else value


def _sum(values: array[float]) -> float | None:
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(known) if known else None
