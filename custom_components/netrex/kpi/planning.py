"""Decides when KPI series are read, and from which start time."""

from hashlib import sha256

from ..client.days import DAY, HOUR, QUARTER, Span
from .quarters import LATE

# Cameras may deliver values this late even without an outage (seconds).
_RECENT = 2 * HOUR
# The readings of all accounts of a portal are spread over this time (seconds).
_SPREAD = 20


def first_needed(reach: Span | None, horizon: int, settled: int) -> int | None:
    """Return the unix time from which to read a series; None if it is up to date.

    A longer span costs no additional query, so each reading repeats the last two hours
    to receive late values. Once an hour, or after an outage, it repeats the last 48
    hours.

    Args:
        reach: The span that was read before.
        horizon: The start of the longest window that needs the series.
        settled: The end of the last quarter hour that has settled.
    """
    if horizon >= settled:
        return None
    if reach is None or reach.start > horizon or reach.end < horizon:
        return horizon
    if reach.end >= settled:
        return None
    crosses_hour = reach.end // HOUR != settled // HOUR
    return max(horizon, reach.end - (LATE if crosses_hour else _RECENT))


def spread(account: str) -> int:
    """Return the delay of an account (seconds), which never changes."""
    return sha256(account.encode()).digest()[0] * _SPREAD // 256


class SettlingDelay:
    """The learned time from the end of a quarter hour until its values have settled.

    If the values of the last quarter hour have changed by the next reading, the first
    reading was too early, and the delay grows by half. After a day without such changes
    it shrinks by a minute.
    """

    SHORTEST = 60
    LONGEST = 600
    _FIRST = 120
    _LATE_SHARE = 0.25
    # Readings in a day.
    _DAY = DAY // QUARTER

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = min(max(seconds or self._FIRST, self.SHORTEST), self.LONGEST)
        self._in_time = 0

    def learn(self, changes: list[float]) -> None:
        """Adapt to the changes of the last known quarter hours, given as shares."""
        if not changes:
            return
        if sum(changes) / len(changes) > self._LATE_SHARE:
            self.seconds = min(self.seconds * 1.5, self.LONGEST)
            self._in_time = 0
            return
        self._in_time += 1
        if self._in_time >= self._DAY:
            self._in_time = 0
            self.seconds = max(self.seconds - 60, self.SHORTEST)
