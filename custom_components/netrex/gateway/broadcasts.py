"""Reads and switches the streams of the CamStreamer App on the cameras."""

from collections import Counter
from collections.abc import Iterator, Set as AbstractSet
from datetime import timedelta
from typing import Any, NamedTuple, override

from ..client.camera.camstreamer import AppStream, CamStreamerClient
from .coordinator import GatewayContext
from .polling import ABSENCE_SECONDS, PollingCoordinator

_INTERVAL = timedelta(minutes=10)


class StreamKey(NamedTuple):
    """Identifies a stream."""

    node_id: int
    stream_id: str


class BroadcastCoordinator(PollingCoordinator[dict[str, AppStream]]):
    """Reads the streams of each camera, by stream id.

    Cameras without an enabled entity are read once a day. Polling never writes: every
    write restarts the stream.
    """

    def __init__(self, context: GatewayContext) -> None:
        super().__init__(context, "broadcasts", _INTERVAL, _INTERVAL)
        self._apps: dict[str, CamStreamerClient] = {}

    def streams(self) -> Iterator[StreamKey]:
        """Yield all known streams."""
        for node_id, streams in self.data.items():
            for stream_id in streams:
                yield StreamKey(node_id, stream_id)

    @override
    def _wanted(self) -> AbstractSet[int]:
        unread = self.inventory.data.cameras.keys() - self.data.keys()
        # A stream may be added to an app whose other streams are all disabled here.
        limit = self.hass.loop.time() - ABSENCE_SECONDS
        overdue = {node_id for node_id, due in self._due_at.items() if due <= limit}
        return unread | overdue | set(self.async_contexts())

    @override
    async def _async_read(self, serial_number: str) -> dict[str, AppStream] | None:
        streams = await self._app(serial_number).streams()
        # Without a stream there is no entity that could request another read.
        return {stream.stream_id: stream for stream in streams or ()} or None

    async def async_set_enabled(self, key: StreamKey, *, enabled: bool) -> None:
        """Enable or disable a stream. Raises NetrexError."""
        app = self._app(self.inventory.data.serial_number(key.node_id))
        stream = await app.set_enabled(key.stream_id, enabled=enabled)
        streams = self.data.get(key.node_id, {}) | {key.stream_id: stream}
        self.failed.discard(key.node_id)
        self.async_set_updated_data(self.data | {key.node_id: streams})

    def diagnostics(self) -> dict[str, Any]:
        """Return counts without titles and ids."""
        streams = [stream for known in self.data.values() for stream in known.values()]
        return {
            "cameras": len(self.data),
            "failed": len(self.failed),
            "streams": len(streams),
            "enabled": sum(stream.enabled is True for stream in streams),
            "streaming": sum(stream.is_streaming is True for stream in streams),
            "generations": Counter(
                app.generation.name if app.generation else "none"
                for app in self._apps.values()
            ),
        }

    def _app(self, serial_number: str) -> CamStreamerClient:
        app = self._apps.get(serial_number)
        if app is None:
            app = CamStreamerClient(self.client, serial_number)
            self._apps[serial_number] = app
        return app
