"""A switch for each thing that the vendor's documentation leaves open.

The defaults are the most plausible readings; the tests turn every switch.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

TRANSPORTS = ("rtsp", "rtsph", "rtsphs", "rtspws", "rtspwss")


@dataclass(slots=True)
class Switches:
    """The behaviours of the cloud that nobody outside knows.

    Times are seconds. Statuses are HTTP statuses.
    """

    # --- limits ("1 query/second, 10 000 queries/day" for one account)
    rate_limit: bool = True
    query_interval: float = 1.0
    daily_queries: int = 10_000
    # Which span "day" means.
    limit_day: Literal["rolling", "utc", "local"] = "rolling"
    # Whether a refused query counts as an arrival and on the day.
    refused_count: bool = True
    # Whether each top-level field of an operation counts (False: each request).
    aliases_count: bool = False
    limit_status: int = 429
    limit_body: Literal["graphql", "text", "html", "empty"] = "graphql"
    limit_category: str = "client"
    # Value of the Retry-After header in seconds; -1 for no header.
    limit_retry_after: int = -1

    # --- GraphQL
    # Status of an answer without data, and of the three authorization errors.
    error_status: int = 200
    auth_error_status: int = 200
    category_place: Literal["top", "extensions", "none"] = "top"
    introspection: bool = True
    # Names that the documentation does not spell.
    device_input_type: str = "deviceInput"
    # Fields of live_view.remote that exist in the schema.
    transports: tuple[str, ...] = ("rtsp", "rtsph", "rtspws")
    local_view: bool = True

    # --- KPI
    time_zone: str = "Europe/Prague"
    # A source without data, quarters ahead, the quarter that still runs.
    kpi_missing: Literal["null", "zero"] = "null"
    kpi_future: Literal["null", "zero"] = "null"
    kpi_unfinished: Literal["null", "zero", "partial"] = "null"
    kpi_division_by_zero: Literal["null", "zero"] = "null"
    # How long after its end a quarter hour becomes known.
    kpi_delay: float = 0.0
    # Share (0 to 1) of quarter hours that a counter delivers `kpi_late_by` later.
    kpi_late_share: float = 0.0
    kpi_late_by: float = 7200.0
    # What a late or missing quarter shows before it arrives.
    kpi_late: Literal["null", "zero"] = "zero"
    kpi_type: Literal["Float", "Int"] = "Float"
    # Where 4, 8 and 12 hour buckets start: the unix clock or local midnight.
    kpi_blocks: Literal["utc", "local"] = "utc"
    # Longest range in days that is answered; 0 for any.
    kpi_max_days: int = 0
    # Money in statisticDataMetric: 1 = units, 100 = minor units.
    kpi_money_factor: int = 1

    # --- OAuth2
    token_parameters: Literal["both", "query", "body"] = "both"
    token_error_status: int = 400
    code_lifetime: float = 60.0
    access_token_lifetime: int = 3600
    # 0: a refresh token lives for ever.
    refresh_token_lifetime: float = 0.0
    refresh_rotates: bool = False
    # Whether the answer to a refresh has a refresh token when it does not rotate.
    refresh_repeats: bool = True
    # Whether a space separates scopes as well as the documented comma.
    scope_space: bool = False

    # --- live view
    link_lifetime: float = 30.0
    # What ends a link: the end of its session or the end of a TCP connection.
    link_single_use: Literal["session", "connection", "never"] = "session"
    options_uses_link: bool = False
    # What an offline camera has: nothing, an error, or a link that leads nowhere.
    offline_live_view: Literal["null", "error", "link"] = "error"
    # WebSocket subprotocol that the server wants; empty: any.
    websocket_protocol: str = "binary"
    # Scheme of the links of tunnelled transports: http, wss, ...; that of RTSP; or the
    # transport's own name.
    tunnel_scheme: Literal["carrier", "rtsp", "name"] = "carrier"
    backchannel: Literal["ignore", "refuse"] = "refuse"
    # RTSP status for a link that is unknown, too old or used up.
    link_refused_status: int = 404
    # Whether the SDP's control attributes are whole addresses, as Axis cameras send.
    sdp_control: Literal["absolute", "relative"] = "absolute"
    # An RTSP session ends when the client was silent for so long.
    session_timeout: float = 60.0
    # Weight of a live stream in bit/s, made up with filler data; 0 as encoded.
    live_bit_rate: int = 0

    # --- recordings
    recording_id_lifetime: float = 3600.0
    download_lifetime: float = 24 * 3600.0
    downloaded_lifetime: float = 6 * 3600.0
    prepare_duration: float = 4.0
    # What the cloud says to a preparation that it could begin.
    prepare_answer: Literal["true", "false", "error"] = "true"
    prepare_fails: bool = False
    # Progress of a preparation that failed.
    failed_progress: Literal["null", "zero", "minus", "error"] = "null"
    prepare_twice: Literal["true", "false", "error"] = "true"
    download_range: bool = True
    download_length: bool = True
    download_needs_token: bool = False
    # HTTP status for a key that is unknown or too old.
    download_expired_status: int = 404
    # How many storages hold each recording: the cloud, the camera's own card, ...
    recording_storages: int = 1
    # How long each camera does not record each day.
    recording_gap: int = 0
    # Files are filled up to this many bytes, to weigh what real recordings do.
    recording_size: int = 0

    # --- the gateway to the cameras
    gateway_bad_token_status: int = 401
    gateway_no_permission_status: int = 403
    gateway_offline_status: int = 503
    gateway_unknown_status: int = 404
    gateway_body: Literal["html", "json", "text", "empty"] = "html"
    # Whether gateway calls count on the account's limit.
    gateway_counts: bool = False
    # What a camera without PTZ says to those who ask where it looks.
    fixed_ptz: Literal["nan", "empty", "error"] = "nan"
    # Whether ports are managed by portmanagement.cgi, as on newer firmware.
    port_management: bool = True
    # Whether the gateway lets the event stream's WebSocket through.
    event_stream: bool = True
    # Generation of the CamStreamer App's local API; none where it is not installed.
    camstreamer_api: Literal["old", "new", "none"] = "new"
    # Where the new generation's list of streams is.
    camstreamer_list: Literal["data", "top"] = "data"

    def set(self, name: str, value: object) -> None:
        """Turn one switch, from a text or from a value of its type.

        Raises KeyError for an unknown switch, ValueError for an impossible value.
        """
        hint = get_type_hints(Switches).get(name)
        if name not in {field.name for field in fields(self)} or hint is None:
            raise KeyError(name)
        coerced = _coerce(hint, value)
        if name == "transports" and not set(coerced) <= set(TRANSPORTS):
            raise ValueError(f"{value!r} is none of {TRANSPORTS}")
        setattr(self, name, coerced)

    def as_dict(self) -> dict[str, Any]:
        """Return all switches as plain data."""
        return asdict(self)


_BOOLEANS = {"true": True, "1": True, "on": True, "yes": True} | dict.fromkeys(
    ("false", "0", "off", "no"), False
)


def _coerce(hint: Any, value: object) -> Any:  # noqa: ANN401 - a type hint has no type
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise ValueError(f"{value!r} is none of {get_args(hint)}")
        return value
    if get_origin(hint) is tuple:
        items = value.split(",") if isinstance(value, str) else value
        if not isinstance(items, list | tuple):
            raise ValueError(f"{value!r} is no list")
        return tuple(str(item) for item in items if item)
    if hint is bool:
        try:
            return _BOOLEANS[str(value).lower()]
        except KeyError as err:
            raise ValueError(f"{value!r} is no boolean") from err
    converted: object = hint(value)
    return converted
