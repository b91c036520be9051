"""Links for the relay: batched queries, one link per viewer, a pace per stream."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
import math
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
from ..client.batcher import Batcher
from ..relay.terms import EndReason, LinkError, LinkRefusal, SessionEnd
from ..relay.transports import Link

# Delay of the next link after one, two, three … consecutive failures (seconds). A
# single failure costs nothing: links expire, servers restart.
_DELAYS = (0.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0)
# Failures are forgotten after this time without another one.
_FAILURE_MEMORY_SECONDS = 900.0
# Viewers who leave early are not failures, but a broken player must not use a link
# every few seconds forever. So a stream gets this many links in a burst, then one per
# interval (480 a day).
_BURST = 30
_REFILL_SECONDS = 180.0
# Enough for a video wall; the portal may refuse larger operations.
_MAX_REQUESTS = 50
# Longer delays are reported to the player: Home Assistant's FFmpeg gives up after 5 s.
_MAX_WAIT_SECONDS = 3.0
# A link is valid for 30 s (API documentation, "Security of access to live stream"). If
# its requester has left, it is given to another one until this age.
_SPARE_LIFE_SECONDS = 20.0
# A session that played this long was successful.
_GOOD_SESSION_SECONDS = 10.0
_DEFAULT_RETRY_SECONDS = 10.0

# Neither the link nor the server is to blame.
_NO_FAILURES = frozenset({EndReason.STOPPED, EndReason.CHANGED})

# Subclasses come first.
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


class Pace:
    """The pace of one stream's links; `clock` returns monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._failed_at = 0.0
        self._tokens = float(_BURST)
        self._counted_at = clock()

    @property
    def wait_seconds(self) -> float:
        """Time until the next link may be requested."""
        delay = _DELAYS[min(self._failures, len(_DELAYS)) - 1] if self._failures else 0
        return max(
            0.0,
            self._failed_at + delay - self._clock(),
            (1 - self._refilled()) * _REFILL_SECONDS,
        )

    def take(self) -> None:
        """Count a link."""
        self._tokens = self._refilled() - 1
        self._counted_at = self._clock()

    def failed(self) -> None:
        """Count a failure."""
        now = self._clock()
        if now - self._failed_at > _FAILURE_MEMORY_SECONDS:
            self._failures = 0
        self._failures += 1
        self._failed_at = now

    def worked(self) -> None:
        """Forget the failures."""
        self._failures = 0

    def _refilled(self) -> float:
        refill = (self._clock() - self._counted_at) / _REFILL_SECONDS
        return min(float(_BURST), self._tokens + refill)


@dataclass(slots=True, eq=False)
class _Order:
    """A request for one link."""

    request: LinkRequest
    is_sent: bool = False
    fetched_at: float = math.inf
    task: asyncio.Task[Link] = field(init=False)


class LinkBroker:
    """Gives each viewer a link of its own.

    A viewer that leaves does not cancel an order that has been sent: its link goes to
    the next viewer of the same stream, such as a player that reconnects.

    Args:
        fetch: Requests several links in one query.
        resolve: Returns the request for a stream key, or raises LinkError.
        on_error: Called with the errors of a query, once per class.
        clock: Returns monotonic time (seconds).
    """

    def __init__(
        self,
        fetch: FetchLinks,
        resolve: Callable[[str], LinkRequest],
        *,
        on_error: Callable[[NetrexError], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._resolve = resolve
        self._on_error = on_error
        self._clock = clock
        self._paces: defaultdict[str, Pace] = defaultdict(lambda: Pace(clock))
        self._batcher = Batcher(
            self._send,
            max_requests=_MAX_REQUESTS,
            subject_of=lambda order: order.request,
        )
        # Sent orders whose viewer has left.
        self._spare: dict[LinkRequest, _Order] = {}

    async def close(self) -> None:
        """Cancel the orders; pending calls raise LinkError."""
        await self._batcher.close()

    async def get_link(self, stream_key: str) -> Link:
        """Return an unused link, to be used immediately. Raises LinkError."""
        request = self._resolve(stream_key)
        pace = self._paces[stream_key]
        if (wait_seconds := pace.wait_seconds) > _MAX_WAIT_SECONDS:
            raise LinkError(LinkRefusal.LIMITED, wait_seconds)
        if wait_seconds:
            await asyncio.sleep(wait_seconds)
        order = self._spare.pop(request, None)
        if order is None or self._clock() - order.fetched_at >= _SPARE_LIFE_SECONDS:
            pace.take()
            order = self._order(request)
        try:
            return await asyncio.shield(order.task)
        except asyncio.CancelledError:
            if order.is_sent:
                self._spare[request] = order
            else:
                order.task.cancel()
            raise
        except NetrexError as err:
            error = _link_error(err)
            if error.refusal is not LinkRefusal.LIMITED:
                pace.failed()
            raise error from None

    def ended(self, end: SessionEnd) -> None:
        """Record how a link was used."""
        pace = self._paces[end.stream_key]
        has_watched = end.reason is EndReason.CLIENT and end.played_seconds
        if end.played_seconds >= _GOOD_SESSION_SECONDS:
            pace.worked()
        elif end.reason not in _NO_FAILURES and not has_watched:
            pace.failed()

    def _order(self, request: LinkRequest) -> _Order:
        order = _Order(request)
        order.task = asyncio.create_task(self._get(order))

        def done(task: asyncio.Task[Link]) -> None:
            if task.cancelled() or task.exception() is not None:
                order.fetched_at = -math.inf

        order.task.add_done_callback(done)
        return order

    async def _get(self, order: _Order) -> Link:
        while True:
            if (link := await self._batcher.get(order)) is not None:
                return link

    async def _send(
        self, orders: Sequence[_Order]
    ) -> Mapping[_Order, Link | NetrexError | None]:
        """Request one link per stream; the other orders get None and are repeated."""
        sent: dict[LinkRequest, _Order] = {}
        for order in orders:
            sent.setdefault(order.request, order).is_sent = True
        try:
            results = await self._fetch(tuple(sent))
        except NetrexError as err:
            results = dict.fromkeys(sent, err)
        errors = {type(r): r for r in results.values() if isinstance(r, NetrexError)}
        for error in errors.values():
            self._on_error(error)
        answers: dict[_Order, Link | NetrexError | None] = dict.fromkeys(orders)
        for request, order in sent.items():
            order.fetched_at = self._clock()
            result = results.get(request, NetrexError("There is no link"))
            answers[order] = (
                Link(result.url, request.transport)
                if isinstance(result, LiveLink)
                else result
            )
        return answers


def _link_error(error: NetrexError) -> LinkError:
    """Return the relay's error for one of the client."""
    refusal = next(kind for cls, kind in _REFUSALS if isinstance(error, cls))
    retry_after = None
    if isinstance(error, NetrexRateLimitedError):
        retry_after = error.retry_after
    return LinkError(
        refusal, _DEFAULT_RETRY_SECONDS if retry_after is None else retry_after
    )
