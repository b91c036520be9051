"""Cameras: the live picture, and still images that cost little."""

from collections.abc import Iterator
from operator import attrgetter
from typing import override

from aiohttp import web
from homeassistant.components.camera import (
    Camera as CameraEntity,
    CameraEntityFeature,
    DynamicStreamSettings,
    async_get_still_stream,
)
from homeassistant.components.stream import Stream
from homeassistant.core import HomeAssistant, ServiceResponse, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .devices import MANUFACTURER
from .entity import NetrexCameraEntity, async_add_per_node
from .live import View
from .live.stills import Size
from .models import NetrexConfigEntry

# Images pass the stills' own spacing, and nothing else is updated.
PARALLEL_UPDATES = 0

# FFmpeg counts this many frames to learn the frame rate. Its own 20 are 2 s of a camera
# with 10 frames/s, at each start; how frames are ordered it finds out all the same.
_RATE_FRAMES = "3"

# Seconds between the pictures of a motion JPEG, which is made of thumbnails.
MJPEG_INTERVAL = 10.0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a camera per camera and video channel, also for cameras to come."""
    inventory = entry.runtime_data.inventory

    def views() -> Iterator[View]:
        for camera in inventory.data.cameras.values():
            yield View(camera.node_id)
            for channel in camera.video_channels:
                yield View(camera.node_id, channel.node_id)

    async_add_per_node(
        entry,
        async_add_entities,
        inventory,
        views,
        lambda view: [NetrexCamera(entry, view)],
        node_of=attrgetter("camera_id"),
    )


class NetrexCamera(NetrexCameraEntity, CameraEntity):
    """A camera, or one of its further video channels."""

    _attr_brand = MANUFACTURER
    _attr_supported_features = CameraEntityFeature.STREAM

    def __init__(
        self,
        entry: NetrexConfigEntry,
        view: View,
    ) -> None:
        """Show a camera, or a channel of it."""
        CameraEntity.__init__(self)
        channel_id = view.channel_id
        key = "camera" if channel_id is None else f"camera_{channel_id}"
        super().__init__(entry, view.camera_id, key)
        camera = entry.runtime_data.inventory.data.cameras[view.camera_id]
        self._attr_name = next(
            (c.name for c in camera.video_channels if c.node_id == channel_id), None
        )
        self._live = entry.runtime_data.live
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
        if self.stream is not None:
            self.stream.dynamic_stream_settings = DynamicStreamSettings()
            # `stop` alone would leave the timers of the outputs.
            for output in self.stream.outputs().values():
                await self.stream.remove_provider(output)
            await self.stream.stop()

    @property
    @override
    def available(self) -> bool:
        """Whether the portal sees the camera.

        A stream that hiccups says nothing about the camera, so Home Assistant's own
        rule is left out.
        """
        return (
            super().available
            and self.coordinator.data[self.node_id].is_connected is not False
        )

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
        stream = await super().async_create_stream()
        if stream is not None:
            stream.pyav_options["fpsprobesize"] = _RATE_FRAMES
            stream.source = self._live.own_source(self._view, self._async_restart)
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
        if stream.outputs() or stream.dynamic_stream_settings.preload_stream:
            stream.update_source(stream.source)

    async def async_get_stream_url(self) -> ServiceResponse:
        """Return the address at which other machines can play the camera."""
        return {"url": self._live.access.url(str(self._view))}

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
