"""Pictures that the cameras themselves take, for the still images."""

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

_LOGGER = logging.getLogger(__name__)

# Seconds, the camera's turn included. Home Assistant waits 10 s for an image, and a
# short view, which is taken without one, needs some of them.
_TIMEOUT = 4.0
# Seconds until a camera is tried again after one, two, three … failures in a row.
_DELAYS = (30.0, 60.0, 120.0, 300.0, 900.0)
# The same where no camera would give one: the token is refused.
_ALL_DELAY = 300.0
# Nobody knows whether the gateway's calls count on the portal's limit. Where they do,
# still images are not what they are for.
_LIMITED_DELAY = 3600.0
# Of the camera's scale from 0 (best) to 100: a full picture, a thumbnail.
_COMPRESSION = 25
_THUMBNAIL_COMPRESSION = 40


@dataclass(slots=True)
class _Pause:
    failures: int = 0
    until: float = -math.inf


class Snapshots:
    """Takes snapshots, and leaves alone for a while what gives none.

    Args:
        client: The way to the cameras.
        capabilities: What a camera is able to, by node id, as far as known.
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
        self._all_until = -math.inf
        self.taken = 0
        self.failed = 0

    async def async_take(
        self,
        camera: Camera,
        channel_id: int | None = None,
        width: int = 0,
        height: int = 0,
    ) -> bytes | None:
        """Return the picture of now as JPEG, at least of the given size in pixels.

        None within seconds if there is none: other sources are asked then. Nothing is
        sent if the last try failed a moment ago.
        """
        capabilities = self._capabilities(camera.node_id)
        view = _view(camera, channel_id, capabilities)
        pause = self._pauses.setdefault(camera.node_id, _Pause())
        now = self._clock()
        if view is None or now < max(self._all_until, pause.until):
            return None
        resolution = capabilities.resolution(width, height) if capabilities else None
        try:
            async with asyncio.timeout(_TIMEOUT):
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

    def _failed(self, pause: _Pause, err: Exception) -> None:
        _LOGGER.debug("No snapshot (%s)", type(err).__name__)
        self.failed += 1
        now = self._clock()
        if isinstance(err, NetrexRateLimitedError):
            self._all_until = now + max(_LIMITED_DELAY, err.retry_after or 0)
        elif isinstance(err, (NetrexCameraTokenError, NetrexCameraPermissionError)):
            self._all_until = now + _ALL_DELAY
        pause.until = now + _DELAYS[min(pause.failures, len(_DELAYS) - 1)]
        pause.failures += 1


def _view(
    camera: Camera, channel_id: int | None, capabilities: Capabilities | None
) -> int | None:
    """Return which of the camera's pictures it is, counted from 1; None: unknown.

    Nothing documents how the portal's video channels follow the camera's pictures. In
    the same order is the likely way, and only where they are equally many.
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
