"""How often a stream may have a new link, so that no player drains the day."""

from collections.abc import Callable

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
        """Start with everything allowed."""
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
