"""Going from camera to camera, seldom, for what they do not tell by themselves."""

from abc import abstractmethod
import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..client import (
    Camera,
    GatewayClient,
    NetrexCameraMethodError,
    NetrexCameraNotFoundError,
    NetrexCameraRefusedError,
    NetrexCameraTokenError,
    NetrexError,
    NetrexRateLimitedError,
)
from ..const import LOGGER
from ..coordinator import InventoryCoordinator, StatusCoordinator
from ..models import NetrexConfigEntry

# How many cameras are asked at a time.
_AT_ONCE = 4
# New entities appear in portions: each tells every platform to look.
_PORTION = 20
# A camera that does not have it is asked again in a day: it may get it.
ABSENCE = timedelta(days=1).total_seconds()
# How a camera says so.
_ABSENT = (
    NetrexCameraNotFoundError,
    NetrexCameraMethodError,
    NetrexCameraRefusedError,
)
# Why no other camera need be asked in this round.
_ENDING = (NetrexCameraTokenError, NetrexRateLimitedError)


class RoundsCoordinator[T](DataUpdateCoordinator[dict[int, T]]):
    """Reads something of each connected camera when it is due, by node id.

    What was read of a camera stays until it can be read again; `failed` tells of which
    cameras the last reading failed.
    """

    config_entry: NetrexConfigEntry
    # Set by each class: how often cameras are looked for that are due, and after how
    # many seconds one is due again.
    name: str
    interval: timedelta
    life: float

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        client: GatewayClient,
        *,
        inventory: InventoryCoordinator,
        status: StatusCoordinator,
    ) -> None:
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=type(self).name,
            update_interval=self.interval,
        )
        self.client = client
        self.inventory = inventory
        self.status = status
        self.data = {}
        self.failed: set[int] = set()
        self._due_at: dict[int, float] = {}
        self._ended = False
        self._round = asyncio.Lock()

    @callback
    def async_start(self) -> None:
        """Make the first round now, and one when a camera comes back."""
        self.config_entry.async_on_unload(
            self.status.async_add_listener(self.async_look)
        )
        self._async_go()

    @callback
    def async_look(self) -> None:
        """Make a round if a camera can be asked that never was."""
        if any(camera.node_id not in self._due_at for camera in self._due()):
            self._async_go()

    @callback
    def _async_go(self) -> None:
        self.config_entry.async_create_background_task(
            self.hass, self.async_refresh(), f"netrex {self.name}"
        )

    @abstractmethod
    async def _async_read(self, camera: Camera, serial_number: str) -> T | None:
        """Ask a camera; None if it does not have it. Raises NetrexError."""

    @abstractmethod
    def _wanted(self) -> Callable[[int], bool]:
        """Return what tells whether a camera should be asked; used for one round."""

    @override
    async def _async_update_data(self) -> dict[int, T]:
        turn = asyncio.Semaphore(_AT_ONCE)
        visited = 0

        async def visit(camera: Camera) -> None:
            nonlocal visited
            async with turn:
                if not self._ended:
                    await self._async_visit(camera)
                    visited += 1
                    if visited % _PORTION == 0:
                        self.async_update_listeners()

        # A round that is asked for during another one goes on where that one ends.
        async with self._round:
            self._ended = False
            await asyncio.gather(*map(visit, list(self._due())))
        for node_id in self.data.keys() - self.inventory.data.cameras.keys():
            del self.data[node_id]
        return self.data

    def _due(self) -> Iterator[Camera]:
        now, wanted = self.hass.loop.time(), self._wanted()
        for node_id, camera in self.inventory.data.cameras.items():
            if (
                camera.serial_number
                and self.status.is_online(node_id)
                and self._due_at.get(node_id, now) <= now
                and wanted(node_id)
            ):
                yield camera

    async def _async_visit(self, camera: Camera) -> None:
        node_id, serial_number = camera.node_id, camera.serial_number or ""
        life = self.life
        found: T | None = None
        try:
            with suppress(*_ABSENT):
                found = await self._async_read(camera, serial_number)
        except NetrexError as err:
            LOGGER.debug("%s of camera %s: %s", self.name, node_id, err)
            self.failed.add(node_id)
            # The same for all cameras.
            self._ended = self._ended or isinstance(err, _ENDING)
            life = self.interval.total_seconds()
        else:
            self.failed.discard(node_id)
            if found is None:
                self.data.pop(node_id, None)
                life = ABSENCE
            else:
                self.data[node_id] = found
        self._due_at[node_id] = self.hass.loop.time() + life
