"""Ledger of the account's requests and the quota of each lane.

The portal allows 10,000 requests a day ("API Limit") and does not document when that
day starts. A rolling window of 24 hours stays below the limit of every possible day.
"""

from collections.abc import Callable
import time

from .days import HOUR
from .hourly_counts import WINDOW_HOURS, HourlyCounts
from .lanes import Lane

LIMIT = 10_000
DEFAULT_ALLOWANCE = 8_000

# Up to this share of the allowance, intervals are not stretched and history may be
# filled in.
_COMFORT_SHARE = 0.7
# Polling leaves the rest of the allowance to actions.
_POLLING_SHARE = 0.95
_MAX_STRETCH = 10.0
# The forecast takes its pace from this many hours, and alone may count for at most
# this share of the allowance.
_PACE_HOURS = 3
_FORECAST_SHARE = 0.9

_SHARES = {
    Lane.COMMAND: 1.0,
    Lane.STATUS: _POLLING_SHARE,
    Lane.KPI: _POLLING_SHARE,
    Lane.BACKFILL: _COMFORT_SHARE,
}
_POLLING_LANES = (Lane.STATUS, Lane.KPI)


class Ledger:
    """Counts requests over a rolling day and decides which lanes may spend more.

    The counts can be stored, so that a restart does not reset them.

    Args:
        allowance: Requests a day that this client may make; the account may have
            other clients. Interactive requests may continue up to the portal's limit.
        clock: Unix time in seconds.
    """

    def __init__(
        self,
        *,
        allowance: int = DEFAULT_ALLOWANCE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._counts = HourlyCounts(clock)
        self._restored = False
        self.allowance = allowance

    @property
    def allowance(self) -> int:
        """Requests a day that this client may make."""
        return self._allowance

    @allowance.setter
    def allowance(self, value: int) -> None:
        self._allowance = min(max(value, 1), LIMIT)

    def record(self, lane: Lane) -> None:
        """Count one request of a lane now."""
        self._counts.record(_kind(lane))

    @property
    def used(self) -> int:
        """Requests of the last 24 hours."""
        return self._counts.total

    @property
    def used_by_lane(self) -> dict[Lane, int]:
        """Requests of the last 24 hours by lane."""
        hours = self._counts.by_hour.values()
        return {lane: sum(counts[_kind(lane)] for counts in hours) for lane in Lane}

    @property
    def remaining(self) -> int:
        """Requests left of the allowance."""
        return max(0, self._allowance - self.used)

    @property
    def stretch(self) -> float:
        """Factor, at least 1, by which polling intervals are lengthened.

        It stays 1 up to the comfortable share of the allowance and then grows faster
        the less of the allowance is left. It considers the past day and a forecast of
        the next one at the pace of the last hours; without the forecast, polling would
        be fast in the first hours of a day and starve in the others.
        """
        used = max(self.used, min(self._forecast(), _FORECAST_SHARE * self._allowance))
        over = used / self._allowance - _COMFORT_SHARE
        left = 1 - over / (_POLLING_SHARE - _COMFORT_SHARE)
        return min(max(1.0, 1 / left), _MAX_STRETCH) if left > 0 else _MAX_STRETCH

    def permits(self, lane: Lane) -> bool:
        """Return whether the lane may make a request now."""
        return self.used < self._quota(lane)

    def retry_after(self, lane: Lane) -> float:
        """Return the seconds until the lane may make a request; 0 if it may now.

        Quota is freed only when the oldest hours leave the window.
        """
        used = self.used
        quota = self._quota(lane)
        wait = 0.0
        for hour, counts in self._counts.by_hour.items():
            if used < quota:
                break
            used -= counts.total()
            wait = (hour + WINDOW_HOURS + 1) * HOUR - self._clock()
        return max(wait, 0.0)

    def as_dict(self) -> dict[str, object]:
        """Return the counts as JSON-serializable data."""
        return self._counts.as_dict()

    def restore(self, stored: object) -> None:
        """Add the result of `as_dict` from an earlier run; ignore unreadable data.

        Only the first call has an effect: later data includes counts of this run.
        """
        if not self._restored:
            self._restored = True
            self._counts.restore(stored)

    def _quota(self, lane: Lane) -> int:
        """Return the total below which the lane may make requests."""
        if lane is Lane.INTERACTIVE:
            return LIMIT
        return max(1, int(self._allowance * _SHARES[lane]))

    def _forecast(self) -> float:
        """Return the requests of a day at the current pace of polling."""
        current, elapsed = divmod(self._clock(), HOUR)
        polled = recent = 0
        for hour, counts in self._counts.by_hour.items():
            count = sum(counts[_kind(lane)] for lane in _POLLING_LANES)
            polled += count
            recent += count if hour > current - _PACE_HOURS else 0
        pace = recent / (_PACE_HOURS - 1 + elapsed / HOUR)
        return self.used - polled + pace * WINDOW_HOURS


def _kind(lane: Lane) -> str:
    return lane.name.lower()
