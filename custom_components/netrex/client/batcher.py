"""Batches concurrent requests into common operations (decision 0020)."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from itertools import chain, islice

from .errors import NetrexError, NetrexResponseError

# Requests that arrive within this time share an operation.
_WINDOW_SECONDS = 0.05


class Batcher[R: Hashable, V]:
    """Collects requests and sends them together.

    Operations run one at a time. Requests that arrive while one is queued or in
    flight go into the next, so the higher the load, the larger the operations.

    Args:
        send: Sends some requests in one operation; returns a result for each.
        max_requests: Requests per operation; the portal may refuse larger ones.
    """

    def __init__(
        self,
        send: Callable[[Sequence[R]], Awaitable[Mapping[R, V | NetrexError]]],
        *,
        max_requests: int = 20,
    ) -> None:
        self._send = send
        self._max_requests = max_requests
        self._waiting: dict[R, list[asyncio.Future[V]]] = {}
        self._in_flight: dict[R, list[asyncio.Future[V]]] = {}
        self._runner: asyncio.Task[None] | None = None

    async def get(self, request: R) -> V:
        """Return the result of a request; equal concurrent requests share it.

        Raises NetrexError if `send` raises it or returns it for this request.
        """
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
        results: Mapping[R, V | NetrexError]
        try:
            results = await self._send(tuple(self._in_flight))
        except NetrexError as err:
            results = dict.fromkeys(self._in_flight, err)
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
