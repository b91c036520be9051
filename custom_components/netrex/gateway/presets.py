"""Which PTZ presets the cameras have."""

from collections.abc import Callable
from datetime import timedelta
from typing import override

from homeassistant.core import HomeAssistant, callback

from ..client import Camera, GatewayClient
from ..client.camera.ptz import Preset, PtzClient
from ..coordinator import InventoryCoordinator, StatusCoordinator
from ..models import NetrexConfigEntry
from .capabilities import CapabilityCoordinator
from .polling import RoundsCoordinator


class PresetCoordinator(RoundsCoordinator[tuple[Preset, ...]]):
    """Reads the presets daily: somebody makes them once and hardly changes them."""

    name = "presets"
    interval = timedelta(minutes=15)
    life = timedelta(days=1).total_seconds()

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        client: GatewayClient,
        *,
        inventory: InventoryCoordinator,
        status: StatusCoordinator,
        capabilities: CapabilityCoordinator,
    ) -> None:
        super().__init__(hass, entry, client, inventory=inventory, status=status)
        self._capabilities = capabilities

    @override
    @callback
    def async_start(self) -> None:
        super().async_start()
        self.config_entry.async_on_unload(
            self._capabilities.async_add_listener(self.async_look)
        )

    @override
    def _wanted(self) -> Callable[[int], bool]:
        known = self._capabilities.data
        return lambda node_id: node_id in known and known[node_id].ptz

    @override
    async def _async_read(
        self, camera: Camera, serial_number: str
    ) -> tuple[Preset, ...] | None:
        return await PtzClient(self.client, serial_number).presets() or None
