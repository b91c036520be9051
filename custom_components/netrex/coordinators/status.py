"""Which cameras are connected: all of them in one query."""

from collections.abc import Iterable
from datetime import timedelta
from typing import override

from homeassistant.core import callback

from ..client import Camera, CameraStatus
from .base import NetrexCoordinator


class StatusCoordinator(NetrexCoordinator[dict[int, CameraStatus]]):
    """Reads every camera's connection state.

    90 s keep a state younger than two minutes and cost 960 of the day's queries.
    """

    name = "status"
    interval = timedelta(seconds=90)

    @override
    async def _async_fetch(self) -> dict[int, CameraStatus]:
        return await self.client.camera_statuses()

    @callback
    def async_seed(self, cameras: Iterable[Camera]) -> None:
        """Start with the states that came with the inventory, saving a query."""
        self.async_set_updated_data(
            {
                camera.node_id: CameraStatus(camera.is_connected, camera.source_ip)
                for camera in cameras
            }
        )
