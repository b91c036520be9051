"""Which transport a camera's live view takes (decision 0021)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
import time

from ..client import LiveTransport

# From the most private on; plain RTSP, which is documented best, before its tunnels.
# `local` is left out: only the user knows whether the camera is in the same network.
PREFERENCE = (
    LiveTransport.RTSPWSS,
    LiveTransport.RTSPHS,
    LiveTransport.RTSP,
    LiveTransport.RTSPH,
    LiveTransport.RTSPWS,
)
# One failure may be a link that expired or a server that restarts.
_FAILURES_TO_AVOID = 2
# Seconds; the second time doubles it.
_FIRST_AVOIDANCE = 3600.0
_LONGEST_AVOIDANCE = 86_400.0


@dataclass(slots=True)
class _Experience:
    """How a transport fared with one camera since it last worked."""

    failures: int = 0
    avoid_until: float = 0.0


@dataclass(slots=True)
class TransportChoice:
    """Remembers per camera what works.

    Args:
        available: The transports that the portal has.
        pinned: The one that the user wants; None lets experience choose.
        clock: Monotonic time in seconds.
    """

    available: Callable[[], Collection[LiveTransport]]
    pinned: LiveTransport | None = None
    clock: Callable[[], float] = time.monotonic
    _experiences: dict[tuple[int, LiveTransport], _Experience] = field(
        default_factory=dict
    )

    def choose(self, camera_id: int) -> LiveTransport:
        """Return the transport to ask for: the most private one that is not avoided.

        If all are, the one whose time is over first. Plain RTSP is documented, so it
        is there even if the schema could not be read.
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
        """Learn that a picture came."""
        self._experiences.pop((camera_id, transport), None)

    def failed(self, camera_id: int, transport: LiveTransport) -> None:
        """Learn that a link was refused, or its server out of reach."""
        experience = self._experiences.setdefault((camera_id, transport), _Experience())
        experience.failures += 1
        rounds = experience.failures - _FAILURES_TO_AVOID
        if rounds >= 0:
            seconds = min(_FIRST_AVOIDANCE * 2.0 ** min(rounds, 16), _LONGEST_AVOIDANCE)
            experience.avoid_until = self.clock() + seconds

    def all_fail(self, camera_id: int) -> bool:
        """Tell whether every transport that could be taken is avoided."""
        if self.pinned is not None:
            return self._avoid_until(camera_id, self.pinned) > self.clock()
        return self._avoid_until(camera_id, self.choose(camera_id)) > self.clock()

    def _avoid_until(self, camera_id: int, transport: LiveTransport) -> float:
        experience = self._experiences.get((camera_id, transport))
        return experience.avoid_until if experience else 0.0
