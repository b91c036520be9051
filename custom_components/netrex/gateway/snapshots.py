"""Snapshots that the cameras take themselves, for still images."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
import logging
import math
import time

from ..client import (
    Camera,
    Capabilities,
    GatewayClient,
    NetrexCameraPermissionError,
    NetrexCameraTokenError,
    NetrexError,
    NetrexRateLimitedError,
)
from ..client.camera.parameters import read_snapshot
from .coordinator import MAX_LIMITED_CAMERAS

_LOGGER = logging.getLogger(__name__)

# Includes the wait for other calls to the camera. Home Assistant waits 10 s for an
# image, and the fallback, a short live view, needs part of that time.
_TIMEOUT_SECONDS = 4.0
# Pause of a camera after one, two, three … failures in a row.
_PAUSES_SECONDS = (30.0, 60.0, 120.0, 300.0, 900.0)
# The shortest pause of a camera that refused the token.
_REFUSED_PAUSE_SECONDS = 300.0
# Pause of a camera after a rate limit; of all cameras if it is the gateway's. Whether
# its calls count toward the portal's limit is not documented; if they do, still images
# must not use it up.
_LIMITED_PAUSE_SECONDS = 3600.0
# VAPIX compression of full images and thumbnails, 0 (best) to 100.
_COMPRESSION = 25
_THUMBNAIL_COMPRESSION = 40


@dataclass(slots=True)
class _Pause:
    failures: int = 0
    until: float = -math.inf
    limited_until: float = -math.inf


class Snapshots:
    """Takes snapshots, and pauses cameras that fail.

    Args:
        client: Calls the cameras.
        capabilities: Returns the capabilities of a camera by node id, if known.
        clock: Monotonic time in seconds.
    """

    def __init__(
        self,
        client: GatewayClient,
        capabilities: Callable[[int], Capabilities | None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._capabilities = capabilities
        self._clock = clock
        self._pauses: dict[int, _Pause] = {}
        self.taken = 0
        self.failed = 0

    async def async_take(
        self,
        camera: Camera,
        channel_id: int | None = None,
        width: int = 0,
        height: int = 0,
    ) -> bytes | None:
        """Return a JPEG of at least the given size in pixels.

        Returns None within seconds if the camera takes none, so that another source
        can be used; immediately while the camera is paused after a failure.
        """
        capabilities = self._capabilities(camera.node_id)
        view = _view(camera, channel_id, capabilities)
        pause = self._pauses.setdefault(camera.node_id, _Pause())
        if view is None or self._clock() < pause.until or self._all_limited():
            return None
        resolution = capabilities.resolution(width, height) if capabilities else None
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                image = await read_snapshot(
                    self._client,
                    camera.serial_number or "",
                    resolution=resolution,
                    compression=_THUMBNAIL_COMPRESSION
                    if width or height
                    else _COMPRESSION,
                    view=view,
                )
        except (NetrexError, TimeoutError) as err:
            self._failed(pause, err)
            return None
        pause.failures = 0
        self.taken += 1
        return image

    def _all_limited(self) -> bool:
        """Return whether so many cameras are limited that the gateway is."""
        now = self._clock()
        limited = sum(now < pause.limited_until for pause in self._pauses.values())
        return limited > MAX_LIMITED_CAMERAS

    def _failed(self, pause: _Pause, err: Exception) -> None:
        _LOGGER.debug("The camera takes no snapshot (%s)", type(err).__name__)
        self.failed += 1
        now = self._clock()
        if isinstance(err, NetrexRateLimitedError):
            seconds = max(_LIMITED_PAUSE_SECONDS, err.retry_after or 0)
            pause.until = pause.limited_until = now + seconds
            return
        seconds = _PAUSES_SECONDS[min(pause.failures, len(_PAUSES_SECONDS) - 1)]
        if isinstance(err, (NetrexCameraTokenError, NetrexCameraPermissionError)):
            seconds = max(seconds, _REFUSED_PAUSE_SECONDS)
        pause.until = now + seconds
        pause.failures += 1


def _view(
    camera: Camera, channel_id: int | None, capabilities: Capabilities | None
) -> int | None:
    """Return the number of the camera's view, counted from 1; None if unknown.

    How the portal's video channels map to the camera's views is not documented. The
    same order is assumed, but only if there are as many of both.
    """
    if channel_id is None:
        return 1
    channels = [channel.node_id for channel in camera.video_channels]
    if (
        capabilities is None
        or capabilities.views != len(channels) + 1
        or channel_id not in channels
    ):
        return None
    return channels.index(channel_id) + 2
