"""When a request may start, and which one (decision D1).

The portal allows one query a second ("API Limit") and counts arrivals. Two starts
1.1 s apart may still arrive closer together when the first had to connect, so the
next start also waits until the first is answered (an answer proves the arrival)
and a second has passed, but no longer than 3 s after the first start.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
import logging
import time
from typing import Any

from .days import DAY
from .errors import NetrexBudgetError, NetrexConnectionError, NetrexRateLimitedError
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
_LONGEST_TOLD_PAUSE = DAY
# Floating point must not turn the last wait into an endless row of tiny ones.
_SHORTEST_SLEEP = 0.001


@dataclass(eq=False, slots=True)
class _Job:
    """A request in the queue or in flight, and the callers who wait for it."""

    lane: Lane
    request: Callable[[], Awaitable[object]]
    key: Hashable | None
    waiters: list[asyncio.Future[Any]] = field(default_factory=list)
    task: asyncio.Task[object] | None = None
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
        self.interval = interval
        self.ledger = ledger
        self._clock = clock
        self._sleep = sleep
        # Dictionaries, because a caller in the middle may leave.
        self._queues: dict[Lane, dict[_Job, None]] = {lane: {} for lane in Lane}
        self._shared: dict[Hashable, _Job] = {}
        self._running: set[_Job] = set()
        self._last: _Job | None = None
        self._last_answered: float | None = None
        self._dispatcher: asyncio.Task[None] | None = None
        self._dispatching = False
        self._sleeper: asyncio.Future[None] | None = None
        self._paused_until: float | None = None
        self._refusals = 0
        self._refused_at = 0.0

    @property
    def retry_after(self) -> float | None:
        """Seconds until the present pause ends; None if there is none."""
        if self._paused_until is None:
            return None
        left = self._paused_until - self._clock()
        return left if left > 0 else None

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
            NetrexConnectionError: The pacer was cleared meanwhile.
        """
        job = None if key is None else self._shared.get(key)
        if job is None:
            if (refusal := self._refusal(lane)) is not None:
                raise refusal
            job = _Job(lane, request, key)
            self._queues[lane][job] = None
            if key is not None:
                self._shared[key] = job
        elif lane < job.lane and job in self._queues[job.lane]:
            del self._queues[job.lane][job]
            job.lane = lane
            self._queues[lane][job] = None
        waiter: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        job.waiters.append(waiter)
        self._wake()
        try:
            return await waiter
        finally:
            if not waiter.done() or waiter.cancelled():
                self._leave(job, waiter)

    def pause(self, seconds: float) -> None:
        """Start nothing for the next seconds; a longer pause stays.

        Callers who would have to wait too long are rejected at once, so that they
        can go on with what they have.
        """
        self._paused_until = max(self._clock() + seconds, self._paused_until or 0.0)
        for lane, queue in self._queues.items():
            if (refusal := self._refusal(lane)) is not None:
                for job in tuple(queue):
                    self._reject(job, refusal)
        self._wake()

    def refused(self, retry_after: float | None = None) -> None:
        """Pause after a refusal by the portal.

        Args:
            retry_after: Seconds, if the portal told; else the pause doubles with
                every refusal that no success has followed.
        """
        if not self._refusals:
            _LOGGER.warning("The portal's limit is reached; pausing all queries")
        if self.retry_after is None:  # not the echo of a request from before
            self._refusals += 1
        self._refused_at = self._clock()
        if retry_after is None:
            longer = 2.0 ** min(self._refusals - 1, 16)
            self.pause(min(_FIRST_PAUSE * longer, _LONGEST_PAUSE))
        else:
            self.pause(min(max(retry_after, self.interval), _LONGEST_TOLD_PAUSE))

    async def clear(self) -> None:
        """Reject all waiting callers and end what is in flight.

        The pacer stays usable and remembers its last start: the next owner of the
        account has to keep the distance, too.
        """
        for queue in self._queues.values():
            for job in tuple(queue):
                self._reject(job, _cleared_error())
        tasks = [job.task for job in self._running if job.task is not None]
        for job in tuple(self._running):
            _deliver(job, _cleared_error())
        for task in tasks:
            task.cancel()
        self._wake()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _refusal(self, lane: Lane) -> NetrexRateLimitedError | None:
        """Return why a request of a lane should not even wait."""
        pause = self.retry_after
        if pause is not None and pause > _PATIENCE:
            return NetrexRateLimitedError(
                "The portal's limit is reached; all queries pause", retry_after=pause
            )
        if not self.ledger.permits(lane):
            return NetrexBudgetError(
                "The daily allowance of queries is spent",
                retry_after=self.ledger.retry_after(lane),
            )
        return None

    def _wake(self) -> None:
        """Make the dispatcher look again, or start it if there is work."""
        if self._sleeper is not None:
            self._sleeper.cancel()
        elif not self._dispatching and any(self._queues.values()):
            # A flag, because an eager task runs before it could be remembered.
            self._dispatching = True
            self._dispatcher = asyncio.create_task(self._dispatch())

    async def _dispatch(self) -> None:
        """Start waiting requests in order until there is none left."""
        try:
            while (job := self._next()) is not None:
                if (wait := self._wait()) <= 0:
                    self._start(job)
                    continue
                self._sleeper = asyncio.ensure_future(
                    self._sleep(max(wait, _SHORTEST_SLEEP))
                )
                try:
                    await asyncio.wait((self._sleeper,))
                finally:
                    self._sleeper.cancel()
                    self._sleeper = None
        finally:
            self._dispatching = False

    def _next(self) -> _Job | None:
        """Return the request whose turn it is; reject what became unaffordable."""
        for lane, queue in self._queues.items():
            for job in tuple(queue):
                if (refusal := self._refusal(lane)) is None:
                    return job
                self._reject(job, refusal)
        return None

    def _wait(self) -> float:
        """Return the seconds until a request may start; not above 0 if it may now."""
        now = self._clock()
        due = self._paused_until or now
        if self.interval > 0 and self._last is not None:
            start = self._last.started
            arrived = start + _UNANSWERED_GAP
            if self._last_answered is not None:
                arrived = min(self._last_answered + _ANSWER_GAP, arrived)
            due = max(due, start + self.interval, arrived)
        return due - now

    def _start(self, job: _Job) -> None:
        del self._queues[job.lane][job]
        job.started = self._clock()
        self._last = job
        self._last_answered = None
        self._running.add(job)
        self.ledger.record(job.lane)
        job.task = asyncio.create_task(_call(job.request))
        job.task.add_done_callback(partial(self._finish, job))

    def _finish(self, job: _Job, task: asyncio.Task[object]) -> None:
        """Hand the answer to the callers and learn from it."""
        self._running.discard(job)
        self._forget(job)
        if task.cancelled():
            for waiter in job.waiters:
                waiter.cancel()
            return
        error = task.exception()
        if job is self._last and not isinstance(error, NetrexConnectionError):
            self._last_answered = self._clock()
        if isinstance(error, NetrexRateLimitedError):
            self.refused(error.retry_after)
        elif error is None and self._refusals and job.started >= self._refused_at:
            self._refusals = 0
            _LOGGER.info("The portal answers queries again")
        if error is None:
            for waiter in job.waiters:
                if not waiter.done():
                    waiter.set_result(task.result())
        else:
            _deliver(job, error)
        self._wake()

    def _leave(self, job: _Job, waiter: asyncio.Future[Any]) -> None:
        """Let one caller go; without callers the request is not wanted any more."""
        job.waiters.remove(waiter)
        if job.waiters:
            return
        self._forget(job)
        if job.task is not None:
            job.task.cancel()
        else:
            self._queues[job.lane].pop(job, None)
            self._wake()

    def _reject(self, job: _Job, error: Exception) -> None:
        """Take a waiting request out of its queue and tell its callers why."""
        del self._queues[job.lane][job]
        self._forget(job)
        _deliver(job, error)

    def _forget(self, job: _Job) -> None:
        """Let nobody join a request any more."""
        if job.key is not None and self._shared.get(job.key) is job:
            del self._shared[job.key]


async def _call(request: Callable[[], Awaitable[object]]) -> object:
    return await request()


def _deliver(job: _Job, error: BaseException) -> None:
    for waiter in job.waiters:
        if not waiter.done():
            waiter.set_exception(error)


def _cleared_error() -> NetrexConnectionError:
    return NetrexConnectionError("The account was closed")
