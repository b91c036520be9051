"""Cameras: the live picture, and still images that cost little."""

from collections.abc import Iterator
from datetime import datetime
from operator import attrgetter
from typing import override

from aiohttp import web
from homeassistant.components.camera import (
    Camera as CameraEntity,
    CameraEntityFeature,
    DynamicStreamSettings,
    async_get_still_stream,
)
from homeassistant.components.stream import HLS_PROVIDER, Stream
from homeassistant.components.stream.const import SEGMENT_DURATION_ADJUSTER
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

# Images pass the stills' own spacing, and nothing else is updated.
PARALLEL_UPDATES = 0

# FFmpeg counts this many frames to learn the frame rate. Its own 20 are 2 s of a camera
# with 10 frames/s, at each start; how frames are ordered it finds out all the same.
_RATE_FRAMES = "3"

# Home Assistant's HLS begins when the first segment is whole. Its own length is 6 s;
# this is the least that it allows. Segments end at key pictures, so they may be longer.
SEGMENT_DURATION = 2.0
_DEFAULT_SEGMENT = 6.0

# Seconds until a worker that was refused waits for its next attempt.
LOST_STREAM_DELAY = 1.0

# Seconds between the pictures of a motion JPEG, which is made of thumbnails.
MJPEG_INTERVAL = 10.0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a camera per camera and video channel, also for cameras to come."""
    inventory = entry.runtime_data.inventory

    def views() -> Iterator[VideoSource]:
        for camera in inventory.data.cameras.values():
            yield VideoSource(camera.node_id)
            for channel in camera.video_channels:
                yield VideoSource(camera.node_id, channel.node_id)

    async_add_per_node(
        entry,
        async_add_entities,
        inventory,
        views,
        lambda view: [NetrexCamera(entry, view)],
        node_of=attrgetter("camera_id"),
    )


async def _async_shorten_segments(stream: Stream) -> None:
    """Let players begin sooner, unless the person has chosen a length of their own.

    The settings are the stream's own copy; its outputs are what shows them.
    """
    output = stream.add_provider(HLS_PROVIDER)
    settings = output.stream_settings
    if settings.min_segment_duration == _DEFAULT_SEGMENT - SEGMENT_DURATION_ADJUSTER:
        settings.min_segment_duration = SEGMENT_DURATION - SEGMENT_DURATION_ADJUSTER
    await stream.remove_provider(output)


def _is_wanted(stream: Stream) -> bool:
    """Tell whether somebody watches a stream, or it runs for whoever may come."""
    return bool(stream.outputs()) or stream.dynamic_stream_settings.preload_stream


class NetrexCamera(NetrexCameraEntity, CameraEntity):
    """A camera, or one of its further video channels."""

    _attr_brand = MANUFACTURER
    _attr_supported_features = CameraEntityFeature.STREAM

    def __init__(
        self,
        entry: NetrexConfigEntry,
        view: VideoSource,
    ) -> None:
        CameraEntity.__init__(self)
        channel_id = view.channel_id
        key = "camera" if channel_id is None else f"camera_{channel_id}"
        super().__init__(entry, view.camera_id, key)
        camera = entry.runtime_data.inventory.data.cameras[view.camera_id]
        self._attr_name = next(
            (c.name for c in camera.video_channels if c.node_id == channel_id), None
        )
        self._live = entry.runtime_data.live
        self._cancel_end: CALLBACK_TYPE | None = None
        self._view = view

    @override
    async def async_added_to_hass(self) -> None:
        """Follow who watches."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self._live.async_add_listener(self._view, self._async_viewers_changed)
        )

    @override
    async def async_will_remove_from_hass(self) -> None:
        """End Home Assistant's stream, also one that it keeps running unwatched.

        Its address is about to end, and nothing would ever give it a new one.
        """
        await super().async_will_remove_from_hass()
        if (stream := self.stream) is not None:
            stream.dynamic_stream_settings = DynamicStreamSettings()
            # `stop` alone would leave the timers of the outputs.
            for output in stream.outputs().values():
                await stream.remove_provider(output)
            await stream.stop()
        if self._cancel_end is not None:
            self._cancel_end()

    @property
    @override
    def available(self) -> bool:
        """Whether the portal sees the camera.

        A stream that hiccups says nothing about the camera, so Home Assistant's own
        rule is left out.
        """
        return super().available and self.coordinator.is_online(self.node_id)

    @override
    async def stream_source(self) -> str:
        """Return the relay's address.

        Home Assistant asks at every start, for every camera and without a safety net,
        so this neither costs nor waits nor fails.
        """
        return self._live.stream_source(self._view)

    @override
    async def async_create_stream(self) -> Stream | None:
        """Give Home Assistant's stream an address of its own, and a quick start."""
        is_new = self.stream is None
        stream = await super().async_create_stream()
        if stream is not None and is_new:
            await _async_shorten_segments(stream)
            stream.pyav_options["fpsprobesize"] = _RATE_FRAMES
            stream.source = self._live.own_source(
                self._view, OwnStream(self._async_may_begin, self._async_restart)
            )
        return stream

    @callback
    def _async_restart(self) -> None:
        """Let the stream connect again as soon as it learns that the portal ended.

        It would wait 10 s, each time 10 s longer. To be told so helps only a worker
        that reads: one that waits would end and take the viewers' outputs with it, one
        that stops would never end.
        """
        stream = self.stream
        if stream is None or not stream.available:
            return
        if _is_wanted(stream):
            stream.update_source(stream.source)

    @callback
    def _async_may_begin(self) -> bool:
        """Refuse a stream that nobody watches, and see to it that it ends.

        Home Assistant may have stopped it between the order to connect again and the
        moment in which the worker follows. To the worker both look alike: it goes on,
        and whoever stopped it waits.
        """
        stream = self.stream
        if stream is None or _is_wanted(stream):
            return True
        if self._cancel_end is None:
            self._cancel_end = async_call_later(
                self.hass, LOST_STREAM_DELAY, self._async_end_lost
            )
        return False

    @callback
    def _async_end_lost(self, _now: datetime) -> None:
        """End a worker that waits for its next attempt; only an order wakes it.

        The order stays in the stream and would be followed after its next stop, so the
        next viewer gets another stream.
        """
        self._cancel_end = None
        stream = self.stream
        if stream is not None and not stream.available and not _is_wanted(stream):
            stream.update_source(stream.source)
            self.stream = None

    async def async_get_stream_url(self) -> ServiceResponse:
        """Return the address at which other machines can play the camera."""
        return {"url": self._live.external_source(self._view)}

    @override
    async def async_camera_image(
        self, width: int | None = None, height: int | None = None
    ) -> bytes | None:
        """Return a still image; dashboards ask with a size, others want it fresh."""
        if width is None and height is None and self.available:
            return await self._live.stills.async_snapshot(str(self._view), self.stream)
        return await self._async_thumbnail(width, height)

    @override
    async def handle_async_mjpeg_stream(
        self, request: web.Request
    ) -> web.StreamResponse:
        """Send thumbnails: a live picture is what the stream is for."""
        return await async_get_still_stream(
            request, self._async_thumbnail, self.content_type, MJPEG_INTERVAL
        )

    async def _async_thumbnail(
        self, width: int | None = None, height: int | None = None
    ) -> bytes | None:
        if not self.available:
            return None
        size = Size(width or 0, height or 0) if width or height else None
        return await self._live.stills.async_thumbnail(
            str(self._view), self.stream, size
        )

    @callback
    def _async_viewers_changed(self) -> None:
        self._attr_is_streaming = self._live.viewers(self._view) > 0
        self.async_write_ha_state()
