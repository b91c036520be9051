"""Client for the API of the Netrex / CamStreamer Cloud portal.

It is independent of Home Assistant and requires only aiohttp.
"""

from .api import NetrexClient
from .camera.gateway import GatewayClient
from .camera.parameters import Capabilities, ParameterError
from .camera.url import DEFAULT_CAMERA_URL, parse_camera_url
from .days import DAY, HOUR, QUARTER, Span, day_bounds, day_span, local_date, midnight
from .documents import LONGEST_RANGE, MAX_SERIES_PER_QUERY
from .downloads import Download
from .enums import Granularity, LiveTransport, Metric, NodeType, RawMetric, Scope
from .errors import (
    NetrexAuthError,
    NetrexBudgetError,
    NetrexCameraError,
    NetrexCameraMethodError,
    NetrexCameraNotFoundError,
    NetrexCameraOfflineError,
    NetrexCameraPermissionError,
    NetrexCameraRefusedError,
    NetrexCameraResponseError,
    NetrexCameraTokenError,
    NetrexConnectionError,
    NetrexError,
    NetrexNoDataError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexQueryError,
    NetrexRateLimitedError,
    NetrexResponseError,
)
from .hourly_counts import HourlyCounts
from .lanes import Lane
from .ledger import DEFAULT_ALLOWANCE, LIMIT, Ledger
from .models import (
    Camera,
    CameraStatus,
    Inventory,
    LinkRequest,
    LiveLink,
    Node,
    PreparationRequest,
    Recording,
    RecordingProgress,
    RecordingsRequest,
    SeriesRequest,
    SeriesValue,
    StreamProfile,
    ValueRequest,
    VideoChannel,
)
from .operations import operations
from .pacer import Pacer
from .schema import Schema
from .tree import Tree

__all__ = [
    "DAY",
    "DEFAULT_ALLOWANCE",
    "DEFAULT_CAMERA_URL",
    "HOUR",
    "LIMIT",
    "LONGEST_RANGE",
    "MAX_SERIES_PER_QUERY",
    "QUARTER",
    "Camera",
    "CameraStatus",
    "Capabilities",
    "Download",
    "GatewayClient",
    "Granularity",
    "HourlyCounts",
    "Inventory",
    "Lane",
    "Ledger",
    "LinkRequest",
    "LiveLink",
    "LiveTransport",
    "Metric",
    "NetrexAuthError",
    "NetrexBudgetError",
    "NetrexCameraError",
    "NetrexCameraMethodError",
    "NetrexCameraNotFoundError",
    "NetrexCameraOfflineError",
    "NetrexCameraPermissionError",
    "NetrexCameraRefusedError",
    "NetrexCameraResponseError",
    "NetrexCameraTokenError",
    "NetrexClient",
    "NetrexConnectionError",
    "NetrexError",
    "NetrexNoDataError",
    "NetrexNotFoundError",
    "NetrexPermissionError",
    "NetrexQueryError",
    "NetrexRateLimitedError",
    "NetrexResponseError",
    "Node",
    "NodeType",
    "Pacer",
    "ParameterError",
    "PreparationRequest",
    "RawMetric",
    "Recording",
    "RecordingProgress",
    "RecordingsRequest",
    "Schema",
    "Scope",
    "SeriesRequest",
    "SeriesValue",
    "Span",
    "StreamProfile",
    "Tree",
    "ValueRequest",
    "VideoChannel",
    "day_bounds",
    "day_span",
    "local_date",
    "midnight",
    "operations",
    "parse_camera_url",
]
