"""Requests that a pacer runs in virtual time."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from custom_components.netrex.client import Ledger, Pacer

from .virtual_time import clock


class Requests:
    """Requests that record their start."""

    def __init__(self) -> None:
        self.starts: list[tuple[str, float]] = []
        self.finished: list[str] = []

    def make(
        self, name: str, seconds: float = 0.0, error: Exception | None = None
    ) -> Callable[[], Coroutine[Any, Any, str]]:
        """Return a request that returns its name, or fails, after some seconds."""

        async def request() -> str:
            self.starts.append((name, clock()))
            await asyncio.sleep(seconds)
            self.finished.append(name)
            if error is not None:
                raise error
            return name

        return request

    @property
    def names(self) -> list[str]:
        """Return the names of the started requests in order."""
        return [name for name, _ in self.starts]

    @property
    def times(self) -> list[float]:
        """Return the starts in seconds."""
        return [round(time, 3) for _, time in self.starts]


def make_pacer(ledger: Ledger | None = None, interval: float = 1.1) -> Pacer:
    """Return a pacer in virtual time."""
    return Pacer(ledger or Ledger(clock=clock), interval=interval, clock=clock)
