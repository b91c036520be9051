"""Schedules requests: spacing, priorities, shared requests, pauses (decision 0002).

The portal allows one query a second ("API Limit") and counts arrivals. Two requests
that start 1.1 s apart may arrive closer together if the first has to connect. So the
next request also waits until one second after the previous response, which proves the
arrival, but not longer than 3 s after the previous start.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
import logging
import time
from typing import Any

from .days import DAY
from .errors import NetrexBudgetError, NetrexConnectionError, NetrexRateLimitedError
from .lanes import Lane
from .ledger import Ledger

_LOGGER = logging.getLogger(__name__)

# All in seconds: from a response to the next start, and from a start without one.
_RESPONSE_GAP = 1.0
_NO_RESPONSE_GAP = 3.0
# Requests fail at once if a pause lasts longer.
_MAX_WAIT = 30.0
# Pauses after consecutive refusals, if the portal does not give a length.
_FIRST_PAUSE = 5.0
_MAX_PAUSE = 900.0
_MAX_ANNOUNCED_PAUSE = DAY
# Rounding must not cause a busy loop of near-zero sleeps.
_MIN_SLEEP = 0.001


@dataclass(eq=False, slots=True)
class _Job:
    """A request, queued or in flight, and the callers waiting for its result."""

    lane: Lane
    request: Callable[[], Coroutine[Any, Any, object]]
    key: Hashable | None
    waiters: list[asyncio.Future[Any]] = field(default_factory=list)
    task: asyncio.Task[object] | None = None
    started: float = 0.0


class Pacer:
    """Runs the requests of an account by priority, with the required spacing.

    Args:
        ledger: Counts requests and may forbid them.
        interval: Seconds between two starts; 0 disables spacing.
        clock: Monotonic time in seconds.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        interval: float = 1.1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.interval = interval
        self.ledger = ledger
        self._clock = clock
        # Dictionaries as ordered sets: jobs leave from the middle, too.
        self._queues: dict[Lane, dict[_Job, None]] = {lane: {} for lane in Lane}
        self._shared: dict[Hashable, _Job] = {}
        self._running: set[_Job] = set()
        self._last: _Job | None = None
        self._last_response: float | None = None
        self._dispatcher: asyncio.Task[None] | None = None
        self._dispatching = False
        self._sleeper: asyncio.Task[None] | None = None
        self._paused_until: float | None = None
        self._backoffs = 0
        self._backed_off_at = 0.0

    @property
    def retry_after(self) -> float | None:
        """Seconds until the current pause ends; None without one."""
        if self._paused_until is None:
            return None
        left = self._paused_until - self._clock()
        return left if left > 0 else None

    async def run[T](
        self,
        lane: Lane,
        request: Callable[[], Coroutine[Any, Any, T]],
        *,
        key: Hashable | None = None,
    ) -> T:
        """Run a request when its turn comes and return its result.

        Args:
            lane: Priority.
            request: Called once, when it may start. Its exceptions are raised here; a
                NetrexRateLimitedError also pauses all lanes.
            key: Concurrent callers with the same key share one request and its result,
                at the highest of their priorities.

        Raises:
            NetrexBudgetError: The ledger does not permit a request of the lane.
            NetrexRateLimitedError: All requests pause, for longer than 30 s.
            NetrexConnectionError: The pacer was cleared.
        """
        job = None if key is None else self._shared.get(key)
        if job is None:
            if (rejection := self._rejection(lane)) is not None:
                raise rejection
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
                self._remove_waiter(job, waiter)

    def pause(self, seconds: float) -> None:
        """Start no request for some seconds, or until a longer pause ends.

        Requests that would have to wait too long fail at once.
        """
        self._paused_until = max(self._clock() + seconds, self._paused_until or 0.0)
        for lane, queue in self._queues.items():
            if (rejection := self._rejection(lane)) is not None:
                for job in tuple(queue):
                    self._reject(job, rejection)
        self._wake()

    def back_off(self, retry_after: float | None = None) -> None:
        """Pause because the portal reported its limit.

        Args:
            retry_after: Seconds, if the portal gave them. Otherwise the pause doubles
                with each call until a request succeeds.
        """
        if not self._backoffs:
            _LOGGER.warning("The portal's limit is reached; pausing all queries")
        # Ignore refusals of requests that were already in flight.
        if self.retry_after is None:
            self._backoffs += 1
        self._backed_off_at = self._clock()
        if retry_after is None:
            factor = 2.0 ** min(self._backoffs - 1, 16)
            self.pause(min(_FIRST_PAUSE * factor, _MAX_PAUSE))
        else:
            self.pause(min(max(retry_after, self.interval), _MAX_ANNOUNCED_PAUSE))

    async def clear(self) -> None:
        """Fail all queued requests and cancel those in flight.

        The pacer stays usable and remembers its last start: the account's next setup
        must also keep the interval.
        """
        error = NetrexConnectionError("The account was unloaded")
        for job in tuple(chain(*self._queues.values())):
            self._reject(job, error)
        tasks = [job.task for job in self._running if job.task is not None]
        for job in self._running:
            _fail(job, error)
        for task in tasks:
            task.cancel()
        self._wake()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _rejection(self, lane: Lane) -> NetrexRateLimitedError | None:
        """Return the error for a request of a lane, None if it may wait its turn."""
        pause = self.retry_after
        if pause is not None and pause > _MAX_WAIT:
            return NetrexRateLimitedError(
                "The portal's limit is reached; all queries are paused",
                retry_after=pause,
            )
        if not self.ledger.permits(lane):
            return NetrexBudgetError(
                "The daily allowance of queries is used up",
                retry_after=self.ledger.retry_after(lane),
            )
        return None

    def _wake(self) -> None:
        """Wake the dispatcher, or start it if requests are queued."""
        if self._sleeper is not None:
            self._sleeper.cancel()
        elif not self._dispatching and any(self._queues.values()):
            # A flag, because an eager task runs before it can be assigned.
            self._dispatching = True
            self._dispatcher = asyncio.create_task(self._dispatch())

    async def _dispatch(self) -> None:
        """Start queued requests in order until the queues are empty."""
        try:
            while (job := self._next_job()) is not None:
                if (delay := self._delay()) <= 0:
                    self._start(job)
                    continue
                self._sleeper = asyncio.create_task(
                    asyncio.sleep(max(delay, _MIN_SLEEP))
                )
                try:
                    await asyncio.wait((self._sleeper,))
                finally:
                    self._sleeper.cancel()
                    self._sleeper = None
        finally:
            self._dispatching = False

    def _next_job(self) -> _Job | None:
        """Return the next request; reject those that the ledger no longer permits."""
        for lane, queue in self._queues.items():
            for job in tuple(queue):
                if (rejection := self._rejection(lane)) is None:
                    return job
                self._reject(job, rejection)
        return None

    def _delay(self) -> float:
        """Return the seconds until a request may start; at most 0 if it may now."""
        now = self._clock()
        due = self._paused_until or now
        if self.interval > 0 and self._last is not None:
            start = self._last.started
            arrived = start + _NO_RESPONSE_GAP
            if self._last_response is not None:
                arrived = min(self._last_response + _RESPONSE_GAP, arrived)
            due = max(due, start + self.interval, arrived)
        return due - now

    def _start(self, job: _Job) -> None:
        del self._queues[job.lane][job]
        job.started = self._clock()
        self._last = job
        self._last_response = None
        self._running.add(job)
        self.ledger.record(job.lane)
        job.task = asyncio.create_task(job.request())
        job.task.add_done_callback(partial(self._finish, job))

    def _finish(self, job: _Job, task: asyncio.Task[object]) -> None:
        """Pass the result to the callers and update the pauses."""
        self._running.discard(job)
        self._unshare(job)
        if task.cancelled():
            for waiter in job.waiters:
                waiter.cancel()
            return
        error = task.exception()
        if job is self._last and not isinstance(error, NetrexConnectionError):
            self._last_response = self._clock()
        if isinstance(error, NetrexRateLimitedError):
            self.back_off(error.retry_after)
        elif error is None and self._backoffs and job.started >= self._backed_off_at:
            self._backoffs = 0
            _LOGGER.info("The portal accepts queries again")
        if error is None:
            for waiter in job.waiters:
                if not waiter.done():
                    waiter.set_result(task.result())
        else:
            _fail(job, error)
        self._wake()

    def _remove_waiter(self, job: _Job, waiter: asyncio.Future[Any]) -> None:
        """Remove a caller; cancel the request if it was the last one."""
        job.waiters.remove(waiter)
        if job.waiters:
            return
        self._unshare(job)
        if job.task is not None:
            job.task.cancel()
        else:
            self._queues[job.lane].pop(job, None)
            self._wake()

    def _reject(self, job: _Job, error: Exception) -> None:
        """Remove a request from its queue and raise an error for its callers."""
        del self._queues[job.lane][job]
        self._unshare(job)
        _fail(job, error)

    def _unshare(self, job: _Job) -> None:
        """Prevent further callers from joining a request."""
        if job.key is not None and self._shared.get(job.key) is job:
            del self._shared[job.key]


def _fail(job: _Job, error: BaseException) -> None:
    for waiter in job.waiters:
        if not waiter.done():
            waiter.set_exception(error)
