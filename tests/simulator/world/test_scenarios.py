"""The contents of the worlds, read from their data and by queries."""

from collections import Counter

import pytest

from simulator.world.scenarios import SCENARIOS, build_world

from ..portal_client import PortalClient

EVERYTHING = (
    "{nodeList{node_id parent_node_id type name external_id} cameraList{node_id name"
    " serial_number is_connected connection{source_ip} stream_profiles{"
    "stream_profile_id width height} video_channels{node_id name}}}"
)


@pytest.fixture(params=SCENARIOS)
def scenario(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


async def test_every_world_can_be_queried(portal: PortalClient, scenario: str) -> None:
    data = await portal.data(EVERYTHING)
    nodes, cameras = data["nodeList"], data["cameraList"]
    assert nodes
    assert {camera["node_id"] for camera in cameras} <= {
        node["node_id"] for node in nodes if node["type"] == "camera"
    }
    serials = [camera["serial_number"] for camera in cameras]
    assert len(set(serials)) == len(serials)
    assert all(len(serial) == 12 for serial in serials)
    tops = [node for node in nodes if node["parent_node_id"] is None]
    assert len(tops) == (0 if scenario == "guest" else 1)


@pytest.mark.parametrize(
    ("scenario", "locations", "cameras"),
    [
        ("chain", 20, 100),
        ("shop", 1, 4),
        ("one_camera", 1, 1),
        ("cameras", 0, 6),
        ("empty", 0, 0),
        ("fifty", 50, 250),
        ("large", 200, 1000),
    ],
)
def test_a_world_has_the_described_size(
    scenario: str, locations: int, cameras: int
) -> None:
    kinds = Counter(node.type for node in build_world(scenario).nodes)
    assert (kinds["location"], kinds["camera"]) == (locations, cameras)


@pytest.mark.parametrize("scenario", ["guest"], indirect=True)
async def test_a_guests_nodes_lack_their_parents(portal: PortalClient) -> None:
    admin = portal.cloud.create_api_token("admin")
    everything = (await portal.data("{nodeList{node_id}}", admin))["nodeList"]
    nodes = (await portal.data("{nodeList{node_id parent_node_id}}"))["nodeList"]
    ids = {node["node_id"] for node in nodes}
    assert 0 < len(ids) < len(everything)
    assert sum(node["parent_node_id"] not in ids for node in nodes) == 3
    hidden = next(n["node_id"] for n in everything if n["node_id"] not in ids)
    answer = await portal.query(
        f"{{statisticDataMetric(from:1,to:2,type:peopleCountIn,node_id:{hidden})}}"
    )
    assert answer["data"] == {"statisticDataMetric": None}


@pytest.mark.parametrize("scenario", ["broken_tree"], indirect=True)
async def test_the_broken_tree_has_every_defect(portal: PortalClient) -> None:
    nodes = (await portal.data(EVERYTHING))["nodeList"]
    ids = [node["node_id"] for node in nodes]
    parents = {node["node_id"]: node["parent_node_id"] for node in nodes}
    assert any(node_id == parent for node_id, parent in parents.items())
    assert any(p is not None and p not in parents for p in parents.values())
    assert any(parents.get(p) == n for n, p in parents.items() if p not in (None, n))
    assert len(set(ids)) < len(ids)
    assert "weatherStation" in {node["type"] for node in nodes}
    assert None in {node["name"] for node in nodes}


def test_the_same_seed_gives_the_same_world() -> None:
    assert build_world("chain") == build_world("chain")
    assert build_world("chain", 2).cameras != build_world("chain").cameras


def test_an_unknown_scenario_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown scenario"):
        build_world("nowhere")
