"""The vendor's examples, unchanged, in the world that they describe."""

import re
from typing import Any

import pytest

from ..portal_client import PortalClient


@pytest.fixture
def scenario() -> str:
    return "documentation"


NODE_LIST = """query {
 nodeList {
  parent_node_id
  node_id
  type
  name
 }
}"""
CAMERA_NODES = """query {
 nodeList(type:camera) {
  parent_node_id
  type
  name
  node_id
 }
}"""
CAMERA = """query {
 camera(node_id:140094){
  name
  serial_number
  is_connected
  connection{
   source_ip
  }
 }
}"""
SINGLE_VALUE = """query {
 statisticDataMetric(from:1589186000, to:1589186780, type:peopleCountAverage,node_id:140094)
}"""  # noqa: E501 - word for word
SERIES = """{
 statisticDataMetricByGranularity(from: 1589186000, to: 1589186780, type: peopleCountAverage, node_id: 63575, granularity: HQ) {
  from
  to
  value
 }
}"""  # noqa: E501 - word for word
PROFILES = """query {
 camera(node_id:140094){
  stream_profiles{
   stream_profile_id
   width
   height
  }
 }
}"""
LIVE_VIEW = """query {
 camera(node_id:140094){
  live_view(stream_profile_id:120850){
   remote{
    rtsp{
     url
    }
   }
  }
 }
}"""
RECORDINGS = """query{
 camera(node_id:62303){
  recordings(from:1589190089, to:1589190689){
   recording_id
   duration
   download_url
   outputs{
    height
   }
  }
 }
}"""
PREPARE = """mutation{
 recordingPrepare(recording_id:"xRMElmAkh3", height:720)
}"""
PROGRESS = """query{
 recording(recording_id:"6RjiHGzqCE"){
  progress
  download_url
 }
}"""
EXTERNAL_IDS = """query{
 nodeList {
  name
  external_id
 }
}"""

# Queries whose documented answer is matched exactly.
EXACT: dict[str, tuple[str, dict[str, Any]]] = {
    "camera": (
        CAMERA,
        {
            "camera": {
                "name": "ACCC8EE8A9CA",
                "serial_number": "ACCC8EE8A9CA",
                "is_connected": True,
                "connection": {"source_ip": "211.21.111.111"},
            }
        },
    ),
    "single value": (SINGLE_VALUE, {"statisticDataMetric": 57}),
    "series": (
        SERIES,
        {
            "statisticDataMetricByGranularity": [
                {"from": 1589185800, "to": 1589186700, "value": 20},
                {"from": 1589186700, "to": 1589187600, "value": 12},
            ]
        },
    ),
    "stream profiles": (
        PROFILES,
        {
            "camera": {
                "stream_profiles": [
                    {"stream_profile_id": 120846, "width": 800, "height": 450},
                    {"stream_profile_id": 120850, "width": 1920, "height": 1080},
                ]
            }
        },
    ),
    "recordings": (
        RECORDINGS,
        {
            "camera": {
                "recordings": [
                    {
                        "recording_id": "xRMElmAkh3",
                        "duration": 598,
                        "download_url": None,
                        "outputs": [{"height": 480}, {"height": 720}, {"height": 800}],
                    }
                ]
            }
        },
    ),
    "prepare": (PREPARE, {"recordingPrepare": True}),
}


@pytest.mark.parametrize("name", EXACT)
async def test_a_documented_query_has_the_documented_answer(
    portal: PortalClient, name: str
) -> None:
    query, answer = EXACT[name]
    assert await portal.query(query) == {"data": answer}


async def test_the_curl_example_names_the_camera(portal: PortalClient) -> None:
    _, _, text = await portal.post({"query": "{cameraList{name}}"})
    assert '{"name": "ACCC8EE8A9CA"}' in text


async def test_the_node_list_starts_with_the_root_folder(portal: PortalClient) -> None:
    rows = (await portal.data(NODE_LIST))["nodeList"]
    assert rows[0] == {
        "parent_node_id": None,
        "node_id": 138170,
        "type": "folder",
        "name": "rootfolder",
    }
    assert "San Diego" in {row["name"] for row in rows}
    assert [row for row in rows if row["parent_node_id"] is None] == rows[:1]


async def test_the_node_list_can_be_limited_to_cameras(portal: PortalClient) -> None:
    rows = (await portal.data(CAMERA_NODES))["nodeList"]
    assert {row["type"] for row in rows} == {"camera"}
    assert {
        "parent_node_id": 138170,
        "type": "camera",
        "name": "ACCC8EE8A9CA",
        "node_id": 140094,
    } in rows


async def test_a_live_view_link_has_the_documented_form(portal: PortalClient) -> None:
    data = await portal.data(LIVE_VIEW)
    url = data["camera"]["live_view"]["remote"]["rtsp"]["url"]
    pattern = rf"rtsp://127\.0\.0\.1:{portal.cloud.rtsp_port}/nvhs10~\d+~[0-9a-f]{{64}}"
    assert re.fullmatch(pattern, url)
    assert portal.cloud.links[-1].url == url


async def test_a_finished_recording_has_a_download_url(portal: PortalClient) -> None:
    recording = (await portal.data(PROGRESS))["recording"]
    assert recording["progress"] == 100
    pattern = re.escape(portal.cloud.url) + r"/api/download\.php\?auth_key=\w{32}"
    assert re.fullmatch(pattern, recording["download_url"])


async def test_nodes_have_the_documented_external_ids(portal: PortalClient) -> None:
    rows = (await portal.data(EXTERNAL_IDS))["nodeList"]
    assert {"name": "San Diego", "external_id": "001"} in rows
    assert {"name": "ACCC8EE8A9CA", "external_id": "camera1"} in rows
    assert {"name": "rootfolder", "external_id": None} in rows


@pytest.mark.parametrize(
    ("authorization", "message", "category"),
    [
        ("Bearer", "Invalid or empty access token.", "authError"),
        ("Basic b3duZXI=", "Invalid or empty access token.", "authError"),
        (
            "Bearer nobody-knows-it",
            "Request to an unknown or unavailable platform.",
            "client",
        ),
    ],
)
async def test_a_bad_token_gets_the_documented_error(
    portal: PortalClient, authorization: str, message: str, category: str
) -> None:
    _, _, text = await portal.post({"query": "{cameraList{name}}"}, authorization)
    assert text == (
        f'{{"errors": [{{"message": "{message}", "category": "{category}"}}]}}'
    )


async def test_an_expired_token_gets_the_documented_error(portal: PortalClient) -> None:
    token = portal.cloud.create_api_token(expires_in=60)
    assert "data" in await portal.query("{cameraList{name}}", token)
    portal.cloud.clock.jump(61)
    assert await portal.query("{cameraList{name}}", token) == {
        "errors": [{"message": "Access token expired.", "category": "expired"}]
    }
