"""Parsers: the vendor's examples, unusual values and junk."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.netrex.client import (
    Camera,
    CameraStatus,
    LiveLink,
    Node,
    NodeType,
    Recording,
    RecordingProgress,
    Schema,
    SeriesValue,
    StreamProfile,
    VideoChannel,
)
from custom_components.netrex.client.graphql_errors import read_errors
from custom_components.netrex.client.parsing import (
    parse_camera,
    parse_inventory,
    parse_live_link,
    parse_progress,
    parse_recording,
    parse_slots,
    parse_status,
    parse_statuses,
)
from custom_components.netrex.client.values import (
    as_bool,
    as_float,
    as_int,
    as_list,
    as_mapping,
    as_text,
)

_NAMES = [
    "nodeList",
    "cameraList",
    "node_id",
    "parent_node_id",
    "type",
    "name",
    "external_id",
    "is_connected",
    "connection",
    "source_ip",
    "stream_profiles",
    "stream_profile_id",
    "width",
    "video_channels",
    "from",
    "to",
    "value",
    "recording_id",
    "outputs",
    "height",
    "progress",
    "download_url",
    "errors",
    "message",
    "category",
    "extensions",
    "path",
    "__schema",
    "types",
    "fields",
    "args",
    "ofType",
    "kind",
    "enumValues",
    "queryType",
]
_TEXTS = st.sampled_from(["camera", "12", "1e400", "nan", "LIST", "true"]) | st.text(
    max_size=8
)
_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats(allow_nan=True)
    | _TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(_NAMES) | st.text(max_size=3), inner)
    ),
    max_leaves=25,
)


@given(_JSON)
@pytest.mark.parametrize(
    "parse",
    [
        lambda junk: parse_inventory(as_mapping(junk)),
        lambda junk: parse_camera(as_mapping(junk)),
        lambda junk: parse_statuses(as_mapping(junk)),
        lambda junk: parse_recording(as_mapping(junk)),
        lambda junk: parse_progress(as_mapping(junk)),
        parse_slots,
        parse_live_link,
        Schema.from_introspection,
        Schema.from_dict,
        lambda junk: read_errors(as_mapping(junk), status=200, retry_after=None),
        lambda junk: read_errors({"errors": junk}, status=500, retry_after=3),
        NodeType.parse,
        as_bool,
        as_float,
        as_int,
        as_list,
        as_text,
    ],
)
def test_parsers_never_raise_on_junk(
    parse: Callable[[object], object], junk: object
) -> None:
    parse(junk)


def test_node_list_of_the_documentation() -> None:
    inventory = parse_inventory(
        {
            "nodeList": [
                {
                    "parent_node_id": None,
                    "node_id": 138170,
                    "type": "folder",
                    "name": "rootfolder",
                },
                {
                    "parent_node_id": 138170,
                    "node_id": 140094,
                    "type": "camera",
                    "name": "ACCC8EE8A9CA",
                    "external_id": "camera1",
                },
            ],
            "cameraList": [],
        }
    )
    assert inventory.nodes == (
        Node(138170, None, NodeType.FOLDER, "rootfolder"),
        Node(140094, 138170, NodeType.CAMERA, "ACCC8EE8A9CA", "camera1"),
    )
    assert inventory.complete


def test_camera_with_all_fields() -> None:
    item = {
        "node_id": "140094",
        "name": "ACCC8EE8A9CA",
        "serial_number": "ACCC8EE8A9CA",
        "is_connected": True,
        "connection": {"source_ip": "211.21.111.111"},
        "stream_profiles": [
            {"stream_profile_id": 120846, "width": 800, "height": 450},
            {"stream_profile_id": 120850, "width": None},
            {"width": 1},
            None,
        ],
        "video_channels": [{"node_id": 1000}, {"name": "no id"}],
        "color": "blue",
    }
    assert parse_camera(item) == Camera(
        node_id=140094,
        name="ACCC8EE8A9CA",
        serial_number="ACCC8EE8A9CA",
        is_connected=True,
        source_ip="211.21.111.111",
        stream_profiles=(StreamProfile(120846, 800, 450), StreamProfile(120850)),
        video_channels=(VideoChannel(1000, "1000"),),
    )


def test_camera_with_an_id_only() -> None:
    assert parse_camera({"node_id": 7}) == Camera(7, "7")
    assert parse_camera({"name": "Door"}) is None


def test_bad_and_duplicate_items_are_left_out() -> None:
    inventory = parse_inventory(
        {
            "nodeList": [{"node_id": 1}, None, {"name": "x"}, "x"],
            "cameraList": [
                {"node_id": 5, "name": "first"},
                {"node_id": 6},
                {"node_id": 5, "name": "second"},
            ],
        }
    )
    assert [node.node_id for node in inventory.nodes] == [1]
    assert inventory.nodes[0] == Node(1, None, NodeType.UNKNOWN, "1")
    assert [camera.name for camera in inventory.cameras] == ["first", "6"]
    assert not inventory.complete


def test_channels_come_from_the_tree_if_the_camera_has_none() -> None:
    inventory = parse_inventory(
        {
            "nodeList": [
                {"node_id": 51, "parent_node_id": 5, "type": "videoChannel"},
                {"node_id": 61, "parent_node_id": 6, "type": "video_channel"},
                {"node_id": 71, "type": "videoChannel"},
            ],
            "cameraList": [
                {"node_id": 5},
                {"node_id": 6, "video_channels": [{"node_id": 62, "name": "own"}]},
            ],
        }
    )
    assert [camera.video_channels for camera in inventory.cameras] == [
        (VideoChannel(51, "51"),),
        (VideoChannel(62, "own"),),
    ]


def test_statuses_listed_and_aliased() -> None:
    items = [
        {"node_id": 1, "is_connected": False, "connection": None},
        {"node_id": 2, "is_connected": 1, "connection": {"source_ip": "10.0.0.1"}},
        {"is_connected": True},
        None,
    ]
    expected = {
        1: CameraStatus(is_connected=False),
        2: CameraStatus(is_connected=True, source_ip="10.0.0.1"),
    }
    assert parse_statuses({"cameraList": items}) == expected
    assert parse_statuses(dict(zip("abcd", items, strict=True))) == expected
    assert parse_statuses({"cameraList": []}) == {}
    assert parse_status({}) == CameraStatus()


def test_slots_are_sorted_and_distinct() -> None:
    slots = [
        {"from": 1589186700, "to": 1589187600, "value": 12},
        {"from": 1589185800, "to": 1589186700, "value": "20.5"},
        {"from": 1589187600, "to": 1589188500, "value": None},
        {"from": 1589188500, "to": 1589188500, "value": 1},
        {"from": 1589188500, "value": 1},
        {"to": 1589188500, "value": 1},
        {"from": 1589186700, "to": 1589187600, "value": 13},
    ]
    assert parse_slots(slots) == (
        SeriesValue(1589185800, 1589186700, 20.5),
        SeriesValue(1589186700, 1589187600, 13.0),
        SeriesValue(1589187600, 1589188500, None),
    )


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://nvhs10.survilla.net:2554/nvhs10~1600421245~9469bb1a",
        "wss://host/rtsp-over-websocket",
        *(f"{one}://host:1/a" for one in ("rtsph", "rtsphs", "rtspws", "rtspwss")),
        "https://host/x",
    ],
)
def test_links_with_known_schemes(url: str) -> None:
    assert parse_live_link(url) == LiveLink(url)


@pytest.mark.parametrize(
    "value",
    ["", "file:///etc/passwd", "rtsp://", "rtsp:///x", "rtsp://h/a b\n", 5, None, {}],
)
def test_other_values_are_not_links(value: object) -> None:
    assert parse_live_link(value) is None


def test_recording_with_all_fields() -> None:
    item = {
        "recording_id": "xRMElmAkh3",
        "duration": 598,
        "download_url": None,
        "outputs": [{"height": 720}, {"height": 480}, {"height": 720}, {}, None],
    }
    assert parse_recording(item) == Recording("xRMElmAkh3", 598.0, (480, 720))
    assert parse_recording({"recording_id": None}) is None


@pytest.mark.parametrize(
    ("item", "progress"),
    [
        ({}, RecordingProgress()),
        ({"progress": 33.7, "download_url": "ftp://x/y"}, RecordingProgress(33)),
        ({"progress": -1}, RecordingProgress(None)),
        (
            {"progress": "250", "download_url": "https://h/d.php?auth_key=k"},
            RecordingProgress(100, "https://h/d.php?auth_key=k"),
        ),
    ],
)
def test_progress_is_limited(item: dict[str, Any], progress: RecordingProgress) -> None:
    assert parse_progress(item) == progress


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5),
        (5.0, 5),
        ("5", 5),
        (" 5 ", 5),
        (5.5, None),
        (True, None),
        ("five", None),
        (float("inf"), None),
        (None, None),
        ([5], None),
    ],
)
def test_integers(value: object, number: int | None) -> None:
    assert as_int(value) == number


@pytest.mark.parametrize(
    ("value", "truth"),
    [
        (True, True),
        (0, False),
        ("1", True),
        ("False", False),
        ("yes", None),
        (2, None),
        (None, None),
        ([], None),
        ({}, None),
    ],
)
def test_booleans(value: object, truth: bool | None) -> None:
    assert as_bool(value) is truth


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (7, "7"), (1.5, "1.5"), ("", None), (True, None), (None, None)],
)
def test_texts(value: object, text: str | None) -> None:
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("value", "node_type"),
    [
        ("camera", NodeType.CAMERA),
        ("CAMERA_AUDIO_DEVICE", NodeType.CAMERA_AUDIO_DEVICE),
        ("cameraInput", NodeType.DEVICE_INPUT),
        ("spaceship", NodeType.UNKNOWN),
        (None, NodeType.UNKNOWN),
    ],
)
def test_node_types_in_any_spelling(value: object, node_type: NodeType) -> None:
    assert NodeType.parse(value) is node_type


def test_secrets_are_not_in_repr() -> None:
    secret = "https://host/s3cr3t?auth_key=2YwmG01NAeNYz4m1bZfwIKLOaoHeCfxH"
    address = "211.21.111.111"
    for record in (
        LiveLink(secret),
        Recording("id", download_url=secret),
        RecordingProgress(1, secret),
        Camera(1, "c", source_ip=address),
        CameraStatus(source_ip=address),
    ):
        assert "s3cr3t" not in repr(record)
        assert address not in repr(record)
