"""Places for a few at once, in a fair order."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from itertools import count

from ..client import Lane


class LaneSemaphore:
    """A semaphore with lanes: the best lane first, first come first served inside.

    Args:
        limit: How many at once.
        reserve: How many more if a person is waiting, so that playback never stands
            behind the downloads of automations.
    """

    def __init__(self, limit: int, reserve: int) -> None:
        self._limit = limit
        self._reserve = reserve
        self._taken = 0
        self._order = count()
        # Lanes are looked up anew: one may rise while it waits.
        self._waiting: dict[int, tuple[Callable[[], Lane], asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def take(self, lane: Callable[[], Lane]) -> AsyncGenerator[None]:
        """Hold a place; `lane` tells the priority whenever one becomes free."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        number = next(self._order)
        self._waiting[number] = (lane, turn)
        self.look()
        try:
            await turn
            yield
        finally:
            if self._waiting.pop(number, None) is None:
                self._taken -= 1
            self.look()

    def look(self) -> None:
        """Give free places away; also to be called when a lane rises."""
        for number, (lane, turn) in sorted(
            self._waiting.items(), key=lambda item: (item[1][0](), item[0])
        ):
            extra = self._reserve if lane() is Lane.INTERACTIVE else 0
            if self._taken >= self._limit + extra:
                return
            # Who was cancelled takes itself out of the row.
            if not turn.done():
                del self._waiting[number]
                self._taken += 1
                turn.set_result(None)
