"""Local days on the unix clock."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

# The portal stores every metric in quarter hours of the unix clock (API
# documentation, "Accessing KPI metrics"), seconds.
QUARTER = 900


@lru_cache(maxsize=4096)
def midnight(day: date, zone: tzinfo) -> int:
    """Return the unix time, in seconds, at which a local day begins.

    Where a change to summer time skips midnight it is the moment of the change; where
    one back repeats it, the first of the two.
    """
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def local_date(moment: float, zone: tzinfo) -> date:
    """Return the local date of a unix time."""
    return datetime.fromtimestamp(moment, UTC).astimezone(zone).date()


def day_bounds(moment: float, zone: tzinfo) -> tuple[int, int]:
    """Return begin and end of the local day around a unix time; 23 to 25 hours."""
    day = local_date(moment, zone)
    return midnight(day, zone), midnight(day + timedelta(days=1), zone)
