"""What the portal tells and what it can be asked, as frozen records."""

from dataclasses import dataclass, field

from .enums import Granularity, LiveTransport, Metric, NodeType, RawMetric


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
class ValueRequest:
    """A wish for one KPI of a whole time; unix seconds, at most a year.

    A raw metric is a stored value of one camera, money times 100.
    """

    node_id: int
    metric: Metric | RawMetric
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SeriesValue:
    """One value of a series; half-open [start, end), unix seconds."""

    start: int
    end: int
    value: float | None


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """A wish for one live link; without a profile the portal chooses."""

    node_id: int
    transport: LiveTransport = LiveTransport.RTSP
    stream_profile_id: int | None = None
    video_channel_node_id: int | None = None


@dataclass(frozen=True, slots=True)
class LiveLink:
    """A link to connect to within 30 s, once. Its path is a secret."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecordingsRequest:
    """A wish to know what a camera recorded between two unix times, in seconds."""

    node_id: int
    start: int
    end: int


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
class PreparationRequest:
    """A wish for a recording's file in one of its heights, in pixels."""

    recording_id: str
    height: int


@dataclass(frozen=True, slots=True)
class RecordingProgress:
    """State of a preparation: percent, and the download link once ready. A secret."""

    progress: int | None = None
    download_url: str | None = field(default=None, repr=False)
