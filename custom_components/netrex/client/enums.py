"""The portal's enums, as far as they are documented.

Documents contain enum values as literals (decision 0020), so these classes also ensure
that only known values get into a document.
"""

from enum import StrEnum

from .values import as_key


class NodeType(StrEnum):
    """Types of nodes in the tree ("Organization of objects").

    Only `camera` and `folder` appear in the documented responses; the others are from
    the vendor's lists, which spell them differently.
    """

    FOLDER = "folder"
    LOCATION = "location"
    CAMERA = "camera"
    VIDEO_CHANNEL = "videoChannel"
    CAMERA_AUDIO_DEVICE = "cameraAudioDevice"
    DEVICE_INPUT = "deviceInput"
    CASHDESK = "cashdesk"
    BOX = "box"
    PANEL = "panel"
    USER = "user"
    DASHBOARD = "dashboard"
    DATA_VIEW = "dataView"
    REPORT = "report"
    REMOVED_NODE = "removedNode"
    UNKNOWN = "unknown"

    @classmethod
    def parse(cls, value: object) -> NodeType:
        """Return the type for any of its spellings; UNKNOWN for anything else."""
        text = as_key(value) or ""
        return _NODE_TYPES.get(text.replace("_", "").lower(), cls.UNKNOWN)


_NODE_TYPES = {
    **{node_type.value.lower(): node_type for node_type in NodeType},
    # The spelling of the electric input is not documented.
    "camerainput": NodeType.DEVICE_INPUT,
    "electricinput": NodeType.DEVICE_INPUT,
    "input": NodeType.DEVICE_INPUT,
}


class Metric(StrEnum):
    """Metrics of statisticDataMetric and statisticDataMetricByGranularity."""

    PEOPLE_COUNT_AVERAGE = "peopleCountAverage"
    PEOPLE_COUNT_IN = "peopleCountIn"
    PEOPLE_COUNT_OUT = "peopleCountOut"
    PEOPLE_COUNT_PASS_BY = "peopleCountPassBy"  # noqa: S105 - a word for visitors
    TRANSACTION_COUNT_POSITIVE = "transactionCountPositive"
    TRANSACTION_COUNT_NEGATIVE = "transactionCountNegative"
    TRANSACTION_AMOUNT_POSITIVE = "transactionAmountPositive"
    TRANSACTION_AMOUNT_NEGATIVE = "transactionAmountNegative"
    CONVERSION_COUNT = "conversionCount"
    CONVERSION_AMOUNT = "conversionAmount"
    TRANSACTION_AMOUNT_AVERAGE = "transactionAmountAverage"


class RawMetric(StrEnum):
    """Metrics of statisticData: stored values of one object, amounts times 100."""

    PEOPLE_COUNT = "peopleCount"
    PEOPLE_COUNT_IN = "peopleCountIn"
    PEOPLE_COUNT_OUT = "peopleCountOut"
    TRANSACTION_VALUE_IN = "transactionValueIn"
    TRANSACTION_COUNT_IN = "transactionCountIn"
    TRANSACTION_VALUE_OUT = "transactionValueOut"
    TRANSACTION_COUNT_OUT = "transactionCountOut"


class Granularity(StrEnum):
    """Length of a series' slots."""

    HQ = "HQ"  # a quarter hour
    H = "H"
    H4 = "H4"
    H8 = "H8"
    H12 = "H12"
    D = "D"
    W = "W"
    M = "M"


class Scope(StrEnum):
    """OAuth2 scopes; the portal expects them separated by commas."""

    READ = "read"
    WRITE = "write"
    LIVEVIEW = "liveview"
    AUDIOTRANSMIT = "audiotransmit"
    LIVEVIEW_PTZ = "liveview_ptz"
    LIVEVIEW_LIGHT = "liveview_light"
    LIVEVIEW_AUDIOCLIP = "liveview_audioclip"
    RECORDINGS = "recordings"
    RECORDINGS_DELETE = "recordings_delete"
    EVENTS = "events"


class LiveTransport(StrEnum):
    """Transports of a live stream ("View live stream from the camera").

    The names of all fields are documented only for `rtsp`.
    """

    RTSP = "rtsp"  # plain
    RTSPH = "rtsph"  # over HTTP
    RTSPHS = "rtsphs"  # over HTTPS
    RTSPWS = "rtspws"  # over WebSocket
    RTSPWSS = "rtspwss"  # over WebSocket Secure
    LOCAL = "local"  # plain, within the camera's network
