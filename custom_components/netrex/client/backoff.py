"""Pauses after refusals by the portal: how long, and what is logged."""

from collections.abc import Callable
import logging

from .days import DAY, HOUR, QUARTER

_LOGGER = logging.getLogger(__name__)

# Seconds until an item is requested again, by number of consecutive errors; the last
# value applies to all further errors.
ITEM_DELAYS = (QUARTER, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR)

# Pauses in seconds after consecutive refusals, if the portal does not give a length.
_FIRST_PAUSE = 5.0
_MAX_PAUSE = 900.0
_MAX_ANNOUNCED_PAUSE = DAY
# Refusals that follow each other sooner are one episode in the log: another client of
# the account may cause one every few seconds.
_QUIET_SECONDS = 600.0


class BackOff:
    """The current pause of an account's requests.

    Args:
        clock: Monotonic time in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.until: float | None = None
        self._refusals = 0
        self._refused_at = 0.0
        self._in_episode = False

    @property
    def retry_after(self) -> float | None:
        """Seconds until the current pause ends; None without one."""
        if self.until is None:
            return None
        left = self.until - self._clock()
        return left if left > 0 else None

    def extend(self, seconds: float) -> None:
        """Pause for some seconds, unless a longer pause is in effect."""
        self.until = max(self._clock() + seconds, self.until or 0.0)

    def refusal_pause(self, announced: float | None, interval: float) -> float:
        """Note a refusal and return the length of its pause in seconds.

        Args:
            announced: Seconds, if the portal gave them. Otherwise the pause doubles
                with each call until a request is accepted.
            interval: The shortest pause in seconds.
        """
        if not self._in_episode:
            self._in_episode = True
            _LOGGER.warning("The portal's limit is reached; pausing all queries")
        # Ignore refusals of requests that were already in flight.
        if self.retry_after is None:
            self._refusals += 1
        self._refused_at = self._clock()
        if announced is not None:
            return min(max(announced, interval), _MAX_ANNOUNCED_PAUSE)
        factor = 2.0 ** min(self._refusals - 1, 16)
        return min(_FIRST_PAUSE * factor, _MAX_PAUSE)

    def accepted(self, started: float) -> None:
        """Note that the portal accepted a request, and when that request started."""
        # Ignore requests that started before the refusal.
        if started >= self._refused_at:
            self._refusals = 0
        if self._in_episode and self._clock() - self._refused_at >= _QUIET_SECONDS:
            self._in_episode = False
            _LOGGER.info("The portal accepts queries again")
