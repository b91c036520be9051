"""The portal's rate limit: queries per second and per day, for each account."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from .clock import Clock
from .switches import Switches

_DAY = 86_400


@dataclass(slots=True)
class _Account:
    """One account's arrivals, and the time before which the next is too early."""

    arrived_at: float = 0.0
    free_at: float = 0.0
    arrivals: deque[tuple[float, int]] = field(default_factory=deque)
    used: int = 0


class Limiter:
    """Counts arrivals, as strictly as the documentation can be read.

    The interval after a query is `query_interval` times its cost; a query that arrives
    within the interval of the previous one is refused.
    """

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self._clock = clock
        self._switches = switches
        self._accounts: dict[str, _Account] = {}

    def admit(self, account: str, cost: int = 1) -> bool:
        """Count a query that arrives now; return whether it is answered."""
        switches = self._switches
        if not switches.rate_limit:
            return True
        now = self._clock.now()
        state = self._accounts.setdefault(account, _Account())
        self._forget(state, now)
        # Before the last arrival the clock was moved back: this is not too early.
        spaced = now >= state.free_at or now < state.arrived_at
        admitted = spaced and state.used + cost <= switches.daily_queries
        if admitted or switches.refused_count:
            state.arrived_at = now
            state.free_at = now + switches.query_interval * cost
            state.arrivals.append((now, cost))
            state.used += cost
        return admitted

    def used(self, account: str) -> int:
        """Return the number of queries that count toward the account's day."""
        state = self._accounts.get(account)
        if state is None:
            return 0
        self._forget(state, self._clock.now())
        return state.used

    def _forget(self, state: _Account, now: float) -> None:
        start = self._day_start(now)
        while state.arrivals and state.arrivals[0][0] < start:
            state.used -= state.arrivals.popleft()[1]

    def _day_start(self, now: float) -> float:
        if self._switches.limit_day == "rolling":
            return now - _DAY
        local = self._switches.limit_day == "local"
        zone = ZoneInfo(self._switches.time_zone) if local else UTC
        today = datetime.fromtimestamp(now, zone)
        return today.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
