"""Reads the PTZ presets of the cameras."""

from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import override

from homeassistant.core import callback

from ..client.camera.ptz import Preset, PtzClient
from .capabilities import CapabilityCoordinator
from .coordinator import GatewayContext
from .polling import PollingCoordinator


class PresetCoordinator(PollingCoordinator[tuple[Preset, ...]]):
    """Reads the presets once a day: they hardly ever change."""

    def __init__(
        self, context: GatewayContext, capabilities: CapabilityCoordinator
    ) -> None:
        super().__init__(
            context,
            "presets",
            interval=timedelta(minutes=15),
            lifetime=timedelta(days=1),
        )
        self._capabilities = capabilities

    @override
    @callback
    def async_start(self) -> None:
        super().async_start()
        self.config_entry.async_on_unload(
            self._capabilities.async_add_listener(self.async_poll_new_cameras)
        )

    @override
    def _wanted(self) -> AbstractSet[int]:
        return {
            node_id for node_id, found in self._capabilities.data.items() if found.ptz
        }

    @override
    async def _async_read(self, serial_number: str) -> tuple[Preset, ...] | None:
        return await PtzClient(self.client, serial_number).presets() or None
