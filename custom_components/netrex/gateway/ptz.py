"""Moves cameras, and makes sure that continuous movements end."""

import asyncio
from contextlib import suppress

from homeassistant.core import HomeAssistant

from ..client import GatewayClient, NetrexCameraOfflineError, NetrexError
from ..client.camera.ptz import Move, Preset, PtzClient
from ..const import LOGGER

# Attempts to stop a camera that cannot be reached, and the pause between them.
_STOP_ATTEMPTS = 3
_STOP_PAUSE_SECONDS = 1.0


class PtzController:
    """Moves cameras by their serial numbers."""

    def __init__(self, hass: HomeAssistant, client: GatewayClient) -> None:
        self._hass = hass
        self._client = client
        # By serial number, the call that owns the running continuous movement.
        self._owners: dict[str, object] = {}

    async def async_presets(self, serial_number: str) -> tuple[Preset, ...]:
        """Read the presets from the camera. Raises NetrexError."""
        return await self._ptz(serial_number).presets()

    async def async_go_to(
        self, serial_number: str, preset: int, speed: int | None = None
    ) -> None:
        """Go to a preset; `speed` in percent. Raises NetrexError."""
        await self._ptz(serial_number).go_to(preset, speed)
        self._owners.pop(serial_number, None)

    async def async_move(
        self,
        serial_number: str,
        move: Move,
        speed: int | None = None,
        *,
        relative: bool = False,
    ) -> None:
        """Go to or by `move`; `speed` in percent. Raises NetrexError."""
        ptz = self._ptz(serial_number)
        await (ptz.move_by if relative else ptz.move_to)(move, speed)
        self._owners.pop(serial_number, None)

    async def async_move_for(
        self, serial_number: str, speeds: Move, seconds: float
    ) -> None:
        """Move for some time, and stop. Raises NetrexError.

        A later movement takes over, and only the last one stops the camera. The camera
        also stops if the caller is canceled or the config entry unloaded.
        """
        owner = self._owners[serial_number] = object()
        try:
            await self._ptz(serial_number).start(speeds)
            await asyncio.sleep(seconds)
        except NetrexError:
            # It may have started anyway, or an earlier movement may be running.
            with suppress(NetrexError):
                await self._async_end(serial_number, owner)
            raise
        except BaseException:
            await self._async_end(serial_number, owner)
            raise
        await self._async_end(serial_number, owner)

    async def async_stop(self) -> None:
        """Stop all continuous movements."""
        moving, self._owners = list(self._owners), {}
        await asyncio.gather(*map(self._async_stop, moving), return_exceptions=True)

    def _ptz(self, serial_number: str) -> PtzClient:
        return PtzClient(self._client, serial_number)

    async def _async_end(self, serial_number: str, owner: object) -> None:
        if self._owners.get(serial_number) is owner:
            del self._owners[serial_number]
            # Shielded: the camera has to stop even if the caller is canceled.
            stop = self._hass.async_create_task(self._async_stop(serial_number))
            await asyncio.shield(stop)

    async def _async_stop(self, serial_number: str) -> None:
        for attempt in range(1, _STOP_ATTEMPTS + 1):
            try:
                await self._ptz(serial_number).stop()
            except NetrexCameraOfflineError as err:
                if attempt == _STOP_ATTEMPTS:
                    LOGGER.warning("A moving camera could not be stopped: %s", err)
                    raise
                await asyncio.sleep(_STOP_PAUSE_SECONDS)
            else:
                return
