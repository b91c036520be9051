"""A camera's parameters, capabilities and snapshots.

Source: VAPIX network video API, "Parameter management" (param.cgi) and "Image"
(jpg/image.cgi). Writing parameters is equivalent to administrator access to the camera.
So only listed groups are written, and names and values that a camera could interpret
differently are rejected.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
import json
import re
from typing import Any, Self

from ..errors import NetrexCameraRefusedError, NetrexCameraResponseError
from ..values import as_int, as_key, as_list, as_name
from .gateway import GatewayClient
from .rows import read_rows

_PARAMETERS = "axis-cgi/param.cgi"
_IMAGE = "axis-cgi/jpg/image.cgi"
_ROOT = "root."

# The image and its overlays can be written; not the network, the system, users, and
# what the portal needs (streams, recording).
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
_SIZE = re.compile(r"[0-9]{2,5}x[0-9]{2,5}")
_MAX_VALUE_LENGTH = 250
# More than any camera has.
_MAX_VIEWS = 100
# Texts that cameras show. The form carries any visible character in them.
_TEXT = re.compile(r"Image\.I[0-9]{1,2}\.(?:Overlay|Text)\..*")
# In other values, these characters are no setting of a camera but an attempt to start
# another argument, even if they are decoded twice.
_AMBIGUOUS = re.compile(r"[&=;\\]|%[0-9A-Fa-f]{2}|%u")
# Suffixes of the names of parameters that contain secrets.
_SECRET = re.compile(
    r"(?i)(?:passw(?:or)?d|passphrase|pass|pwd|secret|community|credentials?|token|key)$"
)
# Image settings that are numbers from 0 to 100.
_IMAGE_SETTING = re.compile(
    r"ImageSource\.I([0-9]{1,2})\.Sensor\.(Brightness|ColorLevel|Contrast|Sharpness)"
)


class ParameterProblem(StrEnum):
    """Why a parameter is not read or written."""

    NAME = "parameter_name_invalid"
    GROUP = "parameter_not_allowed"
    VALUE = "parameter_value_invalid"


class ParameterError(ValueError):
    """A name or value is not allowed; nothing was sent.

    Attributes:
        problem: What is not allowed.
        name: The name of the parameter or group.
        found: The part of the value that is not allowed, in quotes, or its length.
    """

    def __init__(self, problem: ParameterProblem, name: str, found: str = "") -> None:
        super().__init__(problem.value)
        self.problem = problem
        self.name = name
        self.found = found


def check_group(group: str) -> str:
    """Return the name of a group or parameter; `*` stands for one part of a name.

    Raises ParameterError.
    """
    if not _GROUP.fullmatch(group):
        raise ParameterError(ParameterProblem.NAME, group)
    return group


def check_changes(changes: Mapping[str, object]) -> dict[str, str]:
    """Return names without `root.` and values as text; booleans become yes and no.

    Raises ParameterError.
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
    if not isinstance(value, int | float | str):
        raise ParameterError(ParameterProblem.VALUE, name, str(value))
    text = str(value)
    if len(text) > _MAX_VALUE_LENGTH:
        raise ParameterError(ParameterProblem.VALUE, name, str(len(text)))
    found = next((char for char in text if not char.isprintable()), "")
    if not found and not _TEXT.fullmatch(name) and (match := _AMBIGUOUS.search(text)):
        found = match[0]
    if found:
        raise ParameterError(ParameterProblem.VALUE, name, json.dumps(found))
    return text


async def read_parameters(
    gateway: GatewayClient, serial_number: str, groups: Sequence[str]
) -> dict[str, str]:
    """Return the parameters of groups by name without `root.`, except for secrets.

    A camera that lacks one of the groups refuses the whole call.

    Raises ParameterError, and the errors of `GatewayClient.request`.
    """
    params = {"action": "list", "group": ",".join(map(check_group, groups))}
    text = await gateway.request_text(serial_number, _PARAMETERS, params)
    values = parse_parameters(text)
    if not values:
        raise NetrexCameraResponseError("The response contains no parameters")
    return values


def parse_parameters(text: str) -> dict[str, str]:
    """Parse a listing: lines of `root.Group.Name=value`."""
    values: dict[str, str] = {}
    for name, value in read_rows(text):
        if _NAME.fullmatch(name) and not _SECRET.search(name):
            values[name.removeprefix(_ROOT)] = value
    return values


async def write_parameters(
    gateway: GatewayClient, serial_number: str, changes: Mapping[str, object]
) -> None:
    """Write parameters with one call.

    The camera stops at the first parameter that it refuses and keeps earlier changes.

    Raises ParameterError before anything is sent, and the errors of
    `GatewayClient.request`.
    """
    fields = {f"{_ROOT}{name}": value for name, value in check_changes(changes).items()}
    answer = await gateway.request_text(
        serial_number, _PARAMETERS, form={"action": "update"} | fields
    )
    if answer.strip() != "OK":
        raise NetrexCameraResponseError("The camera did not confirm the change")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The capabilities that a camera reports.

    Attributes:
        manufacturer: For example "AXIS".
        model: For example "AXIS P3268-LV".
        firmware: The firmware's version.
        serial_number: As the camera reports it, for display only.
        ptz: Whether it can pan, tilt or zoom, including digitally.
        views: The number of its views; jpg/image.cgi counts them from 1.
        resolutions: Width and height of its images in pixels.
        image_settings: Names of parameters whose values are numbers from 0 to 100.
    """

    manufacturer: str | None = None
    model: str | None = None
    firmware: str | None = None
    serial_number: str | None = None
    ptz: bool = False
    views: int = 1
    resolutions: tuple[tuple[int, int], ...] = ()
    image_settings: tuple[str, ...] = ()

    @classmethod
    def from_parameters(cls, values: Mapping[str, str]) -> Self:
        """Parse the groups Brand, Properties and ImageSource."""
        return cls(
            manufacturer=as_name(values.get("Brand.Brand")),
            model=as_name(values.get("Brand.ProdShortName")),
            firmware=as_name(values.get("Properties.Firmware.Version")),
            serial_number=as_name(values.get("Properties.System.SerialNumber")),
            ptz="yes"
            in (
                values.get("Properties.PTZ.PTZ"),
                values.get("Properties.PTZ.DigitalPTZ"),
            ),
            views=_views(values.get("Properties.Image.NbrOfViews")),
            resolutions=tuple(
                _sizes(values.get("Properties.Image.Resolution", "").split(","))
            ),
            image_settings=tuple(
                name
                for name, value in values.items()
                if _IMAGE_SETTING.fullmatch(name) and as_int(value) is not None
            ),
        )

    @classmethod
    def from_dict(cls, stored: Mapping[str, object]) -> Self:
        """Parse the result of `as_dict` after it was stored as JSON."""
        sizes = (as_list(size) for size in as_list(stored.get("resolutions")))
        names = map(as_key, as_list(stored.get("image_settings")))
        return cls(
            manufacturer=as_name(stored.get("manufacturer")),
            model=as_name(stored.get("model")),
            firmware=as_name(stored.get("firmware")),
            serial_number=as_name(stored.get("serial_number")),
            ptz=stored.get("ptz") is True,
            views=_views(stored.get("views")),
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
        """Return JSON-serializable data."""
        return asdict(self) | {
            "resolutions": [list(size) for size in self.resolutions],
            "image_settings": list(self.image_settings),
        }

    def resolution(self, width: int, height: int) -> str | None:
        """Return the smallest resolution of at least the given size in pixels.

        Only resolutions with the aspect ratio of the largest one are used. None, for
        the camera's default, if no resolution is known or no size is requested (0).
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


def _views(value: object) -> int:
    return min(max(as_int(value) or 1, 1), _MAX_VIEWS)


def _sizes(texts: Collection[str]) -> list[tuple[int, int]]:
    sizes = (
        [as_int(number) for number in text.strip().split("x")]
        for text in texts
        if _SIZE.fullmatch(text.strip())
    )
    return [(width, height) for width, height in sizes if width and height]


async def read_capabilities(gateway: GatewayClient, serial_number: str) -> Capabilities:
    """Read a camera's capabilities, with two calls."""
    values = await read_parameters(gateway, serial_number, ("Brand", "Properties"))
    # A camera without this group has no image settings.
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
    """Take a snapshot and return it as a JPEG.

    Args:
        gateway: Calls the camera.
        serial_number: The camera's serial number.
        resolution: A resolution of the camera; None for its default.
        compression: 0 (best) to 100 (smallest); None for the camera's default.
        view: The number of the camera's view, counted from 1.
    """
    params = {"camera": str(view)}
    if resolution is not None:
        params["resolution"] = resolution
    if compression is not None:
        params["compression"] = str(compression)
    return await gateway.request_image(serial_number, _IMAGE, params)


def image_setting(parameter: str) -> tuple[int, str]:
    """Return the number of the sensor, counted from 0, and the name of the setting.

    Raises ValueError for any other parameter.
    """
    if (match := _IMAGE_SETTING.fullmatch(parameter)) is None:
        raise ValueError(parameter)
    return int(match[1]), match[2]
