"""Pan, tilt and zoom of a camera: the responses of com/ptz.cgi (VAPIX PTZ control).

Queries return text, controls status 204; failures are text with status 200. Movements
are instantaneous, except continuous ones, which last until they are stopped.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
import math
from typing import Literal

from ..clock import Clock

# Percent.
_FULL_SPEED = 100
# At full speed: degrees, and units of zoom.
_MAX_TURN_PER_SECOND = 100.0
_MAX_ZOOM_PER_SECOND = 2500.0
_STEP = 10.0
_ZOOM_STEP = 500.0
_LIMITS: dict[str, tuple[float, float]] = {
    "pan": (-180.0, 180.0),
    "tilt": (-90.0, 20.0),
    "zoom": (1.0, 9999.0),
}
_OTHER_LIMITS: dict[str, tuple[int, int]] = {
    "Focus": (1, 9999),
    "FieldAngle": (22, 623),
}
_MOVES: dict[str, tuple[float, float]] = {
    "home": (0, 0),
    "up": (0, 1),
    "down": (0, -1),
    "left": (-1, 0),
    "right": (1, 0),
    "upleft": (-1, 1),
    "upright": (1, 1),
    "downleft": (-1, -1),
    "downright": (1, -1),
    "stop": (0, 0),
}

type FixedAnswer = Literal["nan", "empty", "error"]


class RefusedError(Exception):
    """The camera refuses a control, with this text."""


@dataclass(frozen=True, slots=True)
class Position:
    """Pan and tilt in degrees; zoom in units of the camera (1 to 9999)."""

    pan: float = 0.0
    tilt: float = 0.0
    zoom: float = 1.0

    def moved(self, pan: float = 0.0, tilt: float = 0.0, zoom: float = 0.0) -> Position:
        """Return the position after a movement, within the limits."""
        return Position(
            _turned(self.pan + pan),
            _inside("tilt", self.tilt + tilt),
            _inside("zoom", self.zoom + zoom),
        )


# As on real cameras, the numbers have gaps.
_PRESETS: dict[int, tuple[str, Position]] = {
    1: ("Home", Position()),
    2: ("Pokladny", Position(-42.5, -18.0, 1200.0)),
    5: ("Vchod", Position(118.0, -9.5, 3000.0)),
}


@dataclass(slots=True)
class _Motion:
    """A continuous movement, in degrees and units of zoom per second."""

    pan: float = 0.0
    tilt: float = 0.0
    zoom: float = 0.0
    since: float = field(default=0.0)

    def __bool__(self) -> bool:
        return bool(self.pan or self.tilt or self.zoom)


class Ptz:
    """The PTZ head of a camera."""

    def __init__(
        self, clock: Clock, on_move: Callable[[bool], None] = lambda _moving: None
    ) -> None:
        """Start at home; `on_move` is called when a continuous move starts or ends."""
        self._clock = clock
        self._on_move = on_move
        self._position = Position()
        self._motion = _Motion()
        self.presets = dict(_PRESETS)
        self._queries: Mapping[str, Callable[[], str]] = {
            "position": self._query_position,
            "limits": self._query_limits,
            "presetposcam": self._query_presets,
            "speed": self._query_speed,
        }
        # In the order in which a camera applies them.
        self._controls: Mapping[str, Callable[[str], None]] = {
            "speed": _check_speed,
            **{axis: partial(self._absolute, axis) for axis in _LIMITS},
            **{f"r{axis}": partial(self._relative, axis) for axis in _LIMITS},
            "move": self._move,
            "continuouspantiltmove": self._continuous,
            "continuouszoommove": self._continuous_zoom,
            "gotoserverpresetno": self._go_to_number,
            "gotoserverpresetname": self._go_to_name,
        }

    @property
    def position(self) -> Position:
        """Return the current position."""
        seconds = self._clock.now() - self._motion.since
        return self._position.moved(
            self._motion.pan * seconds,
            self._motion.tilt * seconds,
            self._motion.zoom * seconds,
        )

    def answer(self, arguments: Mapping[str, str]) -> str | None:
        """Return the response to a query, or move and return None.

        Raises RefusedError without moving if the arguments are invalid.
        """
        if "query" in arguments:
            query = self._queries.get(arguments["query"])
            if query is None:
                raise RefusedError(f"Unknown query: {arguments['query']}")
            return query()
        controls = [name for name in self._controls if name in arguments]
        if not controls:
            raise RefusedError("No action")
        before = replace(self._motion), self.position
        try:
            for name in controls:
                self._controls[name](arguments[name])
        except (ValueError, RefusedError) as err:
            self._motion, self._position = before
            self._motion.since = self._clock.now()
            raise RefusedError(str(err)) from err
        if bool(before[0]) != bool(self._motion):
            self._on_move(bool(self._motion))
        return None

    def _query_position(self) -> str:
        here = self.position
        return _lines(
            {
                "pan": f"{here.pan:.4f}",
                "tilt": f"{here.tilt:.4f}",
                "zoom": f"{here.zoom:.0f}",
                "focus": "5001",
                "autofocus": "on",
                "autoiris": "on",
            }
        )

    def _query_limits(self) -> str:
        limits = {name.capitalize(): span for name, span in _LIMITS.items()}
        return _lines(
            {
                f"{edge}{name}": f"{value:.0f}"
                for name, span in (limits | _OTHER_LIMITS).items()
                for edge, value in zip(("Min", "Max"), span, strict=True)
            }
        )

    def _query_presets(self) -> str:
        rows = {f"presetposno{number}": name for number, (name, _) in self._sorted()}
        return "Preset Positions for camera 1\r\n" + _lines(rows)

    def _query_speed(self) -> str:
        return "speed=100\r\n"

    def _sorted(self) -> list[tuple[int, tuple[str, Position]]]:
        return sorted(self.presets.items())

    def _settle(self, position: Position) -> None:
        self._position = position
        self._motion = _Motion(since=self._clock.now())

    def _absolute(self, axis: str, value: str) -> None:
        here, number = self.position, _number(value)
        self._settle(replace(here, **{axis: _inside(axis, number)}))

    def _relative(self, axis: str, value: str) -> None:
        self._settle(self.position.moved(**{axis: _number(value)}))

    def _continuous(self, value: str) -> None:
        try:
            pan, tilt = map(_speed, value.split(","))
        except ValueError:
            raise RefusedError("Invalid value for continuouspantiltmove") from None
        here, zoom = self.position, self._motion.zoom
        self._settle(here)
        self._motion.pan, self._motion.tilt = (
            pan * _MAX_TURN_PER_SECOND,
            tilt * _MAX_TURN_PER_SECOND,
        )
        self._motion.zoom = zoom

    def _continuous_zoom(self, value: str) -> None:
        here, motion = self.position, self._motion
        self._settle(here)
        self._motion.pan, self._motion.tilt = motion.pan, motion.tilt
        self._motion.zoom = _speed(value) * _MAX_ZOOM_PER_SECOND

    def _move(self, value: str) -> None:
        if value not in _MOVES:
            raise RefusedError(f"Invalid value for move: {value}")
        pan, tilt = _MOVES[value]
        here = Position() if value == "home" else self.position
        self._settle(here.moved(pan * _STEP, tilt * _STEP))

    def _go_to_number(self, value: str) -> None:
        preset = self.presets.get(int(value)) if value.isdecimal() else None
        self._go_to(preset)

    def _go_to_name(self, value: str) -> None:
        self._go_to(next((p for p in self.presets.values() if p[0] == value), None))

    def _go_to(self, preset: tuple[str, Position] | None) -> None:
        if preset is None:
            raise RefusedError("The requested preset position does not exist.")
        self._settle(preset[1])


def _check_speed(value: str) -> None:
    if not 0 < _number(value) <= _FULL_SPEED:
        raise RefusedError("Invalid value for speed")


def answer_fixed(arguments: Mapping[str, str], conduct: FixedAnswer) -> str:
    """Return the response of a camera without PTZ. Raises RefusedError."""
    if arguments.get("query") == "position" and conduct != "error":
        return "pan=nan\r\ntilt=nan\r\nzoom=nan\r\n" if conduct == "nan" else ""
    if arguments.get("query") == "presetposcam" and conduct != "error":
        return "Preset Positions for camera 1\r\n"
    raise RefusedError("PTZ is not supported.")


def _number(value: str) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise RefusedError(f"Invalid value: {value}")
    return number


def _speed(value: str) -> float:
    number = _number(value)
    if abs(number) > _FULL_SPEED:
        raise RefusedError(f"Invalid speed: {value}")
    return number / _FULL_SPEED


def _inside(axis: str, value: float) -> float:
    low, high = _LIMITS[axis]
    return min(max(value, low), high)


def _turned(pan: float) -> float:
    """Normalize an angle to -180 to 180: the head turns without a limit."""
    half = 180
    return pan if -half <= pan <= half else (pan + half) % (2 * half) - half


def _lines(rows: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\r\n" for name, value in rows.items())
