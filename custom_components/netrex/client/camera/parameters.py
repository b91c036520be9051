"""A camera's parameters, what it is able to, and its snapshots (VAPIX).

VAPIX network video API: "Parameter management" (param.cgi), "Image" (jpg/image.cgi).
Whoever may write parameters is in effect the camera's administrator, so names and
values pass a list of what cannot break the camera or say more than one thing.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
import re
from typing import Any, Self

from ..errors import NetrexCameraRefusedError, NetrexCameraResponseError
from ..values import as_int, as_list, as_text
from .gateway import GatewayClient

_PARAMETERS = "axis-cgi/param.cgi"
_IMAGE = "axis-cgi/jpg/image.cgi"
_ROOT = "root."

# What may be written: how the picture looks and what is printed on it. Not the network,
# the system, users, or what the portal itself needs (streams, recording).
WRITABLE_GROUPS = (
    "Image.I#.Appearance",
    "Image.I#.Overlay",
    "Image.I#.Text",
    "ImageSource.I#.DayNight",
    "ImageSource.I#.Sensor",
)
_WRITABLE = re.compile(
    "|".join(
        rf"{re.escape(group).replace(r'\#', '[0-9]{1,2}')}\.[A-Za-z0-9_.-]+"
        for group in WRITABLE_GROUPS
    )
)
_NAME = re.compile(r"(?:root\.)?[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+")
_GROUP = re.compile(r"[A-Za-z*][A-Za-z0-9_*-]*(?:\.[A-Za-z0-9_*-]+)*")
_LONGEST_VALUE = 250
# What could begin another argument, or become something else when decoded once more.
_SMUGGLING = re.compile(r"[&=;\\]|%[0-9A-Fa-f]{2}|%u")
# Parameters that hold a secret; their names end so.
_SECRET = re.compile(
    r"(?i)(?:passw(?:or)?d|passphrase|pass|pwd|secret|community|credentials?|token|key)$"
)
# Image settings that are numbers from 0 to 100.
_IMAGE_SETTING = re.compile(
    r"ImageSource\.I(\d+)\.Sensor\.(Brightness|ColorLevel|Contrast|Sharpness)"
)


class ParameterProblem(StrEnum):
    """Why a parameter is not asked for or written."""

    NAME = "parameter_name_invalid"
    GROUP = "parameter_not_allowed"
    VALUE = "parameter_value_invalid"


class ParameterError(ValueError):
    """A name or value that we do not send; nothing was sent."""

    def __init__(self, problem: ParameterProblem, name: str) -> None:
        super().__init__(problem.value)
        self.problem = problem
        self.name = name


def check_group(group: str) -> str:
    """Return the name of a group to read, an asterisk stands for a part of a name.

    Raises ParameterError.
    """
    if not _GROUP.fullmatch(group):
        raise ParameterError(ParameterProblem.NAME, group)
    return group


def check_changes(changes: Mapping[str, object]) -> dict[str, str]:
    """Return parameters as they are written: names without `root.`, values as text.

    Truth values become yes and no, as in all of VAPIX. Raises ParameterError.
    """
    checked: dict[str, str] = {}
    for full_name, value in changes.items():
        if not _NAME.fullmatch(full_name):
            raise ParameterError(ParameterProblem.NAME, full_name)
        name = full_name.removeprefix(_ROOT)
        if not _WRITABLE.fullmatch(name):
            raise ParameterError(ParameterProblem.GROUP, name)
        checked[name] = _check_value(name, value)
    return checked


def _check_value(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value) if isinstance(value, int | float | str) else None
    if (
        text is None
        or len(text) > _LONGEST_VALUE
        or not text.isprintable()
        or _SMUGGLING.search(text)
    ):
        raise ParameterError(ParameterProblem.VALUE, name)
    return text


async def read_parameters(
    gateway: GatewayClient, serial_number: str, groups: Sequence[str]
) -> dict[str, str]:
    """Return the parameters of groups, by their names without `root.`.

    Those that hold secrets are left out. One group that the camera does not have fails
    the whole call. Raises ParameterError, and what the gateway client raises.
    """
    params = {"action": "list", "group": ",".join(map(check_group, groups))}
    text = await gateway.get_text(serial_number, _PARAMETERS, params)
    values = parse_parameters(text)
    if not values:
        raise NetrexCameraResponseError("The camera's answer has no parameters")
    return values


def parse_parameters(text: str) -> dict[str, str]:
    """Read the answer to a listing: lines of `root.Group.Name=value`."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and _NAME.fullmatch(name) and not _SECRET.search(name):
            values[name.removeprefix(_ROOT)] = value
    return values


async def write_parameters(
    gateway: GatewayClient, serial_number: str, changes: Mapping[str, object]
) -> None:
    """Write parameters, all by one call.

    The camera stops at the first it refuses; those before it stay written. Raises
    ParameterError before anything is sent, and what the gateway client raises.
    """
    fields = {f"{_ROOT}{name}": value for name, value in check_changes(changes).items()}
    answer = await gateway.post_form(
        serial_number, _PARAMETERS, {"action": "update"} | fields
    )
    if answer.strip() != "OK":
        raise NetrexCameraResponseError("The camera does not confirm the change")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a camera is able to, as it says itself.

    Attributes:
        model: Such as "AXIS P3268-LV".
        firmware: Its version.
        ptz: It pans, tilts or zooms, if only digitally.
        views: How many pictures it gives; jpg/image.cgi counts them from 1.
        resolutions: Width and height in pixels that its pictures can have.
        image_settings: Names of parameters, each a number from 0 to 100.
    """

    model: str | None = None
    firmware: str | None = None
    ptz: bool = False
    views: int = 1
    resolutions: tuple[tuple[int, int], ...] = ()
    image_settings: tuple[str, ...] = ()

    @classmethod
    def from_parameters(cls, values: Mapping[str, str]) -> Self:
        """Read them from the groups Brand, Properties and ImageSource."""
        views = values.get("Properties.Image.NbrOfViews", "")
        return cls(
            model=values.get("Brand.ProdShortName") or None,
            firmware=values.get("Properties.Firmware.Version") or None,
            ptz="yes"
            in (
                values.get("Properties.PTZ.PTZ"),
                values.get("Properties.PTZ.DigitalPTZ"),
            ),
            views=int(views) if views.isdecimal() else 1,
            resolutions=tuple(
                _sizes(values.get("Properties.Image.Resolution", "").split(","))
            ),
            image_settings=tuple(
                name
                for name, value in values.items()
                if _IMAGE_SETTING.fullmatch(name) and value.isdecimal()
            ),
        )

    @classmethod
    def from_dict(cls, stored: Mapping[str, object]) -> Self:
        """Read what `as_dict` gave, from a file of JSON."""
        sizes = (as_list(size) for size in as_list(stored.get("resolutions")))
        names = map(as_text, as_list(stored.get("image_settings")))
        return cls(
            model=as_text(stored.get("model")),
            firmware=as_text(stored.get("firmware")),
            ptz=stored.get("ptz") is True,
            views=as_int(stored.get("views")) or 1,
            resolutions=tuple(
                (width, height)
                for width, height in (map(as_int, size) for size in sizes)
                if width and height
            ),
            image_settings=tuple(
                name for name in names if name and _IMAGE_SETTING.fullmatch(name)
            ),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, fit for JSON."""
        return asdict(self) | {
            "resolutions": [list(size) for size in self.resolutions],
            "image_settings": list(self.image_settings),
        }

    def resolution(self, width: int, height: int) -> str | None:
        """Return the smallest size that covers a wish, in the largest one's shape.

        None leaves the size to the camera: nothing is known, or nothing was wished (0).
        """
        if not self.resolutions or not (width or height):
            return None
        widest = max(self.resolutions)
        alike = [
            size
            for size in self.resolutions
            if size[0] * widest[1] == size[1] * widest[0]
        ]
        enough = [size for size in alike if size[0] >= width and size[1] >= height]
        chosen = min(enough, default=widest)
        return f"{chosen[0]}x{chosen[1]}"


def _sizes(texts: Collection[str]) -> list[tuple[int, int]]:
    found = (re.fullmatch(r"(\d{2,5})x(\d{2,5})", text.strip()) for text in texts)
    return [(int(size[1]), int(size[2])) for size in found if size]


async def read_capabilities(gateway: GatewayClient, serial_number: str) -> Capabilities:
    """Ask a camera what it is able to, by two calls."""
    values = await read_parameters(gateway, serial_number, ("Brand", "Properties"))
    # A camera without that group has no image settings.
    with suppress(NetrexCameraRefusedError):
        values |= await read_parameters(gateway, serial_number, ("ImageSource",))
    return Capabilities.from_parameters(values)


async def read_snapshot(
    gateway: GatewayClient,
    serial_number: str,
    *,
    resolution: str | None = None,
    compression: int | None = None,
    view: int = 1,
) -> bytes:
    """Return the picture of now as JPEG.

    Args:
        gateway: The way to the camera.
        serial_number: The camera's.
        resolution: One of the camera's own; None leaves it to the camera.
        compression: 0 (best) to 100 (smallest); None leaves it to the camera.
        view: Which of the camera's pictures, counted from 1.
    """
    params = {"camera": str(view)}
    if resolution is not None:
        params["resolution"] = resolution
    if compression is not None:
        params["compression"] = str(compression)
    return await gateway.get_bytes(serial_number, _IMAGE, params)


def image_setting(parameter: str) -> tuple[int, str]:
    """Return the sensor, counted from 0, and the name of an image setting.

    Raises ValueError for another parameter.
    """
    if (match := _IMAGE_SETTING.fullmatch(parameter)) is None:
        raise ValueError(parameter)
    return int(match[1]), match[2]
