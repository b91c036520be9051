"""Reads the capabilities of each camera: once, slowly, and again every week."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import override

from homeassistant.util import dt as dt_util

from ..client import (
    Capabilities,
    NetrexCameraOfflineError,
    NetrexError,
    NetrexRateLimitedError,
)
from ..client.camera.parameters import read_capabilities
from ..client.days import is_fresh
from ..item_errors import ItemErrors
from ..store import NetrexStore
from .coordinator import MAX_LIMITED_CAMERAS, GatewayContext, GatewayCoordinator

# Firmware updates and installed applications change capabilities.
_LIFETIME_SECONDS = timedelta(days=7).total_seconds()
# Pause between two cameras; this is never urgent.
SPACING_SECONDS = 1.0
# Cameras per update of the listeners, each of which looks for new entities.
_BATCH_SIZE = 10


class CapabilityCoordinator(GatewayCoordinator[dict[int, Capabilities]]):
    """The capabilities of the cameras by node id, stored across restarts.

    A camera that is offline is read when it is online again. A refusal concerns that
    camera only: the others are still read (decision 0026).

    Attributes:
        errors: The cameras that could not be read, by serial number.
    """

    def __init__(self, context: GatewayContext, store: NetrexStore) -> None:
        super().__init__(context, "capabilities", timedelta(minutes=10))
        self._store = store
        self.errors: ItemErrors[str] = ItemErrors()
        self._stored = store.data.setdefault("capabilities", {})
        # Parsed once: reading a thousand cameras takes a while.
        self._found = {
            serial_number: Capabilities.from_dict(stored)
            for serial_number, stored in self._stored.items()
        }
        self.data = self._known()

    def of(self, node_id: int) -> Capabilities | None:
        """Return the capabilities of a camera, if they are known."""
        return self.data.get(node_id)

    @override
    async def _async_update_data(self) -> dict[int, Capabilities]:
        asked = limited = 0
        for serial_number in list(self._due()):
            if asked:
                await asyncio.sleep(SPACING_SECONDS)
            asked += 1
            try:
                found = await read_capabilities(self.client, serial_number)
            except NetrexCameraOfflineError:
                continue
            except NetrexError as err:
                limited += isinstance(err, NetrexRateLimitedError)
                if limited > MAX_LIMITED_CAMERAS:
                    # All other cameras would refuse as well.
                    break
                self.errors.failed(serial_number, err)
                continue
            self.errors.succeeded(serial_number)
            now = dt_util.utcnow().timestamp()
            self._found[serial_number] = found
            self._stored[serial_number] = found.as_dict() | {"asked": now}
            self._store.async_changed()
            if asked % _BATCH_SIZE == 0:
                self.data = self._known()
                self.async_update_listeners()
        return self._known()

    def _due(self) -> Iterator[str]:
        now = dt_util.utcnow().timestamp()
        for node_id, camera in self.inventory.data.cameras.items():
            if not camera.serial_number or not self.status.is_online(node_id):
                continue
            if not self.errors.is_due(camera.serial_number):
                continue
            stored = self._stored.get(camera.serial_number)
            # Earlier versions did not store who made the camera.
            if (
                stored is None
                or "manufacturer" not in stored
                or not is_fresh(stored["asked"], now, _LIFETIME_SECONDS)
            ):
                yield camera.serial_number

    def _known(self) -> dict[int, Capabilities]:
        return {
            node_id: found
            for node_id, camera in self.inventory.data.cameras.items()
            if (found := self._found.get(camera.serial_number or ""))
        }
