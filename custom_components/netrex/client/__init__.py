"""Client for the API of the Netrex / CamStreamer Cloud portal.

It is independent of Home Assistant and requires only aiohttp.
"""

from .addresses import AddressGate
from .api import NetrexClient
from .camera.gateway import GatewayClient
from .camera.parameters import Capabilities, ParameterError
from .camera.url import DEFAULT_CAMERA_URL, parse_camera_url
from .documents import LONGEST_RANGE, MAX_SERIES_PER_QUERY
from .downloads import Download
from .enums import Granularity, LiveTransport, Metric, NodeType, RawMetric, Scope
from .errors import (
    NetrexAddressError,
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
    NetrexRangeError,
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
    Recording,
    RecordingProgress,
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
    "DEFAULT_ALLOWANCE",
    "DEFAULT_CAMERA_URL",
    "LIMIT",
    "LONGEST_RANGE",
    "MAX_SERIES_PER_QUERY",
    "AddressGate",
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
    "NetrexAddressError",
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
    "NetrexRangeError",
    "NetrexRateLimitedError",
    "NetrexResponseError",
    "Node",
    "NodeType",
    "Pacer",
    "ParameterError",
    "RawMetric",
    "Recording",
    "RecordingProgress",
    "Schema",
    "Scope",
    "SeriesRequest",
    "SeriesValue",
    "StreamProfile",
    "Tree",
    "ValueRequest",
    "VideoChannel",
    "operations",
    "parse_camera_url",
]
