"""Still images that cost little.

The portal has no documented still image, so one costs a link and a short view. That
must not happen for every request: an open dashboard asks for each camera's thumbnail
every ten seconds. In order, a request gets a frame of a stream that is open anyway, a
frame taken a moment ago, or a frame of a short view.
"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
import io
import logging
import math
import time

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
_THUMBNAIL_SHOWN = 900.0
# Thumbnails that are due within this time are renewed by one query.
RENEWAL_WINDOW = 2.0
# Home Assistant waits 10 s for an image.
_OPEN_TIMEOUT = 8.0
_READ_TIMEOUT = 4.0
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


@dataclass(frozen=True, slots=True)
class _Frame:
    image: bytes
    taken_at: float


class Stills:
    """The last still image of each stream.

    Args:
        hass: Short views run in its executor.
        url: Gives the address for a short view of a stream.
        stretch: Factor, at least 1, by which thumbnails are renewed less often.
        clock: Monotonic time in seconds.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        url: Callable[[str], str],
        *,
        stretch: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start without images."""
        self._hass = hass
        self._url = url
        self._stretch = stretch
        self._clock = clock
        # The least recently used first.
        self._frames: OrderedDict[str, _Frame] = OrderedDict()
        self._views: dict[str, asyncio.Task[bytes | None]] = {}
        self._tried_at: defaultdict[str, float] = defaultdict(lambda: -math.inf)
        self._due: set[str] = set()
        self._renewal: asyncio.Task[None] | None = None

    async def async_stop(self) -> None:
        """End what runs in the background."""
        tasks: list[asyncio.Task[object]] = [*self._views.values()]
        if self._renewal is not None:
            tasks.append(self._renewal)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def async_snapshot(self, key: str, stream: Stream | None) -> bytes | None:
        """Return the picture of now as JPEG; `stream` is Home Assistant's, if any."""
        return (
            await self._async_from_stream(key, stream)
            or self._known(key, SNAPSHOT_AGE)
            or await self._async_view(key, SNAPSHOT_AGE)
        )

    async def async_thumbnail(self, key: str, stream: Stream | None) -> bytes | None:
        """Return a picture for a dashboard as JPEG."""
        spacing = THUMBNAIL_AGE * self._stretch()
        if image := (
            await self._async_from_stream(key, stream) or self._known(key, spacing)
        ):
            return image
        if image := self._known(key, max(spacing, _THUMBNAIL_SHOWN)):
            self._renew(key)
            return image
        return await self._async_view(key, spacing)

    def last(self, key: str) -> bytes | None:
        """Return the last picture as JPEG unless it is too old; asks for nothing."""
        return self._known(key, _THUMBNAIL_SHOWN)

    def _known(self, key: str, age: float) -> bytes | None:
        frame = self._frames.get(key)
        if frame is None or self._clock() - frame.taken_at > age:
            return None
        self._frames.move_to_end(key)
        return frame.image

    def _keep(self, key: str, image: bytes) -> bytes:
        self._frames[key] = _Frame(image, self._clock())
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
    def _renew(self, key: str) -> None:
        """Take a new frame soon, together with others that are due."""
        self._due.add(key)
        if self._renewal is None or self._renewal.done():
            self._renewal = self._hass.async_create_background_task(
                self._async_renew_due(), "netrex thumbnails"
            )

    async def _async_renew_due(self) -> None:
        while self._due:
            await asyncio.sleep(RENEWAL_WINDOW)
            keys, self._due = self._due, set()
            spacing = THUMBNAIL_AGE * self._stretch()
            await asyncio.gather(*(self._async_view(key, spacing) for key in keys))

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
