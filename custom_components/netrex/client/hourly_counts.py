"""Event counts of the last 24 hours that survive restarts and clock changes."""

from collections import Counter
from collections.abc import Callable
import time

from .days import HOUR
from .values import as_int, as_mapping

WINDOW_HOURS = 24


class HourlyCounts:
    """Counts events by kind in hourly buckets over the last 24 hours.

    The oldest bucket counts in full, so the total is never too low. Buckets in the
    future come from a clock that was set back. Their events were real, so they count,
    but for at most one window: otherwise a clock that was once years ahead would keep
    its counts for years.

    Args:
        clock: Unix time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._hours: dict[int, Counter[str]] = {}
        self._ahead_since: int | None = None

    def record(self, kind: str = "") -> None:
        """Count one event now."""
        hour = self._trim()
        self._hours.setdefault(hour, Counter())[kind] += 1

    @property
    def total(self) -> int:
        """Events of the last 24 hours."""
        return sum(counts.total() for counts in self.by_hour.values())

    @property
    def by_hour(self) -> dict[int, Counter[str]]:
        """Counts by kind for each hour since the epoch, oldest first."""
        self._trim()
        return dict(sorted(self._hours.items()))

    def as_dict(self) -> dict[str, object]:
        """Return the counts as JSON-serializable data."""
        return {
            "hours": {str(hour): dict(counts) for hour, counts in self.by_hour.items()},
            "ahead_since": self._ahead_since,
        }

    def restore(self, stored: object) -> None:
        """Add the result of `as_dict` from an earlier run.

        Unreadable data are ignored. Plain counts by hour are also accepted.
        """
        data = as_mapping(stored)
        for key, value in as_mapping(data.get("hours", data)).items():
            hour = as_int(key)
            counts = {
                kind: count
                for kind, number in (as_mapping(value) or {"": value}).items()
                if (count := as_int(number)) is not None and count > 0
            }
            if hour is not None and counts:
                self._hours.setdefault(hour, Counter()).update(counts)
        self._ahead_since = as_int(data.get("ahead_since"))

    def _trim(self) -> int:
        """Drop the hours outside the window; return the current hour."""
        now = int(self._clock() // HOUR)
        if max(self._hours, default=now) <= now:
            self._ahead_since = None
        elif self._ahead_since is None or self._ahead_since > now:
            self._ahead_since = now
        elif now - self._ahead_since > WINDOW_HOURS:
            self._ahead_since = None
            self._hours = {h: c for h, c in self._hours.items() if h <= now}
        oldest = now - WINDOW_HOURS
        self._hours = {h: c for h, c in self._hours.items() if h >= oldest}
        return now
