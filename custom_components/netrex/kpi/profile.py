"""The week of a place: what is usual in each hour, learned from its own past.

Pure (decision 0031). All times are unix seconds.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import groupby
from statistics import median

from ..client.days import DAY, HOUR, Span, day_bounds, local_date, midnight

# The weeks from which the median of each hour is taken.
WEEKS = 8
# Hours to read, so that days that stay out leave enough others.
LEARNED_DAYS = 10 * 7
# The days that have to be known before the first profile.
_FIRST_DAYS = 7
# The weight of the usual numbers against those of today (visitors).
_SHRINKAGE = 20
# No forecast before so long after opening (seconds).
_EARLIEST_FORECAST = 2 * HOUR
# A place is open in hours with at least this share of the day's busiest hour, ...
_OPEN_SHARE = 0.05
# ... and at least so many visitors.
_OPEN_VISITORS = 0.5
_HOURS = 24


@dataclass(frozen=True, slots=True)
class WeekProfile:
    """The usual visitors of each hour of the week, Monday first."""

    hours: tuple[float, ...]
    zone: tzinfo

    def expected(self, start: int, end: int) -> float:
        """Return the visitors that are usual between two times."""
        return sum(
            self.hours[index] * seconds / HOUR
            for index, seconds in self._parts(start, end)
        )

    def _parts(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the hours of the week between two times, and the seconds of each."""
        moment = start
        while moment < end:
            local = datetime.fromtimestamp(moment, UTC).astimezone(self.zone)
            stop = min(end, moment // HOUR * HOUR + HOUR)
            yield local.weekday() * _HOURS + local.hour, stop - moment
            moment = stop

    def opening(self, day: date) -> Span | None:
        """Return the usual opening time of a day; None if it is usually closed."""
        first = day.weekday() * _HOURS
        hours = self.hours[first : first + _HOURS]
        least = max(_OPEN_VISITORS, _OPEN_SHARE * max(hours))
        open_hours = [hour for hour, value in enumerate(hours) if value >= least]
        if not open_hours:
            return None
        start, end = (
            datetime(day.year, day.month, day.day, tzinfo=self.zone)
            + timedelta(hours=hour)
            for hour in (open_hours[0], open_hours[-1] + 1)
        )
        return Span(int(start.timestamp()), int(end.timestamp()))

    def forecast(self, counted: float, until: int) -> float | None:
        """Return the visitors expected on the day that contains `until`.

        None on days without visitors so far, and early in the day, when the usual
        numbers are as good.

        Args:
            counted: The visitors of the day so far.
            until: The time up to which they are known.
        """
        day = day_bounds(until - 1, self.zone)
        opening = self.opening(local_date(until - 1, self.zone))
        if not counted or opening is None or until < opening.start + _EARLIEST_FORECAST:
            return None
        so_far = self.expected(day.start, until)
        rest = self.expected(until, day.end)
        return counted + rest * (counted + _SHRINKAGE) / (so_far + _SHRINKAGE)


def learn_profile(
    hours: Mapping[int, float], left_out: Collection[date], now: float, zone: tzinfo
) -> WeekProfile | None:
    """Return the profile of a place; None if too little is known.

    Days without any visitor, and days on which counting had stopped, are left out:
    they would teach that nobody comes.

    Args:
        hours: Visitors by the start of each hour.
        left_out: Days on which counting had stopped.
        now: The current time; today is not used.
        zone: The local time zone.
    """
    today = midnight(local_date(now, zone), zone)
    past = sorted((start, value) for start, value in hours.items() if start < today)
    if not past or past[0][0] > today - _FIRST_DAYS * DAY + HOUR:
        return None
    days: dict[int, list[Sequence[float]]] = defaultdict(list)
    for day, rows in groupby(past, lambda row: local_date(row[0], zone)):
        values = [0.0] * _HOURS
        for start, value in rows:
            # In the repeated hour of winter time, both count.
            values[datetime.fromtimestamp(start, UTC).astimezone(zone).hour] += value
        if day not in left_out and any(values):
            days[day.weekday()].append(values)
    if not days:
        return None
    return WeekProfile(
        tuple(
            median(values[hour] for values in known[-WEEKS:]) if known else 0.0
            for known in (days.get(weekday, []) for weekday in range(7))
            for hour in range(_HOURS)
        ),
        zone,
    )
