"""Requests to the portal and its data, as frozen dataclasses."""

from dataclasses import dataclass, field

from .enums import Granularity, LiveTransport, Metric, NodeType, RawMetric


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the portal's tree; `parent_node_id` is None for the root."""

    node_id: int
    parent_node_id: int | None
    type: NodeType
    name: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class StreamProfile:
    """A stream resolution of a camera; width and height in pixels."""

    stream_profile_id: int
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class VideoChannel:
    """One of the images of a camera with several sensors or view areas."""

    node_id: int
    name: str


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """The changing part of a camera. The repr omits the address, which is private."""

    is_connected: bool | None = None
    source_ip: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera and its status."""

    node_id: int
    name: str
    serial_number: str | None = None
    is_connected: bool | None = None
    source_ip: str | None = field(default=None, repr=False)
    stream_profiles: tuple[StreamProfile, ...] = ()
    video_channels: tuple[VideoChannel, ...] = ()


@dataclass(frozen=True, slots=True)
class Inventory:
    """All nodes and cameras that the token has access to.

    Attributes:
        nodes: In the portal's order, unchecked (see `tree.Tree`).
        cameras: In the portal's order, without duplicate ids.
        complete: False if a part of the response failed or could not be parsed, so
            that missing items may still exist.
    """

    nodes: tuple[Node, ...] = ()
    cameras: tuple[Camera, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class SeriesRequest:
    """A request for a KPI series; unix seconds, at most a year."""

    node_id: int
    metric: Metric
    start: int
    end: int
    granularity: Granularity


@dataclass(frozen=True, slots=True)
class ValueRequest:
    """A request for a KPI of a whole period; unix seconds, at most a year.

    Raw metrics are stored values of one camera, amounts times 100.
    """

    node_id: int
    metric: Metric | RawMetric
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SeriesValue:
    """A value of a series for the slot [start, end); unix seconds."""

    start: int
    end: int
    value: float | None


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """A request for a live link; without a profile the portal chooses one."""

    node_id: int
    transport: LiveTransport = LiveTransport.RTSP
    stream_profile_id: int | None = None
    video_channel_node_id: int | None = None


@dataclass(frozen=True, slots=True)
class LiveLink:
    """A link for one connection within 30 s. Its path is a secret."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecordingsRequest:
    """A request for a camera's recordings between two unix times in seconds."""

    node_id: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that the portal can prepare as a file.

    Attributes:
        recording_id: Expires one hour after its last use.
        duration: Seconds.
        heights: Available heights in pixels, ascending; the largest is prepared
            fastest.
        download_url: Set if the file is ready. A secret.
    """

    recording_id: str
    duration: float | None = None
    heights: tuple[int, ...] = ()
    download_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PreparationRequest:
    """A request to prepare a recording's file in one of its heights (pixels)."""

    recording_id: str
    height: int


@dataclass(frozen=True, slots=True)
class RecordingProgress:
    """Progress of a preparation in percent; its URL, a secret, once it is ready."""

    progress: int | None = None
    download_url: str | None = field(default=None, repr=False)
