"""Still images at a low cost.

The portal has no documented still image, so one costs a link and a short live session.
That is too much for every request: a dashboard requests each camera's thumbnail every
ten seconds. In order of preference, a request gets a snapshot taken by the camera
itself if there is a camera access token, a frame of a running stream, a recent frame,
or a frame of a short session.
"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
import io
import logging
import math
import time
from typing import Any, NamedTuple

from homeassistant.components.stream import HLS_PROVIDER, Stream
from homeassistant.core import CoreState, HomeAssistant, callback
from PIL.Image import Image

_LOGGER = logging.getLogger(__name__)

# Requests without a size (automations, notifications) get an image of at most this age,
# or no image.
SNAPSHOT_AGE_SECONDS = 10.0
# Older thumbnails are shown once more while they are renewed. Multiplied as the daily
# allowance shrinks.
THUMBNAIL_AGE_SECONDS = 60.0
# The same for cameras that take snapshots, which cost uplink bandwidth but no queries.
CAMERA_THUMBNAIL_AGE_SECONDS = 30.0
_MAX_THUMBNAIL_AGE_SECONDS = 900.0
# Thumbnails requested within this time are renewed in one query.
RENEWAL_WINDOW_SECONDS = 2.0
# Home Assistant waits 10 s for an image.
_OPEN_TIMEOUT_SECONDS = 8.0
_READ_TIMEOUT_SECONDS = 4.0
# Each concurrent session occupies one of Home Assistant's 64 threads, for many seconds
# if the portal is slow. Not fewer, because sessions that start together share a query.
_MAX_SESSIONS = 32
# About 100 kB each.
_MAX_FRAMES = 200
_JPEG_QUALITY = 80

# Enough to find the first key frame without FFmpeg's five seconds of analysis. Not
# "nobuffer": it discards the analyzed data, and the next key frame is seconds away.
_OPTIONS = {
    "rtsp_transport": "tcp",
    "analyzeduration": "500000",
    "probesize": "500000",
}


class Size(NamedTuple):
    """Minimum size (pixels); 0: any."""

    width: int
    height: int


_ANY_SIZE = Size(0, 0)

# Takes a snapshot of a minimum size (None: full size) with the camera itself. Returns
# None on failure, within seconds.
type CameraSource = Callable[[str, Size | None], Awaitable[bytes | None]]


@dataclass(frozen=True, slots=True)
class _Frame:
    """An image and the size it was requested in; None: full size."""

    image: bytes
    taken_at: float  # monotonic seconds
    size: Size | None = None

    def covers(self, size: Size | None) -> bool:
        """Return whether the image is large enough; None: for full size."""
        return self.size is None or (
            size is not None
            and self.size.width >= size.width
            and self.size.height >= size.height
        )


class Stills:
    """Takes and keeps the still images of streams.

    Args:
        hass: Runs short sessions in its executor.
        url: Returns the address of a stream for a short session.
        stretch: Returns the factor (at least 1) for the age limit of thumbnails.
        camera: Takes snapshots with the cameras; None if that is not possible.
        clock: Returns monotonic time (seconds).
    """

    def __init__(
        self,
        hass: HomeAssistant,
        url: Callable[[str], str],
        *,
        stretch: Callable[[], float],
        camera: CameraSource | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hass = hass
        self._url = url
        self._stretch = stretch
        self._camera = camera
        self._clock = clock
        # The least recently used first.
        self._frames: OrderedDict[str, _Frame] = OrderedDict()
        # Running sessions and snapshots.
        self._sessions: dict[str, asyncio.Task[bytes | None]] = {}
        self._snapshots: dict[tuple[str, Size | None], asyncio.Task[bytes | None]] = {}
        self._semaphore = asyncio.Semaphore(_MAX_SESSIONS)
        self._tried_at: defaultdict[str, float] = defaultdict(lambda: -math.inf)
        self._to_renew: dict[str, Size | None] = {}
        self._renewal: asyncio.Task[None] | None = None

    async def async_stop(self) -> None:
        """Cancel all background tasks."""
        tasks: list[asyncio.Task[object]] = [
            *self._sessions.values(),
            *self._snapshots.values(),
        ]
        if self._renewal is not None:
            tasks.append(self._renewal)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def async_snapshot(self, key: str, stream: Stream | None) -> bytes | None:
        """Return a current image (JPEG); `stream` is Home Assistant's, if any."""
        return (
            await self._async_from_camera(key, None)
            or await self._async_from_stream(key, stream)
            or self._recent(key, SNAPSHOT_AGE_SECONDS)
            or await self._async_from_session(key, SNAPSHOT_AGE_SECONDS)
        )

    async def async_thumbnail(
        self, key: str, stream: Stream | None, size: Size | None = None
    ) -> bytes | None:
        """Return an image for a dashboard (JPEG), at least of the given size."""
        spacing = age = THUMBNAIL_AGE_SECONDS * self._stretch()
        if self._camera is not None:
            age = min(age, CAMERA_THUMBNAIL_AGE_SECONDS)
        if image := (
            await self._async_from_stream(key, stream) or self._recent(key, age, size)
        ):
            return image
        if image := self._recent(key, max(spacing, _MAX_THUMBNAIL_AGE_SECONDS), size):
            self._renew(key, size)
            return image
        return await self._async_take(key, spacing, size)

    def last(self, key: str) -> bytes | None:
        """Return the last image (JPEG) unless it is too old; does not take one."""
        return self._recent(key, _MAX_THUMBNAIL_AGE_SECONDS, _ANY_SIZE)

    def _recent(self, key: str, age: float, size: Size | None = None) -> bytes | None:
        frame = self._frames.get(key)
        if (
            frame is None
            or self._clock() - frame.taken_at > age
            or not frame.covers(size)
        ):
            return None
        self._frames.move_to_end(key)
        return frame.image

    def _keep(self, key: str, image: bytes, size: Size | None = None) -> bytes:
        self._frames[key] = _Frame(image, self._clock(), size)
        self._frames.move_to_end(key)
        if len(self._frames) > _MAX_FRAMES:
            self._frames.popitem(last=False)
        return image

    async def _async_from_stream(self, key: str, stream: Stream | None) -> bytes | None:
        """Return a frame of Home Assistant's stream if it is running.

        Only a segment proves that: requesting an image of a stopped stream would start
        it, and a stream that has just started still has the frame of its last run.
        """
        if stream is None or not stream.available:
            return None
        output = stream.outputs().get(HLS_PROVIDER)
        if output is None or output.last_segment is None:
            return None
        # None without the TurboJPEG library.
        image = await stream.async_get_image()
        return None if image is None else self._keep(key, image)

    @callback
    def _renew(self, key: str, size: Size | None) -> None:
        """Schedule a new image, together with those of other streams."""
        self._to_renew[key] = size
        if self._renewal is None or self._renewal.done():
            self._renewal = self._hass.async_create_background_task(
                self._async_renew_all(), "netrex thumbnails"
            )

    async def _async_renew_all(self) -> None:
        while self._to_renew:
            await asyncio.sleep(RENEWAL_WINDOW_SECONDS)
            batch, self._to_renew = self._to_renew, {}
            spacing = THUMBNAIL_AGE_SECONDS * self._stretch()
            await asyncio.gather(
                *(self._async_take(key, spacing, size) for key, size in batch.items())
            )

    async def _async_take(
        self, key: str, spacing: float, size: Size | None
    ) -> bytes | None:
        image = await self._async_from_camera(key, size)
        return image or await self._async_from_session(key, spacing)

    async def _async_from_camera(self, key: str, size: Size | None) -> bytes | None:
        """Return a snapshot; `CameraSource` limits retries."""
        camera = self._camera
        if camera is None or self._hass.state is not CoreState.running:
            return None

        async def take() -> bytes | None:
            image = await camera(key, size)
            return None if image is None else self._keep(key, image, size)

        return await self._async_share(self._snapshots, (key, size), take)

    async def _async_from_session(self, key: str, spacing: float) -> bytes | None:
        """Return a frame of a short session.

        None without a frame, or if the last try was less than `spacing` seconds ago.
        """
        if key not in self._sessions:
            now = self._clock()
            # Images that are requested while Home Assistant starts are not viewed.
            if (
                self._hass.state is not CoreState.running
                or now - self._tried_at[key] < spacing
            ):
                return None
            self._tried_at[key] = now

        async def take() -> bytes | None:
            async with self._semaphore:
                image = await self._hass.async_add_executor_job(grab, self._url(key))
            return None if image is None else self._keep(key, image)

        return await self._async_share(self._sessions, key, take)

    async def _async_share[K](
        self,
        tasks: dict[K, asyncio.Task[bytes | None]],
        key: K,
        take: Callable[[], Coroutine[Any, Any, bytes | None]],
    ) -> bytes | None:
        """Run `take`, or wait for the task of a concurrent call with the same key."""
        if (task := tasks.get(key)) is None:
            task = self._hass.async_create_background_task(take(), "netrex still")
            if not task.done():
                tasks[key] = task
                task.add_done_callback(lambda _: tasks.pop(key))
        # A canceled caller does not cancel the task for the others.
        return await asyncio.shield(task)


def grab(url: str) -> bytes | None:
    """Return the first key frame of a stream (JPEG), None without one. Blocks.

    The relay logs the cause of a failure.
    """
    import av  # noqa: PLC0415 - slow to load, and often not needed

    try:
        with av.open(
            url,
            options=_OPTIONS,
            timeout=(_OPEN_TIMEOUT_SECONDS, _READ_TIMEOUT_SECONDS),
        ) as container:
            video = container.streams.video[0]
            video.codec_context.skip_frame = "NONKEY"
            frame = next(container.decode(video))
            buffer = io.BytesIO()
            image: Image = frame.to_image()  # type: ignore[no-untyped-call]  # untyped in PyAV
            image.save(buffer, "JPEG", quality=_JPEG_QUALITY)
    except (av.FFmpegError, IndexError, StopIteration) as err:
        # The exception's text contains the address.
        _LOGGER.debug("No still image (%s)", type(err).__name__)
        return None
    return buffer.getvalue()
