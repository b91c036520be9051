"""Camera entities: live streams and still images."""

from collections.abc import Iterator
import contextlib
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import override

from aiohttp import web
from homeassistant.components.camera import (
    Camera as CameraEntity,
    CameraEntityFeature,
    async_get_still_stream,
)
from homeassistant.components.stream import HLS_PROVIDER, Stream
from homeassistant.core import (
    CALLBACK_TYPE,
    HomeAssistant,
    ServiceResponse,
    callback,
)
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_call_later

from .devices import MANUFACTURER
from .entity import NetrexCameraEntity, async_add_per_node
from .live import OwnStream, VideoSource
from .live.stills import Size
from .models import NetrexConfigEntry

# Still images have their own limits; nothing else is updated.
PARALLEL_UPDATES = 0

# Frames that FFmpeg reads to determine the frame rate. Its default of 20 takes 2 s for
# a camera with 10 frames/s at each start; the frame order is determined regardless.
_FPS_PROBE_SIZE = "3"
# HLS playback starts after the first complete segment. 6 s is Home Assistant's default
# length, 2 s the minimum that it allows. Segments end at key frames, so they may be
# longer.
_SEGMENT_SECONDS = 2.0
_DEFAULT_SEGMENT_SECONDS = 6.0
# Home Assistant shortens the configured length by 0.1 s.
_SEGMENT_TOLERANCE_SECONDS = 0.15
# Until the worker of a refused stream waits for its next attempt.
_LOST_STREAM_DELAY_SECONDS = 1.0
# Between the thumbnails of an MJPEG stream.
MJPEG_INTERVAL_SECONDS = 10.0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add an entity per camera and video channel, now and when the account changes."""
    inventory = entry.runtime_data.inventory

    def sources() -> Iterator[VideoSource]:
        for camera in inventory.data.cameras.values():
            yield VideoSource(camera.node_id)
            for channel in camera.video_channels:
                yield VideoSource(camera.node_id, channel.node_id)

    async_add_per_node(
        entry,
        async_add_entities,
        inventory,
        sources,
        lambda source: [NetrexCamera(entry, source)],
        node_of=attrgetter("camera_id"),
    )


async def _async_speed_up(stream: Stream) -> None:
    """Shorten the start of a stream, unless the user has configured a segment length.

    Uses attributes that are not part of Home Assistant's public API; if one is missing,
    streams only start more slowly.
    """
    output = stream.add_provider(HLS_PROVIDER)
    with contextlib.suppress(AttributeError):
        stream.pyav_options["fpsprobesize"] = _FPS_PROBE_SIZE
        # The stream's own copy of the settings.
        settings = output.stream_settings
        excess = settings.min_segment_duration - _DEFAULT_SEGMENT_SECONDS
        if abs(excess) < _SEGMENT_TOLERANCE_SECONDS:
            settings.min_segment_duration = _SEGMENT_SECONDS + excess
    await stream.remove_provider(output)


def _is_needed(stream: Stream) -> bool:
    """Return whether a stream has outputs or is preloaded."""
    return bool(stream.outputs()) or stream.dynamic_stream_settings.preload_stream


class NetrexCamera(NetrexCameraEntity, CameraEntity):
    """A camera, or one of its additional video channels."""

    _attr_brand = MANUFACTURER
    _attr_supported_features = CameraEntityFeature.STREAM
    # Its device has the name of the camera or channel.
    _attr_name = None

    def __init__(self, entry: NetrexConfigEntry, source: VideoSource) -> None:
        CameraEntity.__init__(self)
        channel_id = source.channel_id
        key = "camera" if channel_id is None else f"camera_{channel_id}"
        super().__init__(entry, source.camera_id, key, channel_id=channel_id)
        self._live = entry.runtime_data.live
        self._cancel_end: CALLBACK_TYPE | None = None
        self._source = source

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Stop Home Assistant's stream, even if it is preloaded.

        Its address becomes invalid, and nothing would replace it.
        """
        await super().async_will_remove_from_hass()
        if (stream := self.stream) is not None:
            stream.dynamic_stream_settings = replace(
                stream.dynamic_stream_settings, preload_stream=False
            )
            # `stop` alone would leave the timers of the outputs.
            for output in stream.outputs().values():
                await stream.remove_provider(output)
            await stream.stop()
        if self._cancel_end is not None:
            self._cancel_end()

    @property
    @override
    def available(self) -> bool:
        """Whether the portal reports the camera as connected.

        Unlike in the base class, a stream that fails does not count.
        """
        return super().available and self.coordinator.is_online(self.node_id)

    @override
    async def stream_source(self) -> str:
        """Return the relay's address.

        Home Assistant calls this at every start, for every camera and without handling
        exceptions, so it makes no request and never fails.
        """
        return self._live.stream_source(self._source)

    @override
    async def async_create_stream(self) -> Stream | None:
        """Give Home Assistant's stream an address of its own and a quick start."""
        is_new = self.stream is None
        stream = await super().async_create_stream()
        if stream is not None and is_new:
            await _async_speed_up(stream)
            stream.source = self._live.own_source(
                self._source, OwnStream(self._async_may_start, self._async_restart)
            )
        return stream

    @callback
    def _async_restart(self) -> None:
        """Let the stream reconnect as soon as it is disconnected.

        It would wait 10 s, and 10 s longer each time. Calling `update_source` is safe
        only while the worker reads: a waiting worker would exit and drop the viewers'
        outputs, a stopping one would never exit.
        """
        stream = self.stream
        if stream is not None and stream.available and _is_needed(stream):
            stream.update_source(stream.source)

    @callback
    def _async_may_start(self) -> bool:
        """Return whether the stream is needed; stop it if not.

        Home Assistant may have stopped it after `update_source`, before the worker
        reacted. The worker cannot distinguish the two cases: it reconnects, and the
        call that stopped it keeps waiting.
        """
        stream = self.stream
        if stream is None or _is_needed(stream):
            return True
        if self._cancel_end is None:
            self._cancel_end = async_call_later(
                self.hass, _LOST_STREAM_DELAY_SECONDS, self._async_stop_lost
            )
        return False

    @callback
    def _async_stop_lost(self, _now: datetime) -> None:
        """Stop a worker that waits for its next attempt.

        Only `update_source` wakes it. The stream would still act on that call after its
        next stop, so the next viewer gets a new stream.
        """
        self._cancel_end = None
        stream = self.stream
        if stream is not None and not stream.available and not _is_needed(stream):
            stream.update_source(stream.source)
            self.stream = None

    async def async_get_stream_url(self) -> ServiceResponse:
        """Return the address at which other devices can play the camera."""
        return {"url": self._live.external_source(self._source)}

    @override
    async def async_camera_image(
        self, width: int | None = None, height: int | None = None
    ) -> bytes | None:
        """Return a still image; a current one if no size is requested."""
        if width is None and height is None and self.available:
            return await self._live.stills.async_snapshot(
                str(self._source), self.stream
            )
        return await self._async_thumbnail(width, height)

    @override
    async def handle_async_mjpeg_stream(
        self, request: web.Request
    ) -> web.StreamResponse:
        """Send thumbnails; live video is left to the stream."""
        return await async_get_still_stream(
            request, self._async_thumbnail, self.content_type, MJPEG_INTERVAL_SECONDS
        )

    async def _async_thumbnail(
        self, width: int | None = None, height: int | None = None
    ) -> bytes | None:
        if not self.available:
            return None
        size = Size(width or 0, height or 0) if width or height else None
        return await self._live.stills.async_thumbnail(
            str(self._source), self.stream, size
        )
