"""Schedules requests: spacing, priorities, shared requests, pauses (decision 0002).

The portal allows one query a second ("API Limit") and counts arrivals. Two requests
that start 1.1 s apart may arrive closer together if the first has to connect. So the
next request also waits until one second after the previous response, which proves the
arrival, but not longer than 3 s after the previous start.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Hashable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
import time
from typing import Any

from .backoff import BackOff
from .errors import NetrexBudgetError, NetrexConnectionError, NetrexRateLimitedError
from .lanes import Lane
from .ledger import Ledger

# All in seconds: from a response to the next start, and from a start without one.
_RESPONSE_GAP = 1.0
_NO_RESPONSE_GAP = 3.0
# Requests fail at once if a pause lasts longer.
_MAX_WAIT = 30.0
# Lanes whose requests are sent again once after a refusal: a caller waits for them.
_REPEATED = (Lane.INTERACTIVE, Lane.COMMAND)
# Rounding must not cause a busy loop of near-zero sleeps.
_MIN_SLEEP = 0.001


@dataclass(eq=False, slots=True)
class _Job:
    """A request, queued or in flight, and the callers waiting for its result.

    Attributes:
        repeated: Whether the portal refused it once before.
        is_turn: Whether another pacer sends the request.
        holds: Whether no other request may start.
    """

    lane: Lane
    request: Callable[[], Coroutine[Any, Any, object]]
    key: Hashable | None
    waiters: list[asyncio.Future[Any]] = field(default_factory=list)
    task: asyncio.Task[object] | None = None
    started: float = 0.0
    repeated: bool = False
    is_turn: bool = False
    holds: bool = False


class Pacer:
    """Runs the requests of an account by priority, with the required spacing.

    Args:
        ledger: Counts requests and may forbid them.
        interval: Seconds between two starts; 0 disables spacing.
        clock: Monotonic time in seconds.

    Attributes:
        interval: As given.
        ledger: As given.
        neighbors: Returns other pacers; each request also takes a turn of each. For
            requests whose account is not known yet.
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
        self.neighbors: Callable[[], Iterable[Pacer]] = tuple
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
        self._back_off = BackOff(clock)
        self._taking_turns = asyncio.Lock()

    @property
    def retry_after(self) -> float | None:
        """Seconds until the current pause ends; None without one."""
        return self._back_off.retry_after

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
            request: Called when it may start. Its exceptions are raised here; a
                NetrexRateLimitedError also pauses all lanes. For waiting users and for
                actions it is called once more, unless the pause is longer than 30 s.
            key: Concurrent callers with the same key share one request and its result,
                at the highest of their priorities.

        Raises:
            NetrexBudgetError: The ledger does not permit a request of the lane.
            NetrexRateLimitedError: All requests pause, for longer than 30 s.
            NetrexConnectionError: The pacer was cleared.
        """
        job = None if key is None else self._shared.get(key)
        if job is None:
            job = self._enqueue(_Job(lane, partial(self._send, lane, request), key))
            if key is not None:
                self._shared[key] = job
        elif lane < job.lane:
            if job in self._queues[job.lane]:
                del self._queues[job.lane][job]
                self._queues[lane][job] = None
            job.lane = lane
        waiter: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        job.waiters.append(waiter)
        self._wake()
        try:
            return await waiter
        finally:
            if not waiter.done() or waiter.cancelled():
                self._remove_waiter(job, waiter)

    @asynccontextmanager
    async def turn(self, lane: Lane) -> AsyncGenerator[Callable[[], None]]:
        """Take and count a turn for a request that another pacer sends.

        The caller calls the yielded function when it sends the request; until then,
        this pacer starts nothing. The block ends with the response.

        Raises:
            NetrexRateLimitedError: As in `run`.
            NetrexConnectionError: The pacer was cleared.
        """
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        ended = asyncio.Event()

        async def hold() -> None:
            if not granted.done():
                granted.set_result(None)
            await ended.wait()

        def sent() -> None:
            job.holds = False
            job.started = self._clock()
            self._wake()

        job = self._enqueue(_Job(lane, hold, None, is_turn=True, holds=True))
        job.waiters.append(granted)
        self._wake()
        try:
            await granted
            yield sent
        finally:
            job.holds = False
            ended.set()
            if job.task is None:
                self._remove_waiter(job, granted)

    def follow(self, other: Pacer) -> None:
        """Keep the spacing and the pause after the requests of another pacer."""
        if other._last is not None and (
            self._last is None or self._last.started < other._last.started
        ):
            self._last = other._last
            self._last_response = other._last_response
        if other.retry_after is not None:
            self.pause(other.retry_after)

    def pause(self, seconds: float) -> None:
        """Start no request for some seconds, or until a longer pause ends.

        Requests that would have to wait too long fail at once.
        """
        self._back_off.extend(seconds)
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
        self.pause(self._back_off.refusal_pause(retry_after, self.interval))

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

    def _enqueue(self, job: _Job) -> _Job:
        """Queue a job, or raise the error for its lane."""
        if (rejection := self._rejection(job.lane)) is not None:
            raise rejection
        self._queues[job.lane][job] = None
        return job

    def _rejection(self, lane: Lane) -> NetrexRateLimitedError | None:
        """Return the error for a request of a lane, None if it may wait its turn."""
        pause = self.retry_after
        if pause is not None and pause > _MAX_WAIT:
            return NetrexRateLimitedError(
                f"All queries are paused for {pause:.0f} s",
                retry_after=pause,
            )
        if not self.ledger.permits(lane):
            return NetrexBudgetError(
                f"{self.ledger.used} in 24 hours",
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
        if self._last is not None and self._last.holds:
            return _NO_RESPONSE_GAP
        now = self._clock()
        due = self._back_off.until or now
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

    async def _send[T](
        self, lane: Lane, request: Callable[[], Coroutine[Any, Any, T]]
    ) -> T:
        """Send a request in a turn of each neighbor."""
        if not (neighbors := list(self.neighbors())):
            return await request()
        # Paused ones first: the others are held while the request waits for them.
        neighbors.sort(key=lambda one: one.retry_after or 0.0, reverse=True)
        async with AsyncExitStack() as turns:
            sent = []
            # One request at a time: two could hold what the other one waits for.
            async with self._taking_turns:
                for pacer in neighbors:
                    # A cleared pacer sends nothing that could come too close.
                    with suppress(NetrexConnectionError):
                        sent.append(await turns.enter_async_context(pacer.turn(lane)))
            for note in sent:
                note()
            if self._last is not None:
                self._last.started = self._clock()
            return await request()

    def _finish(self, job: _Job, task: asyncio.Task[object]) -> None:
        """Pass the result to the callers and update the pauses."""
        self._running.discard(job)
        if task.cancelled():
            self._unshare(job)
            for waiter in job.waiters:
                waiter.cancel()
            self._wake()
            return
        error = task.exception()
        if job is self._last and not isinstance(error, NetrexConnectionError):
            self._last_response = self._clock()
        if isinstance(error, NetrexRateLimitedError) and not isinstance(
            error, NetrexBudgetError
        ):
            self.back_off(error.retry_after)
            if self._repeat(job):
                return
        self._unshare(job)
        if error is None:
            if not job.is_turn:
                self._back_off.accepted(job.started)
            for waiter in job.waiters:
                if not waiter.done():
                    waiter.set_result(task.result())
        else:
            _fail(job, error)
        self._wake()

    def _repeat(self, job: _Job) -> bool:
        """Queue a refused request again, ahead of the others; return whether it was."""
        if (
            job.repeated
            or job.lane not in _REPEATED
            or all(waiter.done() for waiter in job.waiters)
            or self._rejection(job.lane) is not None
        ):
            return False
        job.repeated, job.task = True, None
        self._queues[job.lane] = {job: None} | self._queues[job.lane]
        self._wake()
        return True

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
