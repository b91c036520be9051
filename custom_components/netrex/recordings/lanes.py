"""A semaphore whose waiters have priorities."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from itertools import count

from ..client import Lane


class LaneSemaphore:
    """A semaphore that serves the best lane first, and first come first served in it.

    Args:
        limit: How many can hold the semaphore at once.
        reserve: How many more can if they are interactive, so that playback never waits
            for the downloads of automations.
    """

    def __init__(self, limit: int, reserve: int) -> None:
        self._limit = limit
        self._reserve = reserve
        self._acquired = 0
        self._order = count()
        self._waiters: dict[int, tuple[Callable[[], Lane], asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def acquire(self, lane: Callable[[], Lane]) -> AsyncGenerator[None]:
        """Hold the semaphore; `lane` is called at each wake-up, since it can rise."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        number = next(self._order)
        self._waiters[number] = (lane, turn)
        self.wake_up()
        try:
            await turn
            yield
        finally:
            if self._waiters.pop(number, None) is None:
                self._acquired -= 1
            self.wake_up()

    def wake_up(self) -> None:
        """Wake up the next waiters; call this when a lane has risen."""
        for number, (lane, turn) in sorted(
            self._waiters.items(), key=lambda item: (item[1][0](), item[0])
        ):
            extra = self._reserve if lane() is Lane.INTERACTIVE else 0
            if self._acquired >= self._limit + extra:
                return
            # A canceled waiter removes itself.
            if not turn.done():
                del self._waiters[number]
                self._acquired += 1
                turn.set_result(None)
