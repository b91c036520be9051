"""Local days on the unix clock; all times and lengths are in seconds."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

# The portal stores every metric in quarter hours of the unix clock (API
# documentation, "Accessing KPI metrics").
QUARTER = 900
HOUR = 3600
DAY = 24 * HOUR


class Span(NamedTuple):
    """The half-open range [start, end) of unix times."""

    start: int
    end: int


@lru_cache(maxsize=4096)
def midnight(day: date, zone: tzinfo) -> int:
    """Return the unix time at which a local day starts.

    If a change to summer time skips midnight, the day starts with the change; if a
    change back repeats midnight, it starts with the first of the two.
    """
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def local_date(moment: float, zone: tzinfo) -> date:
    """Return the local date of a unix time."""
    return datetime.fromtimestamp(moment, UTC).astimezone(zone).date()


def day_span(day: date, zone: tzinfo) -> Span:
    """Return a local day from midnight to midnight: 23 to 25 hours."""
    return Span(midnight(day, zone), midnight(day + timedelta(days=1), zone))


def day_bounds(moment: float, zone: tzinfo) -> Span:
    """Return the local day that contains a unix time."""
    return day_span(local_date(moment, zone), zone)


def local_instant(moment: datetime, zone: tzinfo, *, fold: int = 0) -> datetime:
    """Return the UTC time of a date and time.

    Args:
        moment: A time with its own time zone, or a local one.
        zone: The time zone of local times.
        fold: Which of two equal local times is meant: 0 the first, 1 the second. A time
            that a change of clocks skips becomes the moment of the change.
    """
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    first, second = (
        moment.replace(tzinfo=zone, fold=one).astimezone(UTC) for one in (0, 1)
    )
    if first <= second:
        return second if fold else first
    # The time is skipped: with the offset after the change it is before the change.
    offset = second.astimezone(zone).utcoffset()
    before, after = int(second.timestamp()), int(first.timestamp()) + 1
    while after - before > 1:
        middle = (before + after) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return datetime.fromtimestamp(after, UTC)


def local_range(
    start: datetime, end: datetime, zone: tzinfo
) -> tuple[datetime, datetime]:
    """Return the UTC times of two dates and times; see `local_instant`.

    Of two equal local times, the end is the second one if the first is too early.

    Raises:
        OverflowError: A time is in no year from 1 to 9999.
    """
    first, last = local_instant(start, zone), local_instant(end, zone)
    if last <= first:
        last = local_instant(end, zone, fold=1)
    return first, last


def not_in_future(moment: float, now: float) -> float:
    """Return a stored unix time, at most now: the clock may have been ahead.

    Every stored time is passed through this function at each use, because the clock may
    also be set back while Home Assistant runs. Otherwise work would count as done until
    the clock has caught up.
    """
    return min(moment, now)


def is_fresh(moment: float, now: float, lifetime: float) -> bool:
    """Return whether a stored unix time was within the last `lifetime` seconds.

    A time in the future comes from a clock that was ahead, so it says nothing.
    """
    return 0 <= now - moment < lifetime
