"""What the CamStreamer App on each camera sends, and switching it."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, override

from homeassistant.core import HomeAssistant

from ..client import Camera, GatewayClient
from ..client.camera.camstreamer import AppStream, CamStreamerClient
from ..coordinator import InventoryCoordinator, StatusCoordinator
from ..models import NetrexConfigEntry
from .polling import ABSENCE, RoundsCoordinator


class BroadcastCoordinator(RoundsCoordinator[dict[str, AppStream]]):
    """Reads the streams of each camera, by their ids: daily while nobody shows them.

    It only reads: whatever is written to a stream restarts it.
    """

    name = "broadcasts"
    interval = timedelta(minutes=10)
    life = interval.total_seconds()

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        client: GatewayClient,
        *,
        inventory: InventoryCoordinator,
        status: StatusCoordinator,
    ) -> None:
        super().__init__(hass, entry, client, inventory=inventory, status=status)
        self._apps: dict[str, CamStreamerClient] = {}

    def streams(self) -> Iterator[tuple[int, str]]:
        """Give the node id of the camera and the id of each stream."""
        for node_id, streams in self.data.items():
            for stream_id in streams:
                yield node_id, stream_id

    @override
    def _wanted(self) -> Callable[[int], bool]:
        shown = set(self.async_contexts())
        # Somebody may set up a stream in an app whose others are disabled here.
        now = self.hass.loop.time()
        return lambda node_id: (
            node_id not in self.data
            or node_id in shown
            or self._due_at.get(node_id, now) <= now - ABSENCE
        )

    @override
    async def _async_read(
        self, camera: Camera, serial_number: str
    ) -> dict[str, AppStream] | None:
        streams = await self._app(serial_number).streams()
        if not streams:
            # Without a stream there is no entity that would have it asked again.
            return None
        return {stream.stream_id: stream for stream in streams}

    async def async_set_enabled(
        self, node_id: int, stream_id: str, *, enabled: bool
    ) -> None:
        """Switch a stream. Raises NetrexError."""
        app = self._app(self.inventory.data.serial_number(node_id))
        stream = await app.set_enabled(stream_id, enabled=enabled)
        streams = self.data.get(node_id, {}) | {stream_id: stream}
        self.failed.discard(node_id)
        self.async_set_updated_data(self.data | {node_id: streams})

    def diagnostics(self) -> dict[str, Any]:
        """Return counts; no titles and no ids."""
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
