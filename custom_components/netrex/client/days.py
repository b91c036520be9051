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


def not_in_future(moment: float, now: float) -> float:
    """Return a stored unix time, at most now: the clock may have been ahead.

    Every stored time is passed through this function at each use, because the clock may
    also be set back while Home Assistant runs. Otherwise work would count as done until
    the clock has caught up.
    """
    return min(moment, now)
