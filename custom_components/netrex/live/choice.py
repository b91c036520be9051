"""Selects the transport of a camera's live view (decision 0021)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
import time

from ..client import LiveTransport

# The most private first; plain RTSP, which is documented best, before its tunnels.
# `local` is omitted: only the user knows whether the camera is on the same network.
PREFERENCE = (
    LiveTransport.RTSPWSS,
    LiveTransport.RTSPHS,
    LiveTransport.RTSP,
    LiveTransport.RTSPH,
    LiveTransport.RTSPWS,
)
# A single failure may be an expired link or a restarting server.
_FAILURES_TO_AVOID = 2
# Doubled with each further failure.
_FIRST_AVOIDANCE_SECONDS = 3600.0
_MAX_AVOIDANCE_SECONDS = 86_400.0


@dataclass(slots=True)
class _Experience:
    """Failures of a transport with one camera since it last worked."""

    failures: int = 0
    avoid_until: float = 0.0


@dataclass(slots=True)
class TransportChoice:
    """Remembers per camera which transports work.

    Args:
        available: Returns the portal's transports.
        pinned: The transport that the user has selected; None for automatic.
        clock: Returns monotonic time (seconds).
    """

    available: Callable[[], Collection[LiveTransport]]
    pinned: LiveTransport | None = None
    clock: Callable[[], float] = time.monotonic
    _experiences: dict[tuple[int, LiveTransport], _Experience] = field(
        default_factory=dict
    )

    def choose(self, camera_id: int) -> LiveTransport:
        """Return the most private transport that is not avoided.

        If all are avoided, return the one whose avoidance ends first. Plain RTSP is
        documented, so it is available even if the schema could not be read.
        """
        if self.pinned is not None:
            return self.pinned
        available = {*self.available(), LiveTransport.RTSP}
        now = self.clock()
        return min(
            (transport for transport in PREFERENCE if transport in available),
            key=lambda transport: max(now, self._avoid_until(camera_id, transport)),
        )

    def worked(self, camera_id: int, transport: LiveTransport) -> None:
        """Record that a session had video."""
        self._experiences.pop((camera_id, transport), None)

    def failed(self, camera_id: int, transport: LiveTransport) -> None:
        """Record that a link was rejected or its server unreachable."""
        experience = self._experiences.setdefault((camera_id, transport), _Experience())
        experience.failures += 1
        excess = experience.failures - _FAILURES_TO_AVOID
        if excess >= 0:
            seconds = _FIRST_AVOIDANCE_SECONDS * 2.0 ** min(excess, 16)
            experience.avoid_until = self.clock() + min(seconds, _MAX_AVOIDANCE_SECONDS)

    def all_fail(self, camera_id: int) -> bool:
        """Return whether all possible transports are avoided."""
        return self._avoid_until(camera_id, self.choose(camera_id)) > self.clock()

    def _avoid_until(self, camera_id: int, transport: LiveTransport) -> float:
        experience = self._experiences.get((camera_id, transport))
        return experience.avoid_until if experience else 0.0
