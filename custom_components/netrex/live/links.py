"""Links for the relay: few queries, each link to one taker, a pace per stream."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import chain
import time

from ..client import (
    LinkRequest,
    LiveLink,
    NetrexAuthError,
    NetrexError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexRateLimitedError,
)
from ..relay.terms import EndReason, LinkError, LinkRefusal, SessionEnd
from ..relay.transports import Link

# Seconds to the next link after one, two, three … sessions in a row that failed. A
# single failure costs nothing: links expire, servers restart.
_DELAYS = (0.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0)
# Failures are forgotten after this long without another.
_MEMORY = 900.0
# People who look in and leave are no failure, but neither may a broken player take a
# link every few seconds for ever: a stream can take this many links in a row, and
# then one per interval (480 a day).
_BURST = 30
_REFILL = 180.0


class Pace:
    """The pace of one stream; `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._failed_at = 0.0
        self._tokens = float(_BURST)
        self._counted_at = clock()

    @property
    def wait(self) -> float:
        """Seconds until the next link may be taken; 0 if it may now."""
        return max(
            0.0,
            self._failed_at + self._delay - self._clock(),
            (1 - self._refilled()) * _REFILL,
        )

    def take(self) -> None:
        """Note that a link was taken."""
        self._tokens = self._refilled() - 1
        self._counted_at = self._clock()

    def failed(self) -> None:
        """Note that the attempt gave no picture worth the name."""
        now = self._clock()
        if now - self._failed_at > _MEMORY:
            self._failures = 0
        self._failures += 1
        self._failed_at = now

    def worked(self) -> None:
        """Note that there was a picture."""
        self._failures = 0

    @property
    def _delay(self) -> float:
        if not self._failures:
            return 0.0
        return _DELAYS[min(self._failures, len(_DELAYS)) - 1]

    def _refilled(self) -> float:
        passed = (self._clock() - self._counted_at) / _REFILL
        return min(float(_BURST), self._tokens + passed)


# What is wanted within this time goes into one query, such as a wall of cameras.
WINDOW = 0.05
# Enough for a wall; more would make an operation that the portal may refuse.
_MAX_BATCH = 50
# A player is kept waiting so long before it is told to come back later: FFmpeg gives
# up after 5 s in Home Assistant.
_PATIENCE = 3.0
# A link is valid for 30 s (API documentation, "Security of access to live stream");
# one whose taker left may still serve the next, if that connects at once.
_LINK_LIFE = 20.0
# A session with a picture for so long was not in vain.
_GOOD_SESSION = 10.0
_DEFAULT_RETRY = 10.0

# Kinds of client errors; subclasses come first.
_REFUSALS: tuple[tuple[type[NetrexError], LinkRefusal], ...] = (
    (NetrexNotFoundError, LinkRefusal.GONE),
    (NetrexPermissionError, LinkRefusal.FORBIDDEN),
    (NetrexAuthError, LinkRefusal.FORBIDDEN),
    (NetrexRateLimitedError, LinkRefusal.LIMITED),
    (NetrexError, LinkRefusal.UNAVAILABLE),
)

type FetchLinks = Callable[
    [Sequence[LinkRequest]], Awaitable[Mapping[LinkRequest, LiveLink | NetrexError]]
]


class LinkBroker:
    """Gives each taker a link of its own.

    Queries run one at a time; who comes while one runs is served by the next. A taker
    who leaves does not stop the query: it may have been sent, and its link serves the
    next taker of the same stream, such as the same player that tries again.

    Args:
        fetch: Asks the portal for several links by one query.
        resolve: Says what a stream's key stands for, or raises LinkError.
        on_error: Called with each error of a query, such as a refused token.
        clock: Monotonic time in seconds.
        sleep: Waits on the same clock.
    """

    def __init__(
        self,
        fetch: FetchLinks,
        resolve: Callable[[str], LinkRequest],
        *,
        on_error: Callable[[NetrexError], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._fetch = fetch
        self._resolve = resolve
        self._on_error = on_error
        self._clock = clock
        self._sleep = sleep
        self._paces: defaultdict[str, Pace] = defaultdict(lambda: Pace(clock))
        self._waiting: dict[LinkRequest, deque[asyncio.Future[Link]]] = {}
        # Who gets what the running query brings.
        self._asked: dict[LinkRequest, asyncio.Future[Link]] = {}
        self._spare: dict[LinkRequest, tuple[float, Link]] = {}
        self._runner: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Stop asking; takers who wait get a LinkError."""
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.wait([self._runner])

    async def get_link(self, stream_key: str) -> Link:
        """Return a link that nobody else has, to be used at once.

        Raises LinkError if there is none now.
        """
        request = self._resolve(stream_key)
        pace = self._paces[stream_key]
        if (wait := pace.wait) > _PATIENCE:
            raise LinkError(LinkRefusal.LIMITED, wait)
        if wait:
            await self._sleep(wait)
        made_at, spare = self._spare.pop(request, (0.0, None))
        if spare is not None and self._clock() - made_at < _LINK_LIFE:
            return spare
        pace.take()
        try:
            return await self._order(request)
        except LinkError as err:
            if err.refusal is not LinkRefusal.LIMITED:
                pace.failed()
            raise

    def ended(self, end: SessionEnd) -> None:
        """Learn how the use of a link went."""
        pace = self._paces[end.stream_key]
        if end.played_seconds >= _GOOD_SESSION:
            pace.worked()
        elif end.reason is EndReason.STOPPED or (
            # Somebody looked in and left.
            end.reason is EndReason.CLIENT and end.played_seconds
        ):
            return
        else:
            pace.failed()

    async def _order(self, request: LinkRequest) -> Link:
        taker: asyncio.Future[Link] = asyncio.get_running_loop().create_future()
        if (asked := self._asked.get(request)) is not None and asked.done():
            self._asked[request] = taker
        else:
            self._waiting.setdefault(request, deque()).append(taker)
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        return await taker

    async def _run(self) -> None:
        """Ask until nobody waits."""
        try:
            while self._waiting:
                await self._sleep(WINDOW)
                self._asked = self._next_batch()
                if self._asked:
                    self._deliver(await self._ask(tuple(self._asked)))
                self._asked = {}
        finally:
            left = [*self._asked.values(), *chain(*self._waiting.values())]
            self._asked, self._waiting = {}, {}
            for taker in left:
                if not taker.done():
                    taker.set_exception(LinkError(LinkRefusal.UNAVAILABLE))

    def _next_batch(self) -> dict[LinkRequest, asyncio.Future[Link]]:
        """Take one taker per stream out of the queue, in the order of their coming."""
        batch: dict[LinkRequest, asyncio.Future[Link]] = {}
        for request, takers in list(self._waiting.items()):
            if len(batch) == _MAX_BATCH:
                break
            while takers and request not in batch:
                if not (taker := takers.popleft()).done():
                    batch[request] = taker
            if not takers:
                del self._waiting[request]
        return batch

    async def _ask(
        self, requests: Sequence[LinkRequest]
    ) -> Mapping[LinkRequest, LiveLink | NetrexError]:
        try:
            return await self._fetch(requests)
        except NetrexError as err:
            return dict.fromkeys(requests, err)

    def _deliver(self, results: Mapping[LinkRequest, LiveLink | NetrexError]) -> None:
        errors: dict[type[NetrexError], NetrexError] = {}
        for request, taker in self._asked.items():
            result = results.get(request)
            if isinstance(result, LiveLink):
                link = Link(result.url, request.transport)
                if taker.done():
                    self._spare[request] = (self._clock(), link)
                else:
                    taker.set_result(link)
                continue
            if result is not None:
                errors[type(result)] = result
            if not taker.done():
                taker.set_exception(_link_error(result))
        if self._on_error is not None:
            for error in errors.values():
                self._on_error(error)


def _link_error(error: NetrexError | None) -> LinkError:
    """Say in the relay's words why the portal gave no link."""
    refusal = next(
        (kind for cls, kind in _REFUSALS if isinstance(error, cls)),
        LinkRefusal.UNAVAILABLE,
    )
    told = error.retry_after if isinstance(error, NetrexRateLimitedError) else None
    return LinkError(refusal, _DEFAULT_RETRY if told is None else told)
