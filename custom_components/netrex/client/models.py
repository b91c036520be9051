"""What the portal tells, as frozen records.

Every parser takes arbitrary JSON: an item that cannot be identified is left out, a
field that is missing, null or of a wrong type becomes None, an unknown field is
ignored. No parser raises.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
import math

from .enums import Granularity, Metric, NodeType, Transport


@dataclass(frozen=True, slots=True)
class Node:
    """One item of the portal's tree; `parent_node_id` is None for the root."""

    node_id: int
    parent_node_id: int | None
    type: NodeType
    name: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class StreamProfile:
    """A resolution that a camera streams; width and height in pixels."""

    stream_profile_id: int
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class VideoChannel:
    """One of several pictures of a camera with more optics or views."""

    node_id: int
    name: str


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """The changing part of a camera; the address is private, hence not in repr."""

    is_connected: bool | None = None
    source_ip: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera with what does not change from minute to minute, and its status."""

    node_id: int
    name: str
    serial_number: str | None = None
    is_connected: bool | None = None
    source_ip: str | None = field(default=None, repr=False)
    stream_profiles: tuple[StreamProfile, ...] = ()
    video_channels: tuple[VideoChannel, ...] = ()


@dataclass(frozen=True, slots=True)
class Inventory:
    """All nodes and cameras that the token sees.

    Attributes:
        nodes: In the portal's order, as told (see `tree.Tree`).
        cameras: In the portal's order, each id once.
        complete: False if a part of the answer failed or could not be read, so
            that what is missing here may exist all the same.
    """

    nodes: tuple[Node, ...] = ()
    cameras: tuple[Camera, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class SeriesRequest:
    """A wish for one KPI series; start and end in unix seconds, at most a year."""

    node_id: int
    metric: Metric
    start: int
    end: int
    granularity: Granularity


@dataclass(frozen=True, slots=True)
class Slot:
    """One value of a series; half-open [start, end), unix seconds."""

    start: int
    end: int
    value: float | None


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """A wish for one live link; without a profile the portal chooses."""

    node_id: int
    transport: Transport = Transport.RTSP
    stream_profile_id: int | None = None
    video_channel_node_id: int | None = None


@dataclass(frozen=True, slots=True)
class LiveLink:
    """A link to connect to within 30 s, once. Its path is a secret."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that the portal can prepare.

    Attributes:
        recording_id: Expires an hour after the last use.
        duration: Seconds.
        heights: Available heights in pixels, rising; the highest is the quickest.
        download_url: Set if it is prepared already. A secret.
    """

    recording_id: str
    duration: float | None = None
    heights: tuple[int, ...] = ()
    download_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class RecordingProgress:
    """State of a preparation: percent, and the download link once ready. A secret."""

    progress: int | None = None
    download_url: str | None = field(default=None, repr=False)


def as_int(value: object) -> int | None:
    """Return a whole number, also from `12.0` and `"12"`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    number = as_float(value)
    return int(number) if number is not None and number.is_integer() else None


def as_float(value: object) -> float | None:
    """Return a finite number, also from a numeric string."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError, OverflowError:
        return None
    return number if math.isfinite(number) else None


def as_bool(value: object) -> bool | None:
    """Return a truth value, also from 0, 1 and their strings."""
    if isinstance(value, str):
        return _BOOLEANS.get(value.lower())
    return bool(value) if value in (0, 1) else None


_BOOLEANS = {"0": False, "1": True, "false": False, "true": True}


def as_text(value: object) -> str | None:
    """Return a string that is not empty; a number counts as its digits."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None


def as_mapping(value: object) -> Mapping[str, object]:
    """Return a JSON object; anything else is an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """Return a JSON array; anything else is an empty one."""
    return value if isinstance(value, list) else []


def parse_each[T](
    value: object, parse: Callable[[Mapping[str, object]], T | None]
) -> tuple[T, ...]:
    """Parse the objects of a JSON array; leave out what gives None."""
    parsed = (parse(item) for item in as_list(value) if isinstance(item, dict))
    return tuple(item for item in parsed if item is not None)
