"""What each camera is able to: found out once, slowly, and asked again weekly."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from ..client import (
    Capabilities,
    GatewayClient,
    NetrexCameraPermissionError,
    NetrexCameraTokenError,
    NetrexError,
    NetrexRateLimitedError,
)
from ..client.camera.parameters import read_capabilities
from ..const import LOGGER
from ..coordinator import InventoryCoordinator, StatusCoordinator
from ..models import NetrexConfigEntry
from ..store import NetrexStore

# Firmware is updated and applications are installed now and then.
_ASK_AGAIN = timedelta(days=7).total_seconds()
# Seconds between two cameras: this is never urgent.
SPACING = 1.0
# New entities appear in portions: each tells every platform to look.
_PORTION = 10


class CapabilityCoordinator(DataUpdateCoordinator[dict[int, Capabilities]]):
    """Knows the capabilities of cameras by node id, and asks those that are new.

    A camera that is off is asked when it is back.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        client: GatewayClient,
        *,
        inventory: InventoryCoordinator,
        status: StatusCoordinator,
        store: NetrexStore,
    ) -> None:
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name="capabilities",
            update_interval=timedelta(minutes=10),
        )
        self._client = client
        self._inventory = inventory
        self._status = status
        self._store = store
        self._stored = store.data.setdefault("capabilities", {})
        # Read once: a thousand cameras take a while, and every portion needs them.
        self._found = {
            serial_number: Capabilities.from_dict(stored)
            for serial_number, stored in self._stored.items()
        }
        self.data = self._known()

    @callback
    def async_start(self) -> None:
        """Ask in the background; a start waits for no camera."""
        assert self.config_entry is not None  # noqa: S101 - given in __init__
        self.config_entry.async_create_background_task(
            self.hass, self.async_refresh(), "netrex capabilities"
        )

    @override
    async def _async_update_data(self) -> dict[int, Capabilities]:
        asked = 0
        for serial_number in list(self._due()):
            if asked:
                await asyncio.sleep(SPACING)
            asked += 1
            try:
                found = await read_capabilities(self._client, serial_number)
            except (
                NetrexCameraTokenError,
                NetrexCameraPermissionError,
                NetrexRateLimitedError,
            ):
                # The same for all cameras.
                break
            except NetrexError:
                continue
            now = dt_util.utcnow().timestamp()
            self._found[serial_number] = found
            self._stored[serial_number] = found.as_dict() | {"asked": now}
            self._store.async_changed()
            if asked % _PORTION == 0:
                self.data = self._known()
                self.async_update_listeners()
        return self._known()

    def _due(self) -> Iterator[str]:
        now = dt_util.utcnow().timestamp()
        for node_id, camera in self._inventory.data.cameras.items():
            if not camera.serial_number or not self._status.is_online(node_id):
                continue
            stored = self._stored.get(camera.serial_number)
            if stored is None or stored["asked"] + _ASK_AGAIN <= now:
                yield camera.serial_number

    def _known(self) -> dict[int, Capabilities]:
        return {
            node_id: found
            for node_id, camera in self._inventory.data.cameras.items()
            if (found := self._found.get(camera.serial_number or ""))
        }
