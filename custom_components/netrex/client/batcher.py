"""Batches concurrent requests into common operations (decision 0020)."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from itertools import chain, islice

from .errors import NetrexError, NetrexRateLimitedError, NetrexResponseError

# Requests that arrive within this time share an operation.
_WINDOW_SECONDS = 0.05

# How long a request that failed its operation is kept apart from others.
_SEPARATE_SECONDS = 900.0


class Batcher[R: Hashable, V]:
    """Collects requests and sends them together.

    Operations run one at a time. Requests that arrive while one is queued or in
    flight go into the next, so the higher the load, the larger the operations.

    If an operation fails as a whole, its halves are tried, as long as one of two halves
    is answered. A request that fails alone gets operations of its own for a while, for
    which no other request waits (decision 0026).

    Args:
        send: Sends some requests in one operation; returns a result for each.
        max_requests: Requests per operation; the portal may refuse larger ones.
        subject_of: What a request is about, such as a camera; the request by default.
    """

    def __init__(
        self,
        send: Callable[[Sequence[R]], Awaitable[Mapping[R, V | NetrexError]]],
        *,
        max_requests: int = 20,
        subject_of: Callable[[R], Hashable] = lambda request: request,
    ) -> None:
        self._send = send
        self._subject_of = subject_of
        # By subject of a request that failed alone: its batcher, and until when.
        self._separate: dict[Hashable, tuple[Batcher[R, V], float]] = {}
        self._max_requests = max_requests
        self._waiting: dict[R, list[asyncio.Future[V]]] = {}
        self._in_flight: dict[R, list[asyncio.Future[V]]] = {}
        self._runner: asyncio.Task[None] | None = None

    async def get(self, request: R) -> V:
        """Return the result of a request; equal concurrent requests share it.

        Raises NetrexError if `send` raises it or returns it for this request.
        """
        subject = self._subject_of(request)
        if (found := self._separate.get(subject)) is not None:
            separate, until = found
            if asyncio.get_running_loop().time() < until:
                result = await separate.get(request)
                self._separate.pop(subject, None)
                return result
            del self._separate[subject]
        waiter: asyncio.Future[V] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(request, []).append(waiter)
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        try:
            return await waiter
        finally:
            if self._runner and all(map(asyncio.Future.done, self._waiters())):
                # The last caller is gone, so the operation is removed from the queue.
                # The next request must not rely on a task that is being canceled.
                self._runner.cancel()
                self._runner, self._waiting, self._in_flight = None, {}, {}

    async def close(self) -> None:
        """Cancel the operations; pending calls raise NetrexResponseError."""
        for separate, _ in self._separate.values():
            await separate.close()
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.wait([self._runner])
            self._fail_waiters()

    def _fail_waiters(self) -> None:
        for waiter in self._waiters():
            if not waiter.done():
                waiter.set_exception(NetrexResponseError("There is no result"))
        self._waiting, self._in_flight = {}, {}

    def _waiters(self) -> Iterable[asyncio.Future[V]]:
        return chain(*self._in_flight.values(), *self._waiting.values())

    async def _run(self) -> None:
        """Send requests until the queue is empty."""
        try:
            while self._waiting:
                await asyncio.sleep(_WINDOW_SECONDS)
                self._in_flight = {}
                for request in tuple(islice(self._waiting, self._max_requests)):
                    waiters = self._waiting.pop(request)
                    if not all(map(asyncio.Future.done, waiters)):
                        self._in_flight[request] = waiters
                if self._in_flight:
                    await self._send_batch()
        finally:
            # Waiters remain here only after an unexpected exception in `send`.
            if self._runner is asyncio.current_task():
                self._fail_waiters()

    async def _send_batch(self) -> None:
        requests = tuple(self._in_flight)
        results, error = await self._try_send(requests)
        # A reached limit concerns the account, and more operations would make it worse.
        is_limit = isinstance(error, NetrexRateLimitedError)
        if error is not None and not is_limit and len(requests) > 1:
            results |= await self._send_halves(requests)
        for request, waiters in self._in_flight.items():
            result = results.get(request, NetrexResponseError("There is no result"))
            for waiter in waiters:
                if waiter.done():
                    continue
                if isinstance(result, NetrexError):
                    waiter.set_exception(result)
                else:
                    waiter.set_result(result)
        self._in_flight = {}

    async def _send_halves(self, requests: tuple[R, ...]) -> dict[R, V | NetrexError]:
        """Return the results of requests that failed together, as far as there are any.

        If both halves fail, the portal most likely does not answer at all.
        """
        if len(requests) == 1:
            self._separate_request(requests[0])
            return {}
        middle = len(requests) // 2
        answers = [
            (half, *await self._try_send(half))
            for half in (requests[:middle], requests[middle:])
        ]
        results: dict[R, V | NetrexError] = {}
        for _, found, _ in answers:
            results |= found
        failed = [half for half, _, error in answers if error is not None]
        if len(failed) == 1:
            results |= await self._send_halves(failed[0])
        return results

    async def _try_send(
        self, requests: tuple[R, ...]
    ) -> tuple[dict[R, V | NetrexError], NetrexError | None]:
        """Return the results, and the error if the operation failed as a whole."""
        try:
            results = dict(await self._send(requests))
        except NetrexError as err:
            return dict.fromkeys(requests, err), err
        found = [result for result in results.values() if result is not None]
        error = found[0] if found else None
        if isinstance(error, NetrexError) and all(one is error for one in found):
            return results, error
        return results, None

    def _separate_request(self, request: R) -> None:
        until = asyncio.get_running_loop().time() + _SEPARATE_SECONDS
        batcher = Batcher(self._send, max_requests=self._max_requests)
        self._separate[self._subject_of(request)] = batcher, until
