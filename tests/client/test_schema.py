"""The documented and the introspected schema."""

import json

import pytest

from custom_components.netrex.client import LinkRequest, LiveTransport, Metric, Schema
from custom_components.netrex.client.documents import inventory, live_links
from custom_components.netrex.client.schema import METRIC_ENUM

from .conftest import introspection, object_type, rich_schema


def test_documented_schema_has_documented_fields_only() -> None:
    schema = Schema.documented()
    assert not schema.introspected
    assert schema.has_field("Camera", "serial_number")
    assert not schema.has_field("Camera", "video_channels")
    assert not schema.has_field("Spaceship", "name")
    assert schema.transports == {LiveTransport.RTSP}
    assert schema.video_channels is None
    assert not schema.needs_profile
    assert schema.enum_values(METRIC_ENUM) == set(Metric)
    assert schema.enum_values("Granularity") == frozenset()


def test_transports_are_found_in_any_spelling() -> None:
    schema = rich_schema()
    assert schema.introspected
    assert schema.link_path(LiveTransport.RTSPWSS) == ("remote", "rtsp_wss", "url")
    assert schema.link_path(LiveTransport.RTSPHS) == ("remote", "rtspHs")
    assert schema.link_path(LiveTransport.LOCAL) == ("local", "rtsp", "url")
    # One has no URL, one an unknown required argument.
    assert schema.link_path(LiveTransport.RTSPH) is None
    assert schema.link_path(LiveTransport.RTSPWS) is None
    assert schema.transports == {
        LiveTransport.RTSP,
        LiveTransport.RTSPHS,
        LiveTransport.RTSPWSS,
        LiveTransport.LOCAL,
    }
    assert schema.needs_profile


def test_documented_transport_does_not_need_introspection() -> None:
    schema = Schema.from_introspection(
        introspection(object_type("Query", version="String"))
    )
    assert schema.introspected
    assert schema.transports == {LiveTransport.RTSP}


def test_documents_have_optional_fields_if_the_schema_has_them() -> None:
    schema = rich_schema()
    assert schema.video_channels == "lenses"
    assert "video_channels:lenses{node_id name}" in inventory(schema)
    assert "video_channels" not in inventory(Schema.documented())
    request = LinkRequest(7, LiveTransport.RTSPHS, 120850, 1000)
    assert live_links([request], schema) == (
        "query{a0:camera(node_id:7){live_view(stream_profile_id:120850,"
        "video_channel_node_id:1000){remote{rtspHs}}}}"
    )


@pytest.mark.parametrize(
    ("camera", "channel"),
    [
        ({"channels": "Channel"}, {"node_id": "Int", "name": "String"}),
        ({"channels": "![Channel]"}, {"node_id": "Int", "name": "String"}),
        ({"channels": "[Channel]"}, {"name": "String"}),
        ({"channels": "[Channel]"}, {"node_id": "Int"}),
        ({"friends": "[Other]"}, {"node_id": "Int", "name": "String"}),
    ],
)
def test_other_fields_are_not_channels(
    camera: dict[str, str], channel: dict[str, str]
) -> None:
    schema = Schema.from_introspection(
        introspection(
            object_type("Query", cameraList="[Cam]"),
            object_type("Cam", **camera),
            object_type("Channel", **channel),
            object_type("Other", node_id="Int", name="String"),
        )
    )
    assert schema.video_channels is None


def test_schema_can_be_stored() -> None:
    schema = rich_schema()
    again = Schema.from_dict(json.loads(json.dumps(schema.as_dict())))
    assert again.introspected
    assert again.as_dict() == schema.as_dict()
    assert again.transports == schema.transports
    assert again.summary() == schema.summary()
    assert not Schema.from_dict(Schema.documented().as_dict()).introspected


def test_summary_is_fit_for_json_and_has_reachable_types_only() -> None:
    data = introspection(
        object_type("Query", cameraList="[Cam]", billing="Billing"),
        object_type("Cam", node_id="Int", owner="Owner"),
        object_type("Owner", name="String", cameras="[Cam]"),
        object_type("Billing", price="Int"),
        object_type("__Type", name="String"),
        {"name": "Color", "enumValues": [{"name": "RED"}, {"name": None}, None]},
    )
    data["__schema"]["mutationType"] = {"name": "Billing"}
    summary = Schema.from_introspection(data).summary()
    assert summary == {
        "introspected": True,
        "queries": ["billing", "cameraList"],
        "mutations": ["price"],
        "transports": ["rtsp"],
        "video_channels": None,
        "types": {"Cam": ["node_id", "owner"], "Owner": ["cameras", "name"]},
        "enums": {"Color": ["RED"]},
    }
    json.dumps(Schema.documented().summary())


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"__schema": None},
        introspection(),
        introspection(object_type("Query", a="B"), query="Root"),
        introspection({"name": "Query", "fields": [{"name": "a"}, {"type": {}}]}),
    ],
)
def test_junk_gives_the_documented_schema(data: object) -> None:
    assert not Schema.from_introspection(data).introspected


def test_invalid_names_never_get_into_documents() -> None:
    evil = "x){__typename}} mutation{a"
    schema = Schema.from_introspection(
        introspection(
            object_type("Query", cameraList="[Cam]"),
            object_type("Cam", **{f"{evil}channel": "[Channel]"}),
            object_type("Channel", node_id="Int", name="String"),
        )
    )
    assert schema.video_channels is None
    stored = schema.as_dict()
    assert isinstance(stored["types"], dict)
    stored["types"]["Cam"] = {f"{evil}channel": ["Channel", True, False], "a": ["b"]}
    again = Schema.from_dict(stored)
    assert again.introspected
    assert again.video_channels is None
    assert not again.has_field("Cam", "a")
