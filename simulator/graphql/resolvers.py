"""The resolvers of the schema's fields."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLResolveInfo

from ..switches import TRANSPORTS
from ..world.kpi import Point
from ..world.model import Camera, Node, Scope, StreamProfile
from .context import Context, LinkMinter, RecordingBook, RequestRefusedError

type Resolver = Callable[..., Any]

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class _View:
    """The arguments of a live_view field."""

    camera: Camera
    profile: StreamProfile
    channel: int | None


def _context(info: GraphQLResolveInfo) -> Context:
    context: Context = info.context
    return context


def _node_list(context: Context, type: str | None = None) -> list[Node]:  # noqa: A002 - the argument's name in the API
    if type is None:
        return context.visible
    return [n for n in context.visible if _node_type(n, context) == type]


def _node_type(node: Node, context: Context) -> str:
    spelled = context.state.switches.device_input_type
    return spelled if node.type == "deviceInput" else node.type


def _camera_list(context: Context) -> list[Camera]:
    cameras = context.state.world.cameras
    return [cameras[node_id] for node_id in context.by_id if node_id in cameras]


def _check_range(context: Context, start: int, end: int) -> None:
    if start >= end:
        raise RequestRefusedError('Parameter "from" must be lower than "to".')
    most = context.state.switches.kpi_max_days
    if most and end - start > most * _DAY:
        raise RequestRefusedError("The requested time range is too long.")


def _statistic_data(
    context: Context,
    type: str,  # noqa: A002 - the argument's name in the API
    node_id: int,
    **span: int,
) -> int | None:
    start, end = span["from"], span["to"]
    _check_range(context, start, end)
    context.node(node_id)
    # Raw data is that of the node itself, without the nodes below.
    sources = list(context.state.world.sources.get(node_id, ()))
    return context.kpi.raw(sources, type, start, end)


def _statistic_metric(
    context: Context,
    type: str,  # noqa: A002 - the argument's name in the API
    node_id: int,
    **span: int,
) -> float | None:
    start, end = span["from"], span["to"]
    _check_range(context, start, end)
    context.node(node_id)
    sources = context.kpi.sources(node_id, context.by_id)
    return _number(context, context.kpi.total(sources, type, start, end))


def _statistic_series(
    context: Context,
    type: str,  # noqa: A002 - the argument's name in the API
    node_id: int,
    granularity: str,
    **span: int,
) -> list[Point]:
    start, end = span["from"], span["to"]
    _check_range(context, start, end)
    context.node(node_id)
    sources = context.kpi.sources(node_id, context.by_id)
    points = context.kpi.series(sources, type, start, end, granularity)
    if context.state.switches.kpi_type == "Float":
        return points
    return [Point(p.start, p.end, _number(context, p.value)) for p in points]


def _number(context: Context, value: float | None) -> float | None:
    whole = context.state.switches.kpi_type == "Int"
    return round(value) if whole and value is not None else value


def _recordings_of(context: Context) -> RecordingBook:
    context.require(Scope.RECORDINGS)
    if context.recordings is None:
        raise RequestRefusedError("Recordings are not available.")
    return context.recordings


def _recording(context: Context, recording_id: str) -> Any:  # noqa: ANN401 - a row of the store
    return _recordings_of(context).progress(recording_id)


def _recording_prepare(context: Context, recording_id: str, height: int) -> Any:  # noqa: ANN401 - bool, at once or later
    return _recordings_of(context).prepare(recording_id, height)


def _camera_recordings(camera: Camera, context: Context, **span: int) -> Any:  # noqa: ANN401 - rows of the store
    store = _recordings_of(context)
    start, end = span["from"], span["to"]
    _check_range(context, start, end)
    return store.list(camera, start, end)


def _camera_name(camera: Camera, context: Context) -> str | None:
    return context.by_id[camera.node_id].name


def _camera_connection(camera: Camera, _context: Context) -> Camera | None:
    return camera if camera.is_connected else None


def _live_view(
    camera: Camera,
    context: Context,
    stream_profile_id: int,
    video_channel_node_id: int | None = None,
) -> dict[str, _View] | None:
    context.require(Scope.LIVEVIEW)
    offline = context.state.switches.offline_live_view
    if not camera.is_connected and offline != "link":
        if offline == "null":
            return None
        raise RequestRefusedError("Camera is not connected.")
    profiles = {p.stream_profile_id: p for p in camera.stream_profiles}
    if stream_profile_id not in profiles:
        raise RequestRefusedError("Unknown stream profile.")
    channels = {channel.node_id for channel in camera.video_channels}
    if video_channel_node_id is not None and video_channel_node_id not in channels:
        raise RequestRefusedError("Unknown video channel.")
    view = _View(camera, profiles[stream_profile_id], video_channel_node_id)
    return {"remote": view, "local": view}


def _link(transport: str) -> Resolver:
    """Return the resolver of a new link of one transport."""

    def mint(view: _View, context: Context) -> dict[str, str]:
        links: LinkMinter | None = context.links
        if links is None:
            raise RequestRefusedError("Live view is not available.")
        node_id = view.camera.node_id
        return {"url": links.mint(node_id, view.profile, view.channel, transport)}

    return mint


def _top(scope: Scope, resolver: Resolver) -> Resolver:
    """Return the resolver of a top-level field that requires a right."""

    def resolve(_root: object, info: GraphQLResolveInfo, **args: Any) -> Any:  # noqa: ANN401 - as the schema says
        context = _context(info)
        context.require(scope)
        return resolver(context, **args)

    return resolve


def _inner(resolver: Resolver) -> Resolver:
    """Return the resolver of an object's field."""

    def resolve(source: object, info: GraphQLResolveInfo, **args: Any) -> Any:  # noqa: ANN401 - as the schema says
        return resolver(source, _context(info), **args)

    return resolve


# All other fields are attributes or keys of the same name.
RESOLVERS: dict[tuple[str, str], Resolver] = {
    ("Query", "nodeList"): _top(Scope.READ, _node_list),
    ("Query", "cameraList"): _top(Scope.READ, _camera_list),
    ("Query", "camera"): _top(Scope.READ, Context.camera),
    ("Query", "statisticData"): _top(Scope.READ, _statistic_data),
    ("Query", "statisticDataMetric"): _top(Scope.READ, _statistic_metric),
    ("Query", "statisticDataMetricByGranularity"): _top(Scope.READ, _statistic_series),
    ("Query", "recording"): _top(Scope.READ, _recording),
    ("Mutation", "recordingPrepare"): _top(Scope.WRITE, _recording_prepare),
    ("Node", "type"): _inner(_node_type),
    ("Camera", "name"): _inner(_camera_name),
    ("Camera", "connection"): _inner(_camera_connection),
    ("Camera", "live_view"): _inner(_live_view),
    ("Camera", "recordings"): _inner(_camera_recordings),
    ("LiveViewLocal", "rtsp"): _inner(_link("local")),
} | {("LiveViewRemote", name): _inner(_link(name)) for name in TRANSPORTS}
