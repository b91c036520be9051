"""Live links, against a scripted portal."""

import asyncio
from typing import Any

from custom_components.netrex.client import (
    LinkRequest,
    LiveLink,
    LiveTransport,
    NetrexClient,
    NetrexConnectionError,
    NetrexNotFoundError,
    NetrexQueryError,
    NetrexResponseError,
)

from .answers import (
    INVALID,
    refusal,
)
from .conftest import Portal, rich_schema


def _link(url: object) -> dict[str, Any]:
    return {"live_view": {"remote": {"rtsp": {"url": url}}}}


async def test_links_by_one_query(portal: Portal, client: NetrexClient) -> None:
    requests = [LinkRequest(node_id, stream_profile_id=1) for node_id in range(20)]
    data = {f"a{index}": _link(f"rtsp://h/{index}") for index in range(20)}
    data["a3"] = {"live_view": None}
    data["a4"] = {}
    data["a5"] = _link("file:///etc/passwd")
    errors = [refusal("Camera is not connected.", "a3", "live_view")]
    portal.says({"data": data, "errors": errors})
    links = await client.live_links([*requests, requests[0]])
    assert len(portal.queries) == 1
    assert list(links) == requests
    assert links[requests[19]] == LiveLink("rtsp://h/19")
    assert isinstance(links[requests[3]], NetrexResponseError)
    assert isinstance(links[requests[4]], NetrexNotFoundError)
    assert isinstance(links[requests[5]], NetrexNotFoundError)
    assert await client.live_links([]) == {}


async def test_links_over_other_transports(
    portal: Portal, client: NetrexClient
) -> None:
    client.schema = rich_schema()
    requests = [
        LinkRequest(1, LiveTransport.RTSPWSS, 7),
        LinkRequest(2, LiveTransport.RTSPHS, 7),
        LinkRequest(3, LiveTransport.LOCAL, 7),
        LinkRequest(4, LiveTransport.RTSPH, 7),
        LinkRequest(5),
    ]
    data = {
        "a0": {"live_view": {"remote": {"rtsp_wss": {"url": "wss://h/1"}}}},
        "a1": {"live_view": {"remote": {"rtspHs": "https://h/2"}}},
        "a2": {"live_view": {"local": {"rtsp": {"url": "rtsp://10.0.0.3/3"}}}},
    }
    portal.says({"data": data})
    links = await client.live_links(requests)
    assert [links[request] for request in requests[:3]] == [
        LiveLink("wss://h/1"),
        LiveLink("https://h/2"),
        LiveLink("rtsp://10.0.0.3/3"),
    ]
    # Not offered, or without the required profile: not sent at all.
    assert all(isinstance(links[r], NetrexQueryError) for r in requests[3:])
    assert portal.queries[0].count("live_view") == 3


async def test_refused_wall_of_links_costs_few_queries(
    portal: Portal, client: NetrexClient
) -> None:
    requests = [LinkRequest(node_id) for node_id in range(20)]
    portal.says(INVALID)
    links = await client.live_links(requests)
    assert set(links) == set(requests)
    assert all(isinstance(link, NetrexQueryError) for link in links.values())
    assert len(portal.queries) <= 15


async def test_links_before_the_portal_stops_answering_are_kept(
    portal: Portal, client: NetrexClient
) -> None:
    requests = [LinkRequest(node_id) for node_id in range(4)]
    portal.says(INVALID)
    portal.says({"data": {"a0": _link("rtsp://h/0"), "a1": _link("rtsp://h/1")}})
    portal.says(b"", 502)
    links = await client.live_links(requests)
    assert links[requests[1]] == LiveLink("rtsp://h/1")
    assert isinstance(links[requests[2]], NetrexConnectionError)
    assert isinstance(links[requests[3]], NetrexConnectionError)


async def test_links_are_never_shared(portal: Portal, client: NetrexClient) -> None:
    for number in range(2):
        portal.says({"data": {"a0": _link(f"rtsp://h/{number}")}})
    request = LinkRequest(1)
    one, two = await asyncio.gather(*(client.live_links([request]) for _ in range(2)))
    assert one[request] != two[request]
