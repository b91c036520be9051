"""Servers in trouble end only the row that concerns them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from yarl import URL

from custom_components.netrex.client import Pacer
from custom_components.netrex.client.addresses import AddressGate
from custom_components.netrex.client.check import (
    Outcome,
    PortalCalls,
    Row,
    Subject,
    check_account,
    live,
)
from custom_components.netrex.client.check.portal import check_inventory
from custom_components.netrex.client.check.report import Finding
from custom_components.netrex.client.check.rtsp import RtspAnswer, connect
from custom_components.netrex.client.enums import LiveTransport
from custom_components.netrex.client.errors import NetrexConnectionError
from custom_components.netrex.client.models import LiveLink
from simulator import Simulator
from tests.client.conftest import Portal, give_token

GATE = AddressGate("http://127.0.0.1:1")


def outcomes(rows: list[Row], capability: str) -> set[Outcome]:
    """Return the outcomes of a capability."""
    return {row.outcome for row in rows if row.capability == capability}


@asynccontextmanager
async def scripted(*answers: str) -> AsyncGenerator[str]:
    """Run a server that sends an answer per request, then closes; yield its host."""
    remaining = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while remaining:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(remaining.pop(0).replace("\n", "\r\n").encode())
                await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    ("endpoint", "kind", "capability"),
    [
        ("rtsp", "cut", "live"),
        ("rtsp", "garbage", "live"),
        ("download", "cut", "recordings"),
        ("gateway", "cut", "cameras"),
    ],
)
async def test_a_server_that_does_not_answer(
    cloud: Simulator, subject: Subject, endpoint: str, kind: str, capability: str
) -> None:
    cloud.faults.add(endpoint, kind, count=None)
    rows = await check_account(subject)
    assert Outcome.NO_ANSWER in outcomes(rows, capability)
    assert rows[-1].capability == "queries"
    others = {"inventory", "kpi", "live", "recordings", "cameras"} - {capability}
    for other in others:
        assert Outcome.NO_ANSWER not in outcomes(rows, other)


async def test_a_camera_list_without_details(
    cloud: Simulator, subject: Subject
) -> None:
    """The ids are enough for the next steps."""
    cloud.faults.add("graphql", "half", "cameraList", match="serial_number")
    rows = await check_account(subject)
    first, second = [row for row in rows if row.capability == "inventory"]
    assert first.settles["form"] == "json"
    assert second.settles["cameras"] == len(cloud.world.cameras)


async def test_a_row_as_a_response(subject: Subject) -> None:
    row = Row("kpi", "days", Outcome.WORKS, 1.234, {"time_zone": "+01:00"}, "note")
    assert row.as_dict() == {
        "capability": "kpi",
        "request": "days",
        "outcome": "works",
        "seconds": 1.23,
        "settles": {"time_zone": "+01:00"},
        "note": "note",
    }
    assert Row("kpi", "days", Outcome.EMPTY).as_dict() == {
        "capability": "kpi",
        "request": "days",
        "outcome": "empty",
    }


def test_a_secret_is_not_in_the_repr() -> None:
    answer = RtspAnswer(200, {"content-base": "rtsp://host/secret"}, "secret")
    assert "secret" not in repr(answer)


async def test_the_spellings_of_node_types(
    portal: Portal, session: aiohttp.ClientSession, pacer: Pacer
) -> None:
    """A type that is not known, or is no text, is not repeated."""
    types = ["folder", "CAMERA_AUDIO_DEVICE", "Prague Market", 7, None]
    nodes = [{"node_id": 1 + n, "type": kind} for n, kind in enumerate(types)]
    portal.says({"data": {"nodeList": nodes, "cameraList": [{"node_id": 9}]}})
    calls = PortalCalls(session, portal.url, give_token, pacer)
    subject = Subject(session, portal.url, give_token, calls)
    [row] = [row async for row in check_inventory(subject)]
    found = {key for key in row.settles if key.startswith("type_")}
    assert found == {
        "type_folder",
        "type_cameraAudioDevice_in_another_spelling",
        "type_other",
    }


@pytest.mark.parametrize(
    "answer",
    [
        "HTTP/1.1 200 OK\n\n",
        "RTSP/1.0 200 OK\nContent-Length: 65537\n\n",
        "RTSP/1.0 200 OK\nContent-Length: -1\n\n",
        "RTSP/1.0 OK\n\n",
    ],
)
async def test_an_answer_that_is_not_rtsp(answer: str) -> None:
    async with scripted(answer) as host:
        url = URL(f"rtsp://{host}/live")
        async with connect(GATE, url) as connection:
            with pytest.raises(NetrexConnectionError, match="not RTSP"):
                await connection.request("OPTIONS", str(url))


async def test_without_a_link_no_server_is_asked(subject: Subject) -> None:
    rows = [row async for row in live._check_rtsp(subject, [None, None, None])]
    assert [(row.outcome, row.note) for row in rows] == [(Outcome.NOT_TRIED, "no link")]


async def test_a_stream_that_is_refused_with_a_single_link(subject: Subject) -> None:
    """What the other links would have shown stays open."""
    options, refused = "RTSP/1.0 200 OK\n\n", "RTSP/1.0 404 Not Found\n\n"
    async with scripted(options, refused, refused) as host:
        link = LiveLink(f"rtsp://{host}/live")
        [row] = [row async for row in live._check_rtsp(subject, [link, None, None])]
    assert row.outcome is Outcome.REFUSED
    assert row.settles["link_after_session"] == 404
    assert row.settles["link_refused_status"] == 404
    assert not {"tracks", "link_after_describe", "link_after_options"} & set(
        row.settles
    )


@pytest.mark.parametrize("length", ["soon", "123456", ""])
async def test_a_session_without_a_usable_timeout(length: str) -> None:
    ok = "RTSP/1.0 200 OK\n"
    async with scripted(
        f"{ok}\n", f"{ok}\n", f"{ok}Session: 1;timeout={length}\n\n"
    ) as host:
        settles: dict[str, Finding] = {}
        assert await live._set_up(GATE, URL(f"rtsp://{host}/live"), settles) == 200
    assert settles["setup_status"] == 200
    assert "session_timeout" not in settles


@pytest.mark.parametrize(
    ("answers", "outcome", "settles"),
    [
        (
            ["HTTP/1.1 404 Not Found\nContent-Length: 0\nConnection: close\n\n"],
            Outcome.REFUSED,
            {"websocket_protocol": "unknown"},
        ),
        ([], Outcome.NO_ANSWER, {}),
    ],
)
async def test_a_websocket_that_does_not_open(
    subject: Subject, answers: list[str], outcome: Outcome, settles: dict[str, str]
) -> None:
    async with scripted(*answers * 2) as host:
        link = LiveLink(f"ws://{host}/live")
        row = await live._check_websocket(subject, LiveTransport.RTSPWS, link)
    assert row.outcome is outcome
    assert row.settles == settles
