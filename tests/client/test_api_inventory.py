"""Nodes, cameras and their status, against a scripted portal."""

from typing import Any

import pytest

from custom_components.netrex.client import (
    Camera,
    CameraStatus,
    NetrexClient,
    NetrexError,
    NetrexPermissionError,
    NetrexQueryError,
    NetrexRateLimitedError,
    NetrexResponseError,
    StreamProfile,
    VideoChannel,
)

from .answers import INVALID, refusal
from .conftest import Portal, rich_schema


async def test_inventory_by_one_query(portal: Portal, client: NetrexClient) -> None:
    client.schema = rich_schema()
    channel = {"node_id": 9, "name": "View 2"}
    portal.says(
        {
            "data": {
                "nodeList": [{"node_id": 1, "type": "folder", "name": "Root"}],
                "cameraList": [{"node_id": 5, "video_channels": [channel]}],
            }
        }
    )
    inventory = await client.inventory()
    assert inventory.cameras == (
        Camera(5, "5", video_channels=(VideoChannel(9, "View 2"),)),
    )
    assert inventory.complete
    [query] = portal.queries
    assert "lenses" in query


async def test_partly_failed_inventory_is_incomplete(
    portal: Portal, client: NetrexClient
) -> None:
    data = {"nodeList": [], "cameraList": [{"node_id": 5, "connection": None}]}
    error = refusal("Internal server error", "cameraList", 0, "connection")
    portal.says({"data": data, "errors": [error]})
    inventory = await client.inventory()
    assert inventory.cameras == (Camera(5, "5"),)
    assert not inventory.complete


@pytest.mark.parametrize(
    ("data", "errors", "kind"),
    [
        ({"nodeList": None, "cameraList": []}, [], NetrexResponseError),
        ({"nodeList": [], "cameraList": {}}, [], NetrexResponseError),
        ({"nodeList": []}, [], NetrexResponseError),
        (
            {"nodeList": [], "cameraList": None},
            [refusal("x", "nodeList", 1), refusal("Access denied", "cameraList")],
            NetrexPermissionError,
        ),
        (
            {"nodeList": None, "cameraList": []},
            [refusal("Too many requests")],
            NetrexRateLimitedError,
        ),
    ],
)
async def test_missing_list_raises_instead_of_looking_empty(
    portal: Portal,
    client: NetrexClient,
    data: dict[str, Any],
    errors: list[Any],
    kind: type[NetrexError],
) -> None:
    portal.says({"data": data, "errors": errors})
    with pytest.raises(kind):
        await client.inventory()


async def test_inventory_where_camera_list_has_names_only(
    portal: Portal, client: NetrexClient
) -> None:
    """Documented fields are queried by camera id."""
    client.schema = rich_schema()
    names = {
        "nodeList": [{"node_id": 50, "type": "videoChannel", "parent_node_id": 5}],
        "cameraList": [{"node_id": 5}, {"node_id": 6}, {"node_id": 7}],
    }
    detail = {
        "node_id": 5,
        "name": "Door",
        "serial_number": "ACCC8EE8A9CA",
        "is_connected": True,
        "connection": {"source_ip": "10.0.0.5"},
        "stream_profiles": [{"stream_profile_id": 1}],
    }
    portal.says(INVALID)
    portal.says(INVALID)
    portal.says({"data": names})
    portal.says(
        {
            "data": {"a0": detail, "a1": {"node_id": 6}, "a2": None},
            "errors": [refusal("Node not found", "a2")],
        }
    )
    inventory = await client.inventory()
    assert inventory.cameras == (
        Camera(
            5,
            "Door",
            "ACCC8EE8A9CA",
            is_connected=True,
            source_ip="10.0.0.5",
            stream_profiles=(StreamProfile(1),),
            video_channels=(VideoChannel(50, "50"),),
        ),
        Camera(6, "6"),
        Camera(7, "7"),
    )
    assert not inventory.complete
    assert len(portal.queries) == 4
    assert "lenses" in portal.queries[0]
    assert "lenses" not in portal.queries[1]

    # So is the status, without trying the refused list again.
    portal.answers.clear()
    portal.says({"data": {"a0": detail, "a1": None, "a2": None}})
    assert await client.camera_statuses() == {
        5: CameraStatus(is_connected=True, source_ip="10.0.0.5")
    }
    assert portal.queries[4].startswith("query{a0:camera(node_id:5){node_id")

    # The next inventory tries the list again.
    portal.answers.clear()
    portal.says({"data": {"nodeList": [], "cameraList": []}})
    await client.inventory()
    assert "lenses" in portal.queries[5]
    portal.says({"data": {"cameraList": []}})
    assert await client.camera_statuses() == {}
    assert "cameraList" in portal.queries[6]


@pytest.mark.parametrize(
    "entry",
    [
        {"message": "Something went wrong, please try later.", "category": "client"},
        {"message": "x", "locations": [{}], "path": ["cameraList"]},
    ],
)
async def test_unknown_errors_do_not_reduce_the_selection(
    portal: Portal, client: NetrexClient, entry: dict[str, Any]
) -> None:
    """Only an invalid query leads to a smaller one."""
    client.schema = rich_schema()
    portal.says({"errors": [entry]})
    for method in (client.camera_statuses, client.inventory):
        with pytest.raises(NetrexResponseError):
            await method()
    portal.answers.clear()
    portal.says({"data": {"nodeList": [], "cameraList": []}})
    await client.camera_statuses()
    await client.inventory()
    assert ["lenses" in query for query in portal.queries] == [0, 1, 0, 1]
    assert "cameraList" in portal.queries[2]


async def test_statuses_where_camera_list_lacks_them(
    portal: Portal, client: NetrexClient
) -> None:
    portal.says(INVALID)
    portal.says({"data": {"nodeList": [], "cameraList": [{"node_id": 5}]}})
    portal.says({"data": {"a0": {"node_id": 5, "is_connected": False}}})
    assert await client.camera_statuses() == {5: CameraStatus(is_connected=False)}
    assert len(portal.queries) == 3


async def test_inventory_that_is_refused_with_every_selection(
    portal: Portal, client: NetrexClient
) -> None:
    portal.says(INVALID)
    with pytest.raises(NetrexQueryError):
        await client.inventory()
    assert len(portal.queries) == 2


async def test_statuses_by_one_query(portal: Portal, client: NetrexClient) -> None:
    portal.says({"data": {"cameraList": [{"node_id": 5, "is_connected": True}, None]}})
    assert await client.camera_statuses() == {5: CameraStatus(is_connected=True)}
    portal.answers.clear()
    portal.says({"data": {"cameraList": None}})
    with pytest.raises(NetrexResponseError):
        await client.camera_statuses()
