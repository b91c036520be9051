"""The simulated cloud's clock."""

from collections.abc import Callable
import time
from typing import Self


class Clock:
    """A wall clock that can jump.

    By default it follows the machine's time; `Clock.virtual` stands still until it is
    moved, so that a test can go through a week in a second.
    """

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        """Read the time from `source`, which returns unix seconds."""
        self._source = source
        self._offset = 0.0

    @classmethod
    def virtual(cls, now: float) -> Self:
        """Return a clock that stands at `now` (unix seconds) until it jumps."""
        return cls(lambda: now)

    def now(self) -> float:
        """Return the time in unix seconds."""
        return self._source() + self._offset

    def jump(self, seconds: float) -> None:
        """Move the clock by this many seconds; a negative number moves it back."""
        self._offset += seconds
