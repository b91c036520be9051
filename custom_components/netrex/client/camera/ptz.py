"""Pan, tilt and zoom of a camera (VAPIX PTZ control, com/ptz.cgi).

A query answers with text, a control with status 204. The camera says no in a text with
status 200, which the gateway client recognises; a camera that cannot move does so too.
"""

from dataclasses import dataclass
import math
import re

from .gateway import GatewayClient

_PATH = "axis-cgi/com/ptz.cgi"
_PRESET = re.compile(r"^presetposno(\d+)=(.*)$", re.MULTILINE)
_ROW = re.compile(r"^(pan|tilt|zoom)=(\S+)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Preset:
    """A position that the camera knows by number and name; numbers have gaps."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Move:
    """A movement, absolute or relative or continuous; None leaves an axis alone.

    Attributes:
        pan: Degrees, to the right if positive; continuous: per cent of full speed.
        tilt: The same, up if positive.
        zoom: Steps of 1 to 9999, in if positive; continuous: per cent.
    """

    pan: float | None = None
    tilt: float | None = None
    zoom: float | None = None

    def fields(self, prefix: str = "") -> dict[str, str]:
        """Return the arguments of a call, their names with a prefix."""
        axes = {"pan": self.pan, "tilt": self.tilt, "zoom": self.zoom}
        return {
            f"{prefix}{axis}": _number(value)
            for axis, value in axes.items()
            if value is not None
        }


STILL = Move(0, 0, 0)


class PtzClient:
    """Moves one picture of a camera.

    Every method raises what the gateway client's `request` raises;
    NetrexCameraRefusedError among it if the camera cannot do what it should.

    Args:
        gateway: The way to the camera.
        serial_number: The camera's.
        channel: Which of its pictures, counted from 1.
    """

    def __init__(
        self, gateway: GatewayClient, serial_number: str, channel: int = 1
    ) -> None:
        self._gateway = gateway
        self._serial_number = serial_number
        self._channel = str(channel)

    async def presets(self) -> tuple[Preset, ...]:
        """Return the presets by number; none of a camera that says it can't move."""
        return parse_presets(await self._query("presetposcam"))

    async def position(self) -> Move:
        """Return where the camera looks; a fixed one knows no axis."""
        return parse_position(await self._query("position"))

    async def go_to(self, preset: int, speed: int | None = None) -> None:
        """Go to a preset; `speed` in per cent."""
        await self._control({"gotoserverpresetno": str(preset)} | _speed(speed))

    async def move_to(self, target: Move, speed: int | None = None) -> None:
        """Go to a position; `speed` in per cent."""
        await self._control(target.fields() | _speed(speed))

    async def move_by(self, way: Move, speed: int | None = None) -> None:
        """Go so much further; `speed` in per cent."""
        await self._control(way.fields("r") | _speed(speed))

    async def start(self, speeds: Move) -> None:
        """Begin to move, until something stops it."""
        await self._control(_continuous(speeds))

    async def stop(self) -> None:
        """End every movement, before anything else that waits for the camera."""
        await self._control(_continuous(STILL), urgent=True)

    async def _query(self, what: str) -> str:
        return await self._gateway.get_text(
            self._serial_number, _PATH, {"query": what, "camera": self._channel}
        )

    async def _control(self, fields: dict[str, str], *, urgent: bool = False) -> None:
        await self._gateway.post_form(
            self._serial_number,
            _PATH,
            {"camera": self._channel} | fields,
            urgent=urgent,
        )


def parse_presets(text: str) -> tuple[Preset, ...]:
    """Return the presets in a `presetposcam` answer by number, each number once."""
    found = {
        int(number): name.strip() for number, name in reversed(_PRESET.findall(text))
    }
    return tuple(Preset(number, name) for number, name in sorted(found.items()))


def parse_position(text: str) -> Move:
    """Return the axes in a `position` answer; `nan` is none."""
    values: dict[str, float] = {}
    for axis, value in _ROW.findall(text):
        try:
            number = float(value)
        except ValueError:
            continue
        if math.isfinite(number):
            values[axis] = number
    return Move(values.get("pan"), values.get("tilt"), values.get("zoom"))


def _continuous(speeds: Move) -> dict[str, str]:
    """Return the arguments; pan and tilt go together, zoom by itself."""
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
    """Return a number as cameras read it: no exponent, nothing after it in vain."""
    return f"{value:.4f}".rstrip("0").rstrip(".")
