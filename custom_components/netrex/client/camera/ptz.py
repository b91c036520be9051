"""Pan, tilt and zoom (VAPIX PTZ control, com/ptz.cgi).

Queries return text, controls status 204. Failures, also those of cameras without PTZ,
are text with status 200, which the gateway client recognizes.
"""

from dataclasses import dataclass
from itertools import islice

from ..values import as_int, as_name
from .gateway import GatewayClient
from .rows import read_rows

_PATH = "axis-cgi/com/ptz.cgi"
# The first view of the camera.
_VIEW = {"camera": "1"}
_PRESET = "presetposno"
# More than any camera has.
_MAX_PRESETS = 500


@dataclass(frozen=True, slots=True)
class Preset:
    """A stored position; the numbers of a camera's presets may have gaps."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Move:
    """A position, a distance or a speed; None leaves the axis unchanged.

    Attributes:
        pan: Degrees, positive to the right; as a speed, percent of full speed.
        tilt: Degrees, positive is up; as a speed, percent of full speed.
        zoom: Steps of the camera, 1 (wide) to 9999; as a speed, percent.
    """

    pan: float | None = None
    tilt: float | None = None
    zoom: float | None = None

    def fields(self, prefix: str = "") -> dict[str, str]:
        """Return form fields; `prefix` precedes their names."""
        axes = {"pan": self.pan, "tilt": self.tilt, "zoom": self.zoom}
        return {
            f"{prefix}{axis}": _number(value)
            for axis, value in axes.items()
            if value is not None
        }


_STANDSTILL = Move(0, 0, 0)


class PtzClient:
    """Moves a camera.

    All methods raise the errors of `GatewayClient.request`, and
    NetrexCameraRefusedError if the camera does not support the movement.
    """

    def __init__(self, gateway: GatewayClient, serial_number: str) -> None:
        self._gateway = gateway
        self._serial_number = serial_number

    async def presets(self) -> tuple[Preset, ...]:
        """Return the presets by number; a camera without PTZ has none."""
        params = {"query": "presetposcam"} | _VIEW
        return parse_presets(
            await self._gateway.request_text(self._serial_number, _PATH, params)
        )

    async def go_to(self, preset: int, speed: int | None = None) -> None:
        """Move to a preset; `speed` in percent."""
        await self._control({"gotoserverpresetno": str(preset)} | _speed(speed))

    async def move_to(self, target: Move, speed: int | None = None) -> None:
        """Move to a position; `speed` in percent."""
        await self._control(target.fields() | _speed(speed))

    async def move_by(self, distance: Move, speed: int | None = None) -> None:
        """Move by a distance; `speed` in percent."""
        await self._control(distance.fields("r") | _speed(speed))

    async def start(self, speeds: Move) -> None:
        """Start a continuous movement."""
        await self._control(_continuous(speeds))

    async def stop(self) -> None:
        """Stop every movement, without waiting for other calls to the camera."""
        await self._control(_continuous(_STANDSTILL), urgent=True)

    async def _control(self, fields: dict[str, str], *, urgent: bool = False) -> None:
        await self._gateway.request_text(
            self._serial_number, _PATH, form=_VIEW | fields, urgent=urgent
        )


def parse_presets(text: str) -> tuple[Preset, ...]:
    """Return the presets in the response to `presetposcam`, sorted by number."""
    found: dict[int, str] = {}
    for key, name in read_rows(text):
        number = as_int(key.removeprefix(_PRESET))
        if key.startswith(_PRESET) and number is not None and number >= 0:
            found.setdefault(number, as_name(name) or "")
    presets = islice(sorted(found.items()), _MAX_PRESETS)
    return tuple(Preset(number, name) for number, name in presets)


def _continuous(speeds: Move) -> dict[str, str]:
    """Return form fields: one for pan and tilt together, one for zoom."""
    fields: dict[str, str] = {}
    if speeds.pan is not None or speeds.tilt is not None:
        pan, tilt = _number(speeds.pan or 0), _number(speeds.tilt or 0)
        fields["continuouspantiltmove"] = f"{pan},{tilt}"
    if speeds.zoom is not None:
        fields["continuouszoommove"] = _number(speeds.zoom)
    return fields


def _speed(speed: int | None) -> dict[str, str]:
    return {} if speed is None else {"speed": str(speed)}


def _number(value: float) -> str:
    """Format a number for cameras: no exponent and no trailing zeros."""
    return f"{value:.4f}".rstrip("0").rstrip(".")
