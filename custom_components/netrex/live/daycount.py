"""How often something happened in the last 24 hours."""

from collections.abc import Callable
import time

_HOUR = 3600
_WINDOW = 24  # hours


class DayCount:
    """Counts in hourly buckets over a rolling day.

    The bucket that the window's edge cuts counts in full.

    Args:
        hours: Counts by number of the hour since the epoch; changed in place, so that
            its owner can store it. JSON has texts for keys.
        clock: Unix time in seconds.
    """

    def __init__(
        self, hours: dict[str, int], clock: Callable[[], float] = time.time
    ) -> None:
        """Go on with the counts of `hours`."""
        self._hours = hours
        self._clock = clock

    def record(self) -> None:
        """Count one, now."""
        hour = self._trim()
        self._hours[hour] = self._hours.get(hour, 0) + 1

    @property
    def total(self) -> int:
        """The count of the last 24 hours."""
        self._trim()
        return sum(self._hours.values())

    def _trim(self) -> str:
        """Drop the hours that are not in the window; return the present one."""
        now = int(self._clock() // _HOUR)
        for hour in tuple(self._hours):
            if not now - _WINDOW <= int(hour) <= now:
                del self._hours[hour]
        return str(now)
