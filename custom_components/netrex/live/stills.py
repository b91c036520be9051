"""Still images that cost little.

The portal has no documented still image, so one costs a link and a short view. That
must not happen for every request: an open dashboard asks for each camera's thumbnail
every ten seconds. In order, a request gets a picture that the camera itself takes, if a
camera access token opens it, a frame of a stream that is open anyway, a frame taken a
moment ago, or a frame of a short view.
"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import io
import logging
import math
import time
from typing import NamedTuple

from homeassistant.components.stream import HLS_PROVIDER, Stream
from homeassistant.core import CoreState, HomeAssistant, callback
from PIL.Image import Image

_LOGGER = logging.getLogger(__name__)

# Ages in seconds. Who asks without a size (an automation, a notification) wants the
# picture of now, and gets none rather than an old one.
SNAPSHOT_AGE = 10.0
# Thumbnails are renewed this often while somebody looks, less often as the day's
# allowance shrinks. The one before is shown until then.
THUMBNAIL_AGE = 60.0
# The same where the camera itself takes them: that costs nothing of the allowance, but
# the camera's uplink has other things to carry, too.
CAMERA_THUMBNAIL_AGE = 30.0
_THUMBNAIL_SHOWN = 900.0
# Thumbnails that are due within this time are renewed by one query.
RENEWAL_WINDOW = 2.0
# Home Assistant waits 10 s for an image.
_OPEN_TIMEOUT = 8.0
_READ_TIMEOUT = 4.0
# Short views at a time: each holds a thread of Home Assistant's 64, for many seconds if
# the portal is slow. Not fewer, because those that begin together share a query.
_MAX_VIEWS = 32
# About 100 kB each.
_MAX_FRAMES = 200
_JPEG_QUALITY = 80

# Enough to find the first key picture, without FFmpeg's five seconds of analysis. Not
# "nobuffer": it throws away what was analysed, and the next key picture is seconds off.
_OPTIONS = {
    "rtsp_transport": "tcp",
    "analyzeduration": "500000",
    "probesize": "500000",
}


class Size(NamedTuple):
    """At least so many pixels are wanted; 0: any number."""

    width: int
    height: int


_ANY_SIZE = Size(0, 0)

# Takes the picture of now with the camera itself, at least in a size; without one in
# the camera's own. None if that gives none, within seconds.
type CameraSource = Callable[[str, Size | None], Awaitable[bytes | None]]


@dataclass(frozen=True, slots=True)
class _Frame:
    """A picture; its size is the one it was asked in, None for the stream's own."""

    image: bytes
    taken_at: float
    size: Size | None = None

    def covers(self, size: Size | None) -> bool:
        """Tell whether the picture is large enough; None is the largest."""
        return self.size is None or (
            size is not None
            and self.size.width >= size.width
            and self.size.height >= size.height
        )


class Stills:
    """The last still image of each stream.

    Args:
        hass: Short views run in its executor.
        url: Gives the address for a short view of a stream.
        stretch: Factor, at least 1, by which thumbnails are renewed less often.
        camera: Takes pictures with the cameras themselves; None if nothing may.
        clock: Monotonic time in seconds.
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
        self._views: dict[str, asyncio.Task[bytes | None]] = {}
        self._slots = asyncio.Semaphore(_MAX_VIEWS)
        self._tried_at: defaultdict[str, float] = defaultdict(lambda: -math.inf)
        self._calls: dict[tuple[str, Size | None], asyncio.Task[bytes | None]] = {}
        self._due: dict[str, Size | None] = {}
        self._renewal: asyncio.Task[None] | None = None

    async def async_stop(self) -> None:
        """End what runs in the background."""
        tasks: list[asyncio.Task[object]] = [
            *self._views.values(),
            *self._calls.values(),
        ]
        if self._renewal is not None:
            tasks.append(self._renewal)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def async_snapshot(self, key: str, stream: Stream | None) -> bytes | None:
        """Return the picture of now as JPEG; `stream` is Home Assistant's, if any."""
        return (
            await self._async_from_camera(key, None)
            or await self._async_from_stream(key, stream)
            or self._known(key, SNAPSHOT_AGE)
            or await self._async_view(key, SNAPSHOT_AGE)
        )

    async def async_thumbnail(
        self, key: str, stream: Stream | None, size: Size | None = None
    ) -> bytes | None:
        """Return a picture for a dashboard as JPEG, at least of the given size."""
        spacing = THUMBNAIL_AGE * self._stretch()
        age = spacing if self._camera is None else min(spacing, CAMERA_THUMBNAIL_AGE)
        if image := (
            await self._async_from_stream(key, stream) or self._known(key, age, size)
        ):
            return image
        if image := self._known(key, max(spacing, _THUMBNAIL_SHOWN), size):
            self._renew(key, size)
            return image
        return await self._async_take(key, spacing, size)

    def last(self, key: str) -> bytes | None:
        """Return the last picture as JPEG unless it is too old; asks for nothing."""
        return self._known(key, _THUMBNAIL_SHOWN, _ANY_SIZE)

    def _known(self, key: str, age: float, size: Size | None = None) -> bytes | None:
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

        Only a segment proves that: asking a stopped stream for an image would start
        it, and one that has just started still holds the frame of its last run.
        """
        if stream is None or not stream.available:
            return None
        output = stream.outputs().get(HLS_PROVIDER)
        if output is None or output.last_segment is None:
            return None
        # None without the TurboJPEG library.
        image = await stream.async_get_image()
        return image and self._keep(key, image)

    @callback
    def _renew(self, key: str, size: Size | None) -> None:
        """Take a new frame soon, together with others that are due."""
        self._due[key] = size
        if self._renewal is None or self._renewal.done():
            self._renewal = self._hass.async_create_background_task(
                self._async_renew_due(), "netrex thumbnails"
            )

    async def _async_renew_due(self) -> None:
        while self._due:
            await asyncio.sleep(RENEWAL_WINDOW)
            due, self._due = self._due, {}
            spacing = THUMBNAIL_AGE * self._stretch()
            await asyncio.gather(
                *(self._async_take(key, spacing, size) for key, size in due.items())
            )

    async def _async_take(
        self, key: str, spacing: float, size: Size | None
    ) -> bytes | None:
        """Have the camera take a picture, or take a frame of a short view."""
        return await self._async_from_camera(key, size) or await self._async_view(
            key, spacing
        )

    async def _async_from_camera(self, key: str, size: Size | None) -> bytes | None:
        """Return a picture that the camera takes, shared by all who want it now.

        The camera's side knows how long to leave alone one that gives none.
        """
        if self._camera is None or self._hass.state is not CoreState.running:
            return None
        wish = key, size
        if (call := self._calls.get(wish)) is None:
            call = self._hass.async_create_background_task(
                self._async_ask(self._camera, key, size), "netrex snapshot"
            )
            if not call.done():
                self._calls[wish] = call
                call.add_done_callback(lambda _: self._calls.pop(wish))
        return await asyncio.shield(call)

    async def _async_ask(
        self, camera: CameraSource, key: str, size: Size | None
    ) -> bytes | None:
        image = await camera(key, size)
        return image and self._keep(key, image, size)

    async def _async_view(self, key: str, spacing: float) -> bytes | None:
        """Take a frame by a short view, shared by all who want it now.

        None without a frame, or if the last try was less than `spacing` seconds ago.
        """
        if (view := self._views.get(key)) is None:
            now = self._clock()
            # While Home Assistant starts, nobody looks at what asks for images.
            if (
                self._hass.state is not CoreState.running
                or now - self._tried_at[key] < spacing
            ):
                return None
            self._tried_at[key] = now
            view = self._hass.async_create_background_task(
                self._async_grab(key), "netrex still"
            )
            if not view.done():
                self._views[key] = view
                view.add_done_callback(lambda _: self._views.pop(key))
        # A caller who gives up does not take it from the others.
        return await asyncio.shield(view)

    async def _async_grab(self, key: str) -> bytes | None:
        async with self._slots:
            image = await self._hass.async_add_executor_job(grab, self._url(key))
        return image and self._keep(key, image)


def grab(url: str) -> bytes | None:
    """Return the first key frame of a stream as JPEG. Blocks for seconds.

    None if there is no picture; why, the relay knows better than FFmpeg.
    """
    # Here, because PyAV's libraries take long to load and many never need a still.
    import av  # noqa: PLC0415 - slow to load

    try:
        with av.open(
            url, options=_OPTIONS, timeout=(_OPEN_TIMEOUT, _READ_TIMEOUT)
        ) as container:
            video = container.streams.video[0]
            video.codec_context.skip_frame = "NONKEY"
            frame = next(container.decode(video))
            buffer = io.BytesIO()
            image: Image = frame.to_image()  # type: ignore[no-untyped-call]  # PyAV's gap
            image.save(buffer, "JPEG", quality=_JPEG_QUALITY)
    except (av.FFmpegError, IndexError, StopIteration) as err:
        # Its text contains the address.
        _LOGGER.debug("No still image (%s)", type(err).__name__)
        return None
    return buffer.getvalue()
