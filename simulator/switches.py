"""A switch for each thing that the vendor's documentation leaves open.

The defaults are the most plausible readings; the tests use every value.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

TRANSPORTS = ("rtsp", "rtsph", "rtsphs", "rtspws", "rtspwss")


@dataclass(slots=True)
class Switches:
    """The undocumented behavior of the cloud.

    Durations are in seconds. Statuses are HTTP statuses unless a comment says RTSP.
    """

    # --- rate limit ("1 query/second, 10 000 queries/day" for one account)
    rate_limit: bool = True
    query_interval: float = 1.0
    daily_queries: int = 10_000
    # Meaning of "day": the last 24 hours, or since midnight.
    limit_day: Literal["rolling", "utc", "local"] = "rolling"
    # Whether a refused query counts as an arrival and toward the day.
    refused_count: bool = True
    # Whether each top-level field of an operation counts (False: each request).
    aliases_count: bool = False
    limit_status: int = 429
    limit_body: Literal["graphql", "text", "html", "empty"] = "graphql"
    limit_category: str = "client"
    # Value of the Retry-After header in seconds; -1 for no header.
    limit_retry_after: int = -1

    # --- GraphQL
    # Status of an answer without data, and of the three documented token errors.
    error_status: int = 200
    auth_error_status: int = 200
    category_place: Literal["top", "extensions", "none"] = "top"
    introspection: bool = True
    # A name that the documentation mentions without its spelling.
    device_input_type: str = "deviceInput"
    # Fields of live_view.remote that exist in the schema.
    transports: tuple[str, ...] = ("rtsp", "rtsph", "rtspws")
    local_view: bool = True

    # --- KPI
    time_zone: str = "Europe/Prague"
    # Numbers of a source without data, of future quarter hours, and of the current one.
    kpi_missing: Literal["null", "zero"] = "null"
    # Number of a quarter hour in which nothing was counted, for example at night.
    kpi_nothing: Literal["null", "zero"] = "zero"
    kpi_future: Literal["null", "zero"] = "null"
    kpi_unfinished: Literal["null", "zero", "partial"] = "null"
    kpi_division_by_zero: Literal["null", "zero"] = "null"
    # Time from the end of a quarter hour until its numbers are available.
    kpi_delay: float = 0.0
    # Share (0 to 1) of quarter hours that arrive another `kpi_late_by` later.
    kpi_late_share: float = 0.0
    kpi_late_by: float = 7200.0
    # Numbers of a late quarter hour before it arrives.
    kpi_late: Literal["null", "zero"] = "zero"
    kpi_type: Literal["Float", "Int"] = "Float"
    # Start of 4, 8, and 12 hour buckets: multiples of unix time, or local midnight.
    kpi_blocks: Literal["utc", "local"] = "utc"
    # Longest range in days that is answered; 0 for no limit.
    kpi_max_days: int = 0
    # Amounts of money in statisticDataMetric: 1 = units, 100 = minor units.
    kpi_money_factor: int = 1

    # --- OAuth2
    token_parameters: Literal["both", "query", "body"] = "both"
    token_error_status: int = 400
    # Whether requests to the token and revocation endpoints count toward the account's
    # rate limit.
    oauth_counts: bool = False
    code_lifetime: float = 60.0
    access_token_lifetime: int = 3600
    # 0: refresh tokens do not expire.
    refresh_token_lifetime: float = 0.0
    refresh_rotates: bool = False
    # Whether a refresh returns the refresh token although it did not change.
    refresh_repeats: bool = True
    # Whether scopes may be separated by spaces, besides the documented commas.
    scope_space: bool = False

    # --- live view
    link_lifetime: float = 30.0
    # What uses up a link: its first session, its first TCP connection, or nothing.
    link_single_use: Literal["session", "connection", "never"] = "session"
    options_uses_link: bool = False
    # live_view of an offline camera: null, an error, or a link that does not work.
    offline_live_view: Literal["null", "error", "link"] = "error"
    # WebSocket subprotocol that the server requires; empty: any.
    websocket_protocol: str = "binary"
    # URL scheme of tunneled transports: the carrier's (http, wss, ...), rtsp, or the
    # transport's name (rtsph, ...).
    tunnel_scheme: Literal["carrier", "rtsp", "name"] = "carrier"
    backchannel: Literal["ignore", "refuse"] = "refuse"
    # RTSP status for a link that is unknown, expired, or used up.
    link_refused_status: int = 404
    # The manner of another server's descriptions and headers; mixture: another one for
    # each camera, in turn.
    rtsp_dialect: Literal[
        "netrex", "gstreamer", "live555", "mediamtx", "axis_old", "axis_new", "mixture"
    ] = "netrex"
    # Codecs of live streams; B-frames are sent in another order than they are shown.
    live_video: Literal["h264", "h264_b_frames", "h265", "mixture"] = "h264"
    live_audio: Literal["none", "aac", "latm", "opus", "pcmu", "pcma", "mixture"] = (
        "none"
    )
    # Whether media can be sent on the RTSP connection; otherwise, only by UDP.
    rtp_over_tcp: bool = True
    # RTSP status of a redirect of the first DESCRIBE; 0: none.
    describe_redirect: int = 0
    # What keeps a session alive: anything, requests of a kind, or receiver reports.
    keep_alive: Literal["any", "options", "get_parameter", "rtcp"] = "any"
    # How clients of local links have to authenticate, with the link's credentials:
    # Basic, or Digest as in RFC 7616, RFC 2617, or RFC 2069.
    local_authentication: Literal[
        "none", "basic", "sha256", "md5", "md5_without_qop"
    ] = "none"
    # Whether the SDP's control attributes are absolute URLs, as Axis cameras send.
    sdp_control: Literal["absolute", "relative"] = "absolute"
    # An RTSP session ends after this time without a request.
    session_timeout: float = 60.0
    # Bit rate of live streams in bit/s, reached with filler data; 0: as encoded.
    live_bit_rate: int = 0

    # --- recordings
    recording_id_lifetime: float = 3600.0
    download_lifetime: float = 24 * 3600.0
    downloaded_lifetime: float = 6 * 3600.0
    prepare_duration: float = 4.0
    # Answer to a preparation that could start.
    prepare_answer: Literal["true", "false", "error"] = "true"
    prepare_fails: bool = False
    # Progress of a failed preparation.
    failed_progress: Literal["null", "zero", "minus", "error"] = "null"
    prepare_twice: Literal["true", "false", "error"] = "true"
    download_range: bool = True
    download_length: bool = True
    download_needs_token: bool = False
    # Status for a download key that is unknown or expired.
    download_expired_status: int = 404
    # Body of the answer for such a key, for a status like 200.
    download_expired_body: Literal["page", "text", "empty"] = "page"
    # Content-Type of files.
    download_type: str = "video/mp4"
    # What is sent instead of files, with status 200.
    download_answer: Literal[
        "film", "page", "text", "json", "empty", "noise", "endless"
    ] = "film"
    # Text that follows the file.
    download_tail: str = ""
    # Content-Encoding of files: compressed, or only labeled so.
    download_encoding: Literal["identity", "gzip", "label"] = "identity"
    # Bytes by which the Content-Length exceeds the file.
    download_length_error: int = 0
    # The answer to a range: right, without a Content-Range, the whole file as a part,
    # a part from another offset, without the total, or status 416.
    download_range_answer: Literal[
        "right", "bare", "whole", "shifted", "unknown", "refused"
    ] = "right"
    # Bytes per second of files; 0 for no limit.
    download_rate: int = 0
    # Where files have their index: at the front, at the end, or in fragments.
    recording_layout: Literal["front", "end", "fragments"] = "front"
    # Number of storages with each recording: the cloud, the camera's memory card, ...
    recording_storages: int = 1
    # Time per day during which each camera does not record.
    recording_gap: int = 0
    # How long recordings are kept, and for how long there have been no new ones. The
    # first is invented.
    recording_retention_days: int = 30
    recording_stopped_days: int = 0
    # Minimum size of files in bytes, reached with padding; real recordings are larger.
    recording_size: int = 0

    # --- the gateway to the cameras
    gateway_bad_token_status: int = 401
    gateway_no_permission_status: int = 403
    gateway_offline_status: int = 503
    gateway_unknown_status: int = 404
    gateway_body: Literal["html", "json", "text", "empty"] = "html"
    # Whether gateway calls count toward the account's rate limit.
    gateway_counts: bool = False
    # Position that a camera without PTZ returns.
    fixed_ptz: Literal["nan", "empty", "error"] = "nan"
    # Whether the cameras have portmanagement.cgi, as newer firmware does.
    port_management: bool = True
    # Whether the gateway forwards the event stream's WebSocket.
    event_stream: bool = True
    # Version of the CamStreamer App's local API; none: the app is not installed.
    camstreamer_api: Literal["old", "new", "none"] = "new"
    # Where the new API returns the list of streams: in `data`, or at the top level.
    camstreamer_list: Literal["data", "top"] = "data"
    # The app's answer to an unknown path: status 404, or something with status 200.
    camstreamer_unknown: Literal["status", "page", "text", "json"] = "status"

    def set(self, name: str, value: object) -> None:
        """Set one switch, from a text or from a value of its type.

        Raises KeyError for an unknown switch, ValueError for an invalid value.
        """
        hint = get_type_hints(Switches).get(name)
        if name not in {field.name for field in fields(self)} or hint is None:
            raise KeyError(name)
        coerced = _coerce(hint, value)
        if name == "transports" and not set(coerced) <= set(TRANSPORTS):
            raise ValueError(f"{value!r} is not one of {TRANSPORTS}")
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
            raise ValueError(f"{value!r} is not one of {get_args(hint)}")
        return value
    if get_origin(hint) is tuple:
        items = value.split(",") if isinstance(value, str) else value
        if not isinstance(items, list | tuple):
            raise ValueError(f"{value!r} is not a list")
        return tuple(str(item) for item in items if item)
    if hint is bool:
        try:
            return _BOOLEANS[str(value).lower()]
        except KeyError as err:
            raise ValueError(f"{value!r} is not a boolean") from err
    converted: object = hint(value)
    return converted
