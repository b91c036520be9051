"""One operation for what several callers want at the same time (decision D2)."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from itertools import chain, islice

from .errors import NetrexError, NetrexResponseError

# What is wanted within this time goes into one operation, in seconds.
_WINDOW = 0.05
# More would make an operation that the portal may refuse.
_MOST = 20


class Batcher[R: Hashable, V]:
    """Collects wishes and asks for them together.

    Operations run one at a time; who comes while one waits for its turn, or for its
    answer, is served by the next. So the more is wanted, the more goes into one.

    Args:
        ask: Asks for several wishes by one operation.
    """

    def __init__(
        self,
        ask: Callable[[Sequence[R]], Awaitable[Mapping[R, V | NetrexError]]],
    ) -> None:
        self._ask = ask
        self._waiting: dict[R, list[asyncio.Future[V]]] = {}
        self._asked: dict[R, list[asyncio.Future[V]]] = {}
        self._runner: asyncio.Task[None] | None = None

    async def get(self, wish: R) -> V:
        """Return what comes back for a wish; equal ones share it.

        Raises NetrexError as `ask` does, or gives it for this wish.
        """
        waiter: asyncio.Future[V] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(wish, []).append(waiter)
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        try:
            return await waiter
        finally:
            if self._runner and all(map(asyncio.Future.done, self._waiters())):
                # Nobody is left; what waits for its turn gives its place away. The
                # next wish must not rely on a task that is about to end.
                self._runner.cancel()
                self._runner, self._waiting, self._asked = None, {}, {}

    def _waiters(self) -> Iterable[asyncio.Future[V]]:
        return chain(*self._asked.values(), *self._waiting.values())

    async def _run(self) -> None:
        """Ask until nobody waits."""
        while self._waiting:
            await asyncio.sleep(_WINDOW)
            self._asked = {}
            for wish, waiters in islice(tuple(self._waiting.items()), _MOST):
                del self._waiting[wish]
                if not all(map(asyncio.Future.done, waiters)):
                    self._asked[wish] = waiters
            if self._asked:
                await self._serve()

    async def _serve(self) -> None:
        results: Mapping[R, V | NetrexError]
        try:
            results = await self._ask(tuple(self._asked))
        except NetrexError as err:
            results = dict.fromkeys(self._asked, err)
        for wish, waiters in self._asked.items():
            result = results.get(wish, NetrexResponseError("There is no answer"))
            for waiter in waiters:
                if waiter.done():
                    continue
                if isinstance(result, NetrexError):
                    waiter.set_exception(result)
                else:
                    waiter.set_result(result)
        self._asked = {}
