"""Moving cameras, and seeing to it that none goes on moving."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from homeassistant.core import HomeAssistant

from ..client import GatewayClient, NetrexCameraOfflineError, NetrexError
from ..client.camera.ptz import Move, Preset, PtzClient
from ..const import LOGGER

# How often, and how many seconds apart, a camera that is not reached is told to stop.
_STOP_ATTEMPTS = 3
_STOP_PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Picture:
    """What can be moved: a camera, or one of its pictures, counted from 1."""

    serial_number: str
    number: int = 1


class Mover:
    """Moves cameras; a continuous movement always comes to its end."""

    def __init__(self, hass: HomeAssistant, gateway: GatewayClient) -> None:
        self._hass = hass
        self._gateway = gateway
        # Whose continuous movement each moving picture makes.
        self._turns: dict[Picture, object] = {}

    async def async_presets(self, picture: Picture) -> tuple[Preset, ...]:
        """Return the presets as the camera has them now. Raises NetrexError."""
        return await self._ptz(picture).presets()

    async def async_go_to(
        self, picture: Picture, preset: int, speed: int | None = None
    ) -> None:
        """Go to a preset; `speed` in per cent. Raises NetrexError."""
        await self._ptz(picture).go_to(preset, speed)
        self._turns.pop(picture, None)

    async def async_move(
        self,
        picture: Picture,
        move: Move,
        speed: int | None = None,
        *,
        relative: bool = False,
    ) -> None:
        """Go somewhere, or so much further. Raises NetrexError."""
        ptz = self._ptz(picture)
        await (ptz.move_by if relative else ptz.move_to)(move, speed)
        self._turns.pop(picture, None)

    async def async_move_for(
        self, picture: Picture, speeds: Move, seconds: float
    ) -> None:
        """Move for a while, and stop. Raises NetrexError.

        Whoever moves the camera meanwhile takes over; the last one stops it. It is
        stopped too if the caller is cancelled or the account unloaded.
        """
        turn = self._turns[picture] = object()
        try:
            await self._ptz(picture).start(speeds)
            await asyncio.sleep(seconds)
        except NetrexError:
            # It may have begun all the same, or an earlier movement goes on.
            with suppress(NetrexError):
                await self._async_end(picture, turn)
            raise
        except BaseException:
            await self._async_end(picture, turn)
            raise
        await self._async_end(picture, turn)

    async def async_stop(self) -> None:
        """Stop every camera that moves."""
        moving, self._turns = list(self._turns), {}
        await asyncio.gather(*map(self._async_stop, moving), return_exceptions=True)

    def _ptz(self, picture: Picture) -> PtzClient:
        return PtzClient(self._gateway, picture.serial_number, picture.number)

    async def _async_end(self, picture: Picture, turn: object) -> None:
        if self._turns.get(picture) is turn:
            del self._turns[picture]
            # The caller may be cancelled; the camera has to stop even so.
            stop = self._hass.async_create_task(self._async_stop(picture))
            await asyncio.shield(stop)

    async def _async_stop(self, picture: Picture) -> None:
        for attempt in range(1, _STOP_ATTEMPTS + 1):
            try:
                await self._ptz(picture).stop()
            except NetrexCameraOfflineError as err:
                if attempt == _STOP_ATTEMPTS:
                    LOGGER.warning("A moving camera could not be stopped: %s", err)
                    raise
                await asyncio.sleep(_STOP_PAUSE)
            else:
                return
