"""When to read, and from where on."""

from hashlib import sha256

from ..client.days import QUARTER
from .quarters import LATE

_HOUR = 3600
# What a camera may have delivered since the reading before, seconds.
_RECENT = 2 * _HOUR
# Accounts of one portal begin within these seconds.
_SPREAD = 20


def first_needed(
    reach: tuple[int, int] | None, horizon: int, settled: int
) -> int | None:
    """Return from where on a series is to be read, None if it is up to date.

    A longer series costs no further query, so late data come along: those of the
    last two hours each time, those of 48 hours once an hour and after an outage.

    Args:
        reach: Since when and until when it was read.
        horizon: The first moment that any of its windows needs.
        settled: The end of what can be read.
    """
    if horizon >= settled:
        return None
    if reach is None or reach[0] > horizon or reach[1] < horizon:
        return horizon
    until = reach[1]
    if until >= settled:
        return None
    crosses_hour = until // _HOUR != settled // _HOUR
    return max(horizon, until - (LATE if crosses_hour else _RECENT))


def spread(account: str) -> int:
    """Return an account's own delay in seconds, the same at each start."""
    return sha256(account.encode()).digest()[0] * _SPREAD // 256


class SettlingDelay:
    """From the end of a quarter hour until its numbers are there: learned.

    Where the numbers of the quarter hour just read grow by the next reading, it came
    too early, and the delay becomes half as long again. After a day of readings in
    time it becomes a minute shorter.
    """

    SHORTEST = 60
    LONGEST = 600
    _FIRST = 120
    _LATE_SHARE = 0.25
    _QUIET = 24 * _HOUR // QUARTER

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = min(max(seconds or self._FIRST, self.SHORTEST), self.LONGEST)
        self._in_time = 0

    def learn(self, changes: list[float]) -> None:
        """Take how much each last known quarter hour has changed, as a share."""
        if not changes:
            return
        if sum(changes) / len(changes) > self._LATE_SHARE:
            self.seconds = min(self.seconds * 1.5, self.LONGEST)
            self._in_time = 0
            return
        self._in_time += 1
        if self._in_time >= self._QUIET:
            self._in_time = 0
            self.seconds = max(self.seconds - 60, self.SHORTEST)
