"""How many requests the account has spent, and who may spend more.

The portal allows 10,000 requests a day ("API Limit") and does not say when its day
begins. A rolling window of 24 hours stays below the limit of every possible day.
"""

from collections import Counter
from collections.abc import Callable, Mapping
import time

from .days import HOUR
from .lanes import Lane
from .values import as_int, as_mapping

LIMIT = 10_000
DEFAULT_ALLOWANCE = 8_000

_WINDOW = 24  # hours
# Up to this share of the allowance nothing stretches and history may be filled in.
_COMFORT = 0.7
# Pollers leave the rest of the allowance to actions.
_POLLING = 0.95
_MAX_STRETCH = 10.0
# Hours from which the pace is taken, and how far it alone may stretch.
_PACE = 3
_FORECAST = 0.9

_SHARES = {
    Lane.COMMAND: 1.0,
    Lane.STATUS: _POLLING,
    Lane.KPI: _POLLING,
    Lane.BACKFILL: _COMFORT,
}
_POLLERS = tuple(lane.name.lower() for lane in (Lane.STATUS, Lane.KPI))
_UNKNOWN_LANE = "unknown"


class Ledger:
    """Counts requests in hourly buckets over a rolling day.

    The bucket that the window's edge cuts counts in full, so the sum is never too
    low. The buckets can be stored, so a restart does not empty them.

    Args:
        allowance: Requests a day that we may spend; the account may have other
            clients. Interactive requests may go on up to the portal's limit.
        clock: Unix time in seconds.
        hours: Counts by number of the hour since the epoch.
    """

    def __init__(
        self,
        *,
        allowance: int = DEFAULT_ALLOWANCE,
        clock: Callable[[], float] = time.time,
        hours: Mapping[int, int] | None = None,
    ) -> None:
        """Start with the counts of `hours`."""
        self._clock = clock
        self._hours: dict[int, Counter[str]] = {
            hour: Counter({_UNKNOWN_LANE: count})
            for hour, count in (hours or {}).items()
        }
        self._ahead_since: int | None = None
        self._restored = False
        self.allowance = allowance

    @property
    def allowance(self) -> int:
        """Requests a day that we may spend."""
        return self._allowance

    @allowance.setter
    def allowance(self, value: int) -> None:
        self._allowance = min(max(value, 1), LIMIT)

    def record(self, lane: Lane) -> None:
        """Count one request of a lane, now."""
        hour = self._trim()
        self._hours.setdefault(hour, Counter())[lane.name.lower()] += 1

    @property
    def used(self) -> int:
        """Requests of the last 24 hours."""
        self._trim()
        return sum(counts.total() for counts in self._hours.values())

    @property
    def used_by_lane(self) -> dict[Lane, int]:
        """Requests of the last 24 hours by lane."""
        self._trim()
        return {
            lane: sum(counts[lane.name.lower()] for counts in self._hours.values())
            for lane in Lane
        }

    @property
    def remaining(self) -> int:
        """What is left of the allowance."""
        return max(0, self._allowance - self.used)

    @property
    def stretch(self) -> float:
        """Factor, at least 1, by which pollers lengthen their intervals.

        It stays 1 in the comfortable part of the allowance and then grows the
        quicker the less is left. What counts is the day that has been, and the day
        to come if polling goes on as in the last hours: else the first hours of a
        day would be quick and the others empty.
        """
        used = max(self.used, min(self._forecast(), _FORECAST * self._allowance))
        over = used / self._allowance - _COMFORT
        left = 1 - over / (_POLLING - _COMFORT)
        return min(max(1.0, 1 / left), _MAX_STRETCH) if left > 0 else _MAX_STRETCH

    def permits(self, lane: Lane) -> bool:
        """Tell whether a request of the lane may be spent now."""
        return self.used < self._ceiling(lane)

    def retry_after(self, lane: Lane) -> float:
        """Return the seconds until the lane is permitted; 0 if it is now.

        Nothing but the passing of the oldest hours out of the window makes room.
        """
        used = self.used
        ceiling = self._ceiling(lane)
        now = self._clock()
        wait = 0.0
        for hour in sorted(self._hours):
            if used < ceiling:
                break
            used -= self._hours[hour].total()
            wait = (hour + _WINDOW + 1) * HOUR - now
        return max(wait, 0.0)

    def as_dict(self) -> dict[str, object]:
        """Return what is worth storing, fit for JSON."""
        self._trim()
        return {
            "hours": {str(hour): dict(c) for hour, c in sorted(self._hours.items())},
            "ahead_since": self._ahead_since,
        }

    def restore(self, stored: object) -> None:
        """Add what `as_dict` gave in an earlier run.

        Later calls add nothing: what is stored then has been counted here before. What
        cannot be read counts nothing.
        """
        if self._restored:
            return
        self._restored = True
        data = as_mapping(stored)
        for key, lanes in as_mapping(data.get("hours")).items():
            hour = as_int(key)
            counts = {
                lane: count
                for lane, value in as_mapping(lanes).items()
                if (count := as_int(value)) is not None and count > 0
            }
            if hour is not None and counts:
                self._hours.setdefault(hour, Counter()).update(counts)
        self._ahead_since = as_int(data.get("ahead_since"))

    def _ceiling(self, lane: Lane) -> int:
        """Return the sum below which the lane may spend."""
        if lane is Lane.INTERACTIVE:
            return LIMIT
        return max(1, int(self._allowance * _SHARES[lane]))

    def _forecast(self) -> float:
        """Return the requests of a day that polls at the present pace."""
        hour, begun = divmod(self._clock(), HOUR)
        polled = recent = 0
        for number, counts in self._hours.items():
            count = sum(counts[lane] for lane in _POLLERS)
            polled += count
            recent += count if number > hour - _PACE else 0
        pace = recent / (_PACE - 1 + begun / HOUR)
        return self.used - polled + pace * _WINDOW

    def _trim(self) -> int:
        """Drop the hours that have left the window; return the present hour.

        Hours in the future come from a clock that was set back. They are real
        requests, so they count, but for no longer than a window: else a clock that
        was years ahead once would block us for years.
        """
        now = int(self._clock() // HOUR)
        if max(self._hours, default=now) <= now:
            self._ahead_since = None
        elif self._ahead_since is None or self._ahead_since > now:
            self._ahead_since = now
        elif now - self._ahead_since > _WINDOW:
            self._ahead_since = None
            for hour in [hour for hour in self._hours if hour > now]:
                del self._hours[hour]
        for hour in [hour for hour in self._hours if hour < now - _WINDOW]:
            del self._hours[hour]
        return now
