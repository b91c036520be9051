"""GraphQL documents of all queries and mutations (decisions 0020 and 0022).

Values are literals, so that no document depends on the name of a type. Several fields
of one kind share a document under aliases.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
import json

from .days import DAY, Span
from .enums import Granularity, Metric, RawMetric
from .errors import NetrexQueryError
from .models import (
    LinkRequest,
    PreparationRequest,
    RecordingsRequest,
    SeriesRequest,
    ValueRequest,
)
from .schema import METRIC_ENUM, Schema

# "5 metrics (for example, branches, cameras, or different metrics)", "API Limit".
MAX_SERIES_PER_QUERY = 5
# "1 year maximum range", "API Limit"; a leap year in seconds.
LONGEST_RANGE = 366 * DAY

type Scalar = int | str

# Alias for a field of cameras whose name only the portal's schema gives.
CHANNELS_ALIAS = "video_channels"

_NODES = "nodeList{node_id parent_node_id type name external_id}"
_STATUS = "node_id is_connected connection{source_ip}"
_CAMERA = (
    "name serial_number stream_profiles{stream_profile_id width height} " + _STATUS
)
_PROGRESS = "progress download_url"
_RECORDING = "recording_id duration download_url outputs{height}"

# Type Int of GraphQL (specification, section 3.5.1).
_INT_LIMIT = 2**31


def literal(value: Scalar) -> str:
    """Return a value as a GraphQL literal.

    Args:
        value: An integer, a member of one of the client's enums, or a string.

    Raises:
        NetrexQueryError: The value has another type, or exceeds GraphQL's type Int
            (unix times will after 2038).
    """
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise NetrexQueryError(f"Not an integer: {value!r}")
    if not -_INT_LIMIT <= value < _INT_LIMIT:
        raise NetrexQueryError(f"The number is out of range: {value}")
    return str(value)


def field(
    name: str,
    arguments: Mapping[str, Scalar | None] | None = None,
    *,
    select: str = "",
) -> str:
    """Return a field; arguments that are None are left out."""
    given = ",".join(
        f"{key}:{literal(value)}"
        for key, value in (arguments or {}).items()
        if value is not None
    )
    name += f"({given})" if given else ""
    return name + (f"{{{select}}}" if select else "")


def alias(index: int) -> str:
    """Return the alias of the request at an index."""
    return f"a{index}"


def _query(selection: str) -> str:
    return f"query{{{selection}}}"


def _aliased(fields: Iterable[str]) -> str:
    """Return the selection of fields of one kind."""
    return " ".join(f"{alias(index)}:{text}" for index, text in enumerate(fields))


def _query_each(fields: Iterable[str]) -> str:
    return _query(_aliased(fields))


def inventory(schema: Schema | None) -> str:
    """Return the query for all nodes and cameras.

    Args:
        schema: Determines the cameras' fields; None for ids and names only.
    """
    if schema is None:
        return _query(f"{_NODES} cameraList{{node_id name}}")
    select = _CAMERA
    if channels := schema.video_channels:
        select += f" {CHANNELS_ALIAS}:{field(channels, select='node_id name')}"
    return _query(f"{_NODES} {field('cameraList', select=select)}")


def statuses() -> str:
    """Return the query for the status of all cameras."""
    return _query(field("cameraList", select=_STATUS))


def cameras(node_ids: Sequence[int], *, status_only: bool) -> str:
    """Return the query for cameras by id, for portals where cameraList lacks fields."""
    select = _STATUS if status_only else _CAMERA
    return _query_each(
        field("camera", {"node_id": node_id}, select=select) for node_id in node_ids
    )


def series(requests: Sequence[SeriesRequest], schema: Schema) -> str:
    """Return the query for KPI series.

    Raises:
        NetrexQueryError: A range is empty or too long, or the portal's schema lacks
            one of the metrics.
    """
    known = schema.enum_values(METRIC_ENUM)
    if missing := {request.metric for request in requests if known} - known:
        raise NetrexQueryError(f"The portal does not offer {', '.join(missing)}")
    return _query_each(
        field(
            "statisticDataMetricByGranularity",
            {
                **_range(request.start, request.end),
                "type": Metric(request.metric),
                "node_id": request.node_id,
                "granularity": Granularity(request.granularity),
            },
            select="from to value",
        )
        for request in requests
    )


def values(requests: Sequence[ValueRequest]) -> str:
    """Return the query for KPIs of whole periods.

    Raises:
        NetrexQueryError: A range is empty or too long.
    """
    return _query_each(
        field(
            "statisticData"
            if isinstance(request.metric, RawMetric)
            else "statisticDataMetric",
            {
                **_range(request.start, request.end),
                "type": request.metric,
                "node_id": request.node_id,
            },
        )
        for request in requests
    )


def _range(start: int, end: int) -> dict[str, Scalar | None]:
    """Return the arguments of a time range."""
    if not 0 < end - start <= LONGEST_RANGE:
        raise NetrexQueryError("The range is empty or longer than a year")
    return {"from": start, "to": end}


def live_links(requests: Sequence[LinkRequest], schema: Schema) -> str:
    """Return the query for live links.

    Raises:
        NetrexQueryError: The portal's schema lacks one of the transports, or requires
            a stream profile.
    """
    return _query_each(_live_link(request, schema) for request in requests)


def _live_link(request: LinkRequest, schema: Schema) -> str:
    path = schema.link_path(request.transport)
    if path is None:
        raise NetrexQueryError(f"The portal does not offer {request.transport.value}")
    if request.stream_profile_id is None and schema.needs_profile:
        raise NetrexQueryError("The portal requires a stream profile for live view")
    select = ""
    for key in reversed(path):
        select = field(key, select=select)
    live_view = field(
        "live_view",
        {
            "stream_profile_id": request.stream_profile_id,
            "video_channel_node_id": request.video_channel_node_id,
        },
        select=select,
    )
    return field("camera", {"node_id": request.node_id}, select=live_view)


def recordings(requests: Sequence[RecordingsRequest]) -> str:
    """Return the query for recordings.

    Raises:
        NetrexQueryError: A range is empty or too long.
    """
    return _query_each(
        field(
            "camera",
            {"node_id": request.node_id},
            select=field(
                "recordings", _range(request.start, request.end), select=_RECORDING
            ),
        )
        for request in requests
    )


def recorded_seconds(node_id: int, spans: Sequence[Span]) -> str:
    """Return the query for a camera's recorded seconds in each span.

    It has one top-level field for all spans, in case the portal counts fields.
    """
    select = _aliased(
        field("recordings", _range(*span), select="duration") for span in spans
    )
    return _query(field("camera", {"node_id": node_id}, select=select))


def preparations(requests: Sequence[PreparationRequest]) -> str:
    """Return the mutation that starts preparations."""
    selection = _aliased(
        field(
            "recordingPrepare",
            {"recording_id": request.recording_id, "height": request.height},
        )
        for request in requests
    )
    return f"mutation{{{selection}}}"


def recording_states(recording_ids: Sequence[str]) -> str:
    """Return the query for the progress of preparations."""
    return _query_each(
        field("recording", {"recording_id": recording_id}, select=_PROGRESS)
        for recording_id in recording_ids
    )
