"""Slow polling of what cameras do not push."""

from abc import abstractmethod
import asyncio
from collections.abc import Iterator, Set as AbstractSet
from contextlib import suppress
from datetime import timedelta
from typing import override

from homeassistant.core import callback

from ..client import (
    Camera,
    NetrexCameraMethodError,
    NetrexCameraNotFoundError,
    NetrexCameraRefusedError,
    NetrexError,
    NetrexRateLimitedError,
)
from ..const import LOGGER
from .coordinator import MAX_LIMITED_CAMERAS, GatewayContext, GatewayCoordinator

_MAX_CONCURRENT_CAMERAS = 4
# Cameras per update of the listeners, each of which looks for new entities.
_BATCH_SIZE = 20
# A camera that lacks the feature is asked again after this time: it may get it later.
ABSENCE_SECONDS = timedelta(days=1).total_seconds()
# How a camera answers if it lacks the feature.
_ABSENT = (
    NetrexCameraNotFoundError,
    NetrexCameraMethodError,
    NetrexCameraRefusedError,
)


class PollingCoordinator[T](GatewayCoordinator[dict[int, T]]):
    """Reads something of each online camera that is due, by node id.

    Data are kept until they can be read again.

    Args:
        context: The account's camera access.
        name: For the log.
        interval: The time between two polls, and until a failed camera is due again.
        lifetime: The time until a camera that was read is due again.

    Attributes:
        failed: The cameras that could not be read last time.
    """

    def __init__(
        self,
        context: GatewayContext,
        name: str,
        interval: timedelta,
        lifetime: timedelta,
    ) -> None:
        super().__init__(context, name, interval)
        self.data = {}
        self.failed: set[int] = set()
        self._interval_seconds = interval.total_seconds()
        self._lifetime_seconds = lifetime.total_seconds()
        self._due_at: dict[int, float] = {}
        self._limited = 0
        self._lock = asyncio.Lock()

    @callback
    def async_start(self) -> None:
        """Poll now, and as soon as a camera that was never read is online."""
        self.config_entry.async_on_unload(
            self.status.async_add_listener(self.async_poll_new_cameras)
        )
        self.async_refresh_in_background()

    @callback
    def async_poll_new_cameras(self) -> None:
        """Poll if a camera is due that was never read."""
        if any(camera.node_id not in self._due_at for camera in self._due()):
            self.async_refresh_in_background()

    @abstractmethod
    async def _async_read(self, serial_number: str) -> T | None:
        """Read a camera; None if it lacks the feature. Raises NetrexError."""

    @abstractmethod
    def _wanted(self) -> AbstractSet[int]:
        """Return the cameras that are worth reading now."""

    @override
    async def _async_update_data(self) -> dict[int, T]:
        slots = asyncio.Semaphore(_MAX_CONCURRENT_CAMERAS)
        visited = 0

        async def visit(camera: Camera) -> None:
            nonlocal visited
            async with slots:
                if self._limited <= MAX_LIMITED_CAMERAS:
                    await self._async_visit(camera)
                    visited += 1
                    if visited % _BATCH_SIZE == 0:
                        self.async_update_listeners()

        # A poll that is requested during another one reads only what remains due.
        async with self._lock:
            self._limited = 0
            await asyncio.gather(*map(visit, list(self._due())))
        for node_id in self.data.keys() - self.inventory.data.cameras.keys():
            del self.data[node_id]
        return self.data

    def _due(self) -> Iterator[Camera]:
        now, wanted = self.hass.loop.time(), self._wanted()
        for node_id, camera in self.inventory.data.cameras.items():
            if (
                camera.serial_number
                and node_id in wanted
                and self.status.is_online(node_id)
                and self._due_at.get(node_id, now) <= now
            ):
                yield camera

    async def _async_visit(self, camera: Camera) -> None:
        node_id = camera.node_id
        lifetime_seconds = self._lifetime_seconds
        found: T | None = None
        try:
            with suppress(*_ABSENT):
                found = await self._async_read(camera.serial_number or "")
        except NetrexError as err:
            LOGGER.debug("Could not read %s of camera %s: %s", self.name, node_id, err)
            self.failed.add(node_id)
            self._limited += isinstance(err, NetrexRateLimitedError)
            lifetime_seconds = self._interval_seconds
        else:
            self.failed.discard(node_id)
            if found is None:
                self.data.pop(node_id, None)
                lifetime_seconds = ABSENCE_SECONDS
            else:
                self.data[node_id] = found
        self._due_at[node_id] = self.hass.loop.time() + lifetime_seconds
