"""Parsers for the portal's data.

They accept any JSON and never raise: items without an id are left out, fields that
are missing, null or of a wrong type become None, and unknown fields are ignored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
import re

from .days import Span
from .documents import CHANNELS_ALIAS, alias
from .enums import NodeType
from .models import (
    Camera,
    CameraStatus,
    Inventory,
    LiveLink,
    Node,
    Recording,
    RecordingProgress,
    SeriesValue,
    StreamProfile,
    VideoChannel,
)
from .values import (
    as_bool,
    as_float,
    as_int,
    as_key,
    as_list,
    as_mapping,
    as_matching,
    as_name,
    count_items,
    is_list,
    parse_each,
)

# Items of one camera or recording.
_MAX_PARTS = 100
_MAX_RECORDINGS = 5_000
# A year in quarter hours has 35,136.
_MAX_SLOTS = 40_000
_MAX_LINK_LENGTH = 4096
# The schemes of the documented transports, or of what carries them; never one that
# could open a file.
_LIVE_LINK = re.compile(
    r"(?:rtsp(?:s|hs?|wss?)?|https?|wss?)://[^\s/]\S*", re.IGNORECASE
)
_DOWNLOAD_LINK = re.compile(r"https?://[^\s/]\S*", re.IGNORECASE)

_FULL = 100  # percent


def parse_inventory(data: Mapping[str, object]) -> Inventory:
    """Return the nodes of `nodeList` and the cameras of `cameraList`."""
    nodes = parse_each(data.get("nodeList"), _parse_node)
    cameras = parse_each(data.get("cameraList"), parse_camera)
    unique: dict[int, Camera] = {}
    for camera in cameras:
        unique.setdefault(camera.node_id, camera)
    channels: dict[int, list[VideoChannel]] = {}
    for node in nodes:
        if node.type is NodeType.VIDEO_CHANNEL and node.parent_node_id is not None:
            channel = VideoChannel(node.node_id, node.name)
            channels.setdefault(node.parent_node_id, []).append(channel)
    return Inventory(
        nodes=nodes,
        cameras=tuple(
            # Without the camera's field, the tree has its channels.
            camera
            if camera.video_channels
            else replace(camera, video_channels=tuple(channels.get(camera.node_id, ())))
            for camera in unique.values()
        ),
        complete=len(nodes) == count_items(data.get("nodeList"))
        and len(cameras) == count_items(data.get("cameraList")),
    )


def _parse_node(item: Mapping[str, object]) -> Node | None:
    node_id = as_int(item.get("node_id"))
    if node_id is None:
        return None
    return Node(
        node_id=node_id,
        parent_node_id=as_int(item.get("parent_node_id")),
        type=NodeType.parse(item.get("type")),
        name=_name(item, node_id),
        external_id=as_key(item.get("external_id")),
    )


def parse_camera(item: Mapping[str, object]) -> Camera | None:
    """Return a camera; None without an id."""
    node_id = as_int(item.get("node_id"))
    if node_id is None:
        return None
    status = parse_status(item)
    return Camera(
        node_id=node_id,
        name=_name(item, node_id),
        serial_number=as_key(item.get("serial_number")),
        is_connected=status.is_connected,
        source_ip=status.source_ip,
        stream_profiles=parse_each(
            item.get("stream_profiles"), _parse_profile, _MAX_PARTS
        ),
        video_channels=parse_each(item.get(CHANNELS_ALIAS), _parse_channel, _MAX_PARTS),
    )


def _parse_profile(item: Mapping[str, object]) -> StreamProfile | None:
    profile_id = as_int(item.get("stream_profile_id"))
    if profile_id is None:
        return None
    return StreamProfile(
        profile_id, as_int(item.get("width")), as_int(item.get("height"))
    )


def _parse_channel(item: Mapping[str, object]) -> VideoChannel | None:
    node_id = as_int(item.get("node_id"))
    if node_id is None:
        return None
    return VideoChannel(node_id, _name(item, node_id))


def _name(item: Mapping[str, object], node_id: int) -> str:
    return as_name(item.get("name")) or f"{node_id}"


def parse_statuses(data: Mapping[str, object]) -> dict[int, CameraStatus]:
    """Return the status by node id, from `cameraList` or from aliased cameras."""
    listed = as_list(data.get("cameraList")) or as_list(list(data.values()))
    return {
        node_id: parse_status(item)
        for item in map(as_mapping, listed)
        if (node_id := as_int(item.get("node_id"))) is not None
    }


def parse_status(item: Mapping[str, object]) -> CameraStatus:
    """Return the status of one camera."""
    connection = as_mapping(item.get("connection"))
    return CameraStatus(
        is_connected=as_bool(item.get("is_connected")),
        source_ip=as_key(connection.get("source_ip")),
    )


def parse_slots(value: object) -> tuple[SeriesValue, ...]:
    """Return the slots of a series by time, without duplicate starts."""
    slots = {slot.start: slot for slot in parse_each(value, _parse_slot, _MAX_SLOTS)}
    return tuple(slots[start] for start in sorted(slots))


def _parse_slot(item: Mapping[str, object]) -> SeriesValue | None:
    start, end = as_int(item.get("from")), as_int(item.get("to"))
    if start is None or end is None or end <= start:
        return None
    return SeriesValue(start, end, as_float(item.get("value")))


def parse_live_link(value: object) -> LiveLink | None:
    """Return a link to a live stream; None for anything else."""
    link = as_matching(value, _LIVE_LINK, _MAX_LINK_LENGTH)
    return None if link is None else LiveLink(link)


def parse_recordings(value: object) -> tuple[Recording, ...]:
    """Return the recordings of a list."""
    return parse_each(value, parse_recording, _MAX_RECORDINGS)


def parse_recording(item: Mapping[str, object]) -> Recording | None:
    """Return a recording; None without an id."""
    recording_id = as_key(item.get("recording_id"))
    if recording_id is None:
        return None
    heights = (
        as_int(as_mapping(output).get("height"))
        for output in as_list(item.get("outputs"), _MAX_PARTS)
    )
    return Recording(
        recording_id=recording_id,
        duration=as_float(item.get("duration")),
        heights=tuple(sorted({height for height in heights if height})),
        download_url=_parse_download_link(item.get("download_url")),
    )


def parse_recorded(
    spans: Sequence[Span], camera: Mapping[str, object]
) -> dict[Span, float]:
    """Return the recorded seconds of each span, on the storage with the most.

    Spans whose recordings all lack a duration are left out.
    """
    result = {}
    for index, span in enumerate(spans):
        listed = camera.get(alias(index))
        if not is_list(listed):
            continue
        items = as_list(listed, _MAX_RECORDINGS)
        durations = [as_float(as_mapping(item).get("duration")) for item in items]
        known = [seconds for seconds in durations if seconds is not None]
        if known or not items:
            result[span] = max(known, default=0.0)
    return result


def parse_progress(item: Mapping[str, object]) -> RecordingProgress:
    """Return the progress of a preparation, from 0 to 100 percent.

    A negative number counts as None: the portal may report a failure that way.
    """
    progress = as_float(item.get("progress"))
    if progress is not None and progress < 0:
        progress = None
    return RecordingProgress(
        progress=None if progress is None else as_int(min(progress, _FULL) // 1),
        download_url=_parse_download_link(item.get("download_url")),
    )


def _parse_download_link(value: object) -> str | None:
    return as_matching(value, _DOWNLOAD_LINK, _MAX_LINK_LENGTH)
