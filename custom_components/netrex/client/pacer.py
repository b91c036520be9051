"""When a request may start, and which one (decision D1).

The portal allows one query a second ("API Limit") and counts arrivals. Two starts
1.1 s apart may still arrive closer together when the first had to connect, so the
next start also waits until the first is answered (an answer proves the arrival)
and a second has passed, but no longer than 3 s after the first start.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
import logging
import time

from .errors import (
    NetrexBudgetError,
    NetrexConnectionError,
    NetrexError,
    NetrexRateLimitedError,
)
from .lanes import Lane
from .ledger import Ledger

__all__ = ["Lane", "Pacer"]

_LOGGER = logging.getLogger(__name__)

_ANSWER_GAP = 1.0
_UNANSWERED_GAP = 3.0
# Nobody waits in the queue longer than this for the end of a pause.
_PATIENCE = 30.0
_FIRST_PAUSE = 5.0
_LONGEST_PAUSE = 900.0
_LONGEST_TOLD_PAUSE = 86_400.0
# Floating point must not turn the last wait into an endless row of tiny ones.
_SHORTEST_SLEEP = 0.001


@dataclass(eq=False, slots=True)
class _Job:
    """A request in the queue or in flight, and the callers who share it."""

    lane: Lane
    request: Callable[[], Awaitable[object]]
    key: Hashable | None
    answer: asyncio.Future[object]
    sharers: int = 0
    task: asyncio.Task[None] | None = field(default=None)
    started: float = 0.0


class Pacer:
    """The one door to the portal: spacing, priorities, single flight, pauses.

    Args:
        ledger: Counts every start and may forbid it.
        interval: Seconds between two starts; 0 switches all spacing off.
        clock: Monotonic time in seconds.
        sleep: Waits on the same clock.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        interval: float = 1.1,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Start with an empty queue."""
        self.interval = interval
        self._ledger = ledger
        self._clock = clock
        self._sleep = sleep
        self._queues: dict[Lane, OrderedDict[_Job, None]] = {
            lane: OrderedDict() for lane in Lane
        }
        self._shared: dict[Hashable, _Job] = {}
        self._running: set[_Job] = set()
        self._dispatcher: asyncio.Task[None] | None = None
        self._sleeper: asyncio.Future[None] | None = None
        self._closed = False
        self._last_start: float | None = None
        self._last_answer: float | None = None
        self._paused_until: float | None = None
        self._refusals = 0
        self._refused_at = 0.0

    @property
    def ledger(self) -> Ledger:
        """The count of requests."""
        return self._ledger

    @property
    def retry_after(self) -> float | None:
        """Seconds until the present pause ends; None if there is none."""
        if self._paused_until is None:
            return None
        left = self._paused_until - self._clock()
        return left if left > 0 else None

    @property
    def waiting(self) -> int:
        """Number of requests that have not started."""
        return sum(len(queue) for queue in self._queues.values())

    async def run[T](
        self,
        lane: Lane,
        request: Callable[[], Awaitable[T]],
        *,
        key: Hashable | None = None,
    ) -> T:
        """Run a request when its turn comes and return its answer.

        Args:
            lane: Its priority.
            request: Called once, when it may start. Its errors go to the caller; a
                NetrexRateLimitedError pauses all lanes.
            key: Callers with the same key at the same time share one request and
                its answer, at the best of their priorities.

        Raises:
            NetrexBudgetError: The ledger does not permit a request of the lane.
            NetrexRateLimitedError: A pause is on and will last too long to wait.
            NetrexConnectionError: The pacer is closed.
        """
        raise NotImplementedError

    def pause(self, seconds: float) -> None:
        """Start nothing for the next seconds; a longer pause stays."""
        raise NotImplementedError

    def refused(self, retry_after: float | None = None) -> None:
        """Pause after a refusal: as told by the portal, else longer each time."""
        raise NotImplementedError

    async def close(self) -> None:
        """Reject all waiting callers, end what is in flight, refuse new requests."""
        raise NotImplementedError
