"""Clients that are not players, are too many, or misbehave."""

import asyncio
import select
import socket
from urllib.parse import urlsplit

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.netrex.relay import server as relay_module
from custom_components.netrex.relay.server import Limits
from custom_components.netrex.relay.terms import EndReason
from simulator.rtsp.server import RtspServer
from simulator.state import State
from tests.simulator.rtsp_client import RtspClient

from .conftest import CAMERA_ID, PROFILE, Harness, RunRelay, scripted_server
from .players import until
from .test_upstream import DESCRIBED, always, answering


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/140094",
        "/140094/trackID=0",
        "/140094?auth=",
        "/140094?auth=wrong",
        "/140094?auth={secret}x",
        "/140094?x=1&auth={secret}",
        "/140095?auth={secret}",
        "/{secret}/140094",
        "/?auth={secret}",
    ],
)
@pytest.mark.parametrize("method", ["OPTIONS", "DESCRIBE", "SETUP"])
async def test_a_wrong_secret_is_answered_with_404(
    relay: Harness, address: str, path: str, method: str
) -> None:
    host, secret = urlsplit(address).netloc, address.rpartition("=")[2]
    url = f"rtsp://{host}{path.format(secret=secret)}"

    async with await RtspClient.connect(url) as client:
        assert (await client.request(method)).status == 404
        assert await client.closed()

    assert relay.links == 0


async def test_only_the_first_address_needs_the_token(
    relay: Harness, address: str
) -> None:
    """FFmpeg logs descriptions, so the addresses in them are without the token."""
    async with await RtspClient.connect(address) as client:
        answer = await client.request("DESCRIBE")
        assert answer.status == 200
        token = urlsplit(address).query
        assert token not in f"{answer.headers}{answer.body}"
        client.url = address.partition("?")[0]
        assert (await client.request("GET_PARAMETER")).status == 200
        client.url = f"{client.url}?auth=wrong"
        assert (await client.request("GET_PARAMETER")).status == 404
        assert await client.closed()


async def test_a_client_cannot_switch_to_another_stream(
    relay: Harness, address: str
) -> None:
    async with await RtspClient.connect(address) as client:
        assert (await client.request("DESCRIBE")).status == 200
        client.url = relay.url("2")
        assert (await client.request("SETUP", "/trackID=0")).status == 404
        assert await client.closed()


@pytest.mark.parametrize(
    ("method", "status"),
    [("SETUP", 455), ("PLAY", 455), ("TEARDOWN", 455), ("ANNOUNCE", 501)],
)
async def test_only_describe_takes_a_link(
    relay: Harness, address: str, method: str, status: int
) -> None:
    async with await RtspClient.connect(address) as client:
        assert (await client.request(method)).status == status
        assert relay.links == 0
        assert (await client.request("DESCRIBE")).status == 200
    assert relay.links == 1


async def test_options_accepts_an_asterisk(relay: Harness, address: str) -> None:
    async with await RtspClient.connect(address) as client:
        client.url = "*"
        answer = await client.request("OPTIONS")
        assert answer.status == 200
        assert "DESCRIBE" in answer.headers["public"]
        assert (await client.request("DESCRIBE")).status == 455


@pytest.mark.parametrize(
    "junk",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01",
        b"$\0\0\x01x",
        b"RTSP/1.0 200 OK\r\n\r\n",
        b"x" * 100_000,
    ],
)
async def test_a_client_that_sends_junk_is_disconnected(
    address: str, junk: bytes
) -> None:
    async with await RtspClient.connect(address) as client:
        client.writer.write(junk)
        async with asyncio.timeout(2):
            assert await client.closed()


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(chunks=st.lists(st.binary(min_size=1, max_size=80), min_size=1, max_size=5))
async def test_arbitrary_data_of_a_client_logs_no_error(
    relay: Harness,
    address: str,
    caplog: pytest.LogCaptureFixture,
    chunks: list[bytes],
) -> None:
    described = f"DESCRIBE {address} RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode()
    for lead in (b"", described):
        async with await RtspClient.connect(address) as client:
            assert isinstance(client.writer, asyncio.StreamWriter)
            client.writer.writelines([lead, *chunks])
            client.writer.write_eof()
            async with asyncio.timeout(5):
                assert await client.closed()
    assert [record for record in caplog.records if record.levelno >= 40] == []


async def test_a_silent_client_is_disconnected(
    run_relay: RunRelay, portal: RtspServer
) -> None:
    async def get_link(_: str) -> str:
        return portal.mint(CAMERA_ID, PROFILE)

    relay = await run_relay(get_link, Limits(request_timeout=0.2))
    url = relay.url("1")
    async with (
        await RtspClient.connect(url) as silent,
        await RtspClient.connect(url) as slow,
        await RtspClient.connect(url) as player,
    ):
        assert (await player.play()).status == 200
        async with asyncio.timeout(2):
            slow.writer.write(b"DESCRIBE rtsp://")
            assert await silent.closed()
            assert await slow.closed()
        channel, _ = await player.read()
        assert channel is not None
        assert relay.stats.live_sessions == 1


async def test_strangers_cannot_keep_viewers_out(
    run_relay: RunRelay, portal: RtspServer
) -> None:
    async def get_link(_: str) -> str:
        return portal.mint(CAMERA_ID, PROFILE)

    relay = await run_relay(get_link, Limits(strangers=3))
    strangers = [await RtspClient.connect(relay.url("1")) for _ in range(10)]
    async with await RtspClient.connect(relay.url("1")) as player:
        assert (await player.play()).status == 200
        more = [await RtspClient.connect(relay.url("1")) for _ in range(10)]
        assert (await player.request("GET_PARAMETER")).status == 200
    async with asyncio.timeout(2):
        assert await strangers[0].closed()
    for stranger in (*strangers, *more):
        stranger.writer.close()


async def test_a_flood_of_strangers_is_limited(
    run_relay: RunRelay,
) -> None:
    relay = await run_relay(always(""), Limits(strangers=3, request_timeout=60))
    parts = urlsplit(relay.url("1"))
    # Without giving the relay time to close the first ones.
    strangers = [
        socket.create_connection((parts.hostname, parts.port)) for _ in range(50)
    ]

    def left() -> list[socket.socket]:
        closed, _, _ = select.select(strangers, [], [], 0)
        return [stranger for stranger in strangers if stranger not in closed]

    await until(lambda: len(left()) == 3)
    assert left() == strangers[-3:]
    for stranger in strangers:
        stranger.close()


async def test_a_wall_of_players_fits_into_the_limit_of_strangers(
    run_relay: RunRelay,
) -> None:
    async with scripted_server(answering(DESCRIBED)) as link:
        relay = await run_relay(always(link))
        players = [await RtspClient.connect(relay.url("1")) for _ in range(80)]
        answers = await asyncio.gather(
            *(player.request("DESCRIBE") for player in players)
        )
        for player in players:
            player.writer.close()
        await relay.until_ended(80)
    assert {answer.status for answer in answers} == {200}


async def test_viewers_above_the_limit_get_a_retry_after(
    run_relay: RunRelay, portal: RtspServer
) -> None:
    async def get_link(_: str) -> str:
        return portal.mint(CAMERA_ID, PROFILE)

    relay = await run_relay(get_link, Limits(viewers=1))
    async with await RtspClient.connect(relay.url("1")) as first:
        assert (await first.play()).status == 200
        async with await RtspClient.connect(relay.url("1")) as second:
            refused = await second.request("DESCRIBE")
            assert refused.status == 503
            assert "retry-after" in refused.headers
            assert await second.closed()
        assert (await first.request("OPTIONS")).status == 200
    assert relay.links == 1


@pytest.mark.parametrize("place", ["link", "dial"])
async def test_a_player_that_disconnects_early_cancels_its_request(
    run_relay: RunRelay, place: str
) -> None:
    waiting = asyncio.Event()
    given_up = asyncio.Event()

    async def wait() -> None:
        waiting.set()
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()

    async def script(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        waiting.set()
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.read() == b""
        given_up.set()

    async with scripted_server(script) as link:

        async def get_link(_: str) -> str:
            if place == "link":
                await wait()
            return link

        relay = await run_relay(get_link)
        async with await RtspClient.connect(relay.url("1")) as client:
            client.writer.write(f"DESCRIBE {client.url} RTSP/1.0\r\n\r\n".encode())
            await waiting.wait()
        async with asyncio.timeout(2):
            await given_up.wait()
        await until(lambda: len(relay.ends) == relay.links)
    assert [end.reason for end in relay.ends] == [EndReason.CLIENT] * relay.links
    assert relay.links == (place == "dial")


async def test_an_idle_session_is_closed(
    run_relay: RunRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "WATCH_INTERVAL_SECONDS", 0.05)

    async def script(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(DESCRIBED.encode())

    async with scripted_server(script) as link:
        relay = await run_relay(always(link), Limits(idle_timeout=0.5))
        async with await RtspClient.connect(relay.url("1")) as client:
            assert (await client.request("DESCRIBE")).status == 200
            # A paused player that keeps its session alive is not idle.
            for _ in range(8):
                await asyncio.sleep(0.1)
                assert (await client.request("GET_PARAMETER")).status == 200
            async with asyncio.timeout(2):
                assert await client.closed()
    assert [end.reason for end in relay.ends] == [EndReason.SILENT]


async def test_the_relays_own_requests_are_no_activity(
    portal: RtspServer,
    run_relay: RunRelay,
    state: State,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A paused client that has lost its power would use a session forever."""
    monkeypatch.setattr(relay_module, "WATCH_INTERVAL_SECONDS", 0.05)
    # A request per second.
    state.switches.session_timeout = 4

    async def get_link(key: str) -> str:
        return portal.mint(int(key), PROFILE)

    relay = await run_relay(get_link, Limits(idle_timeout=1.5))
    async with await RtspClient.connect(relay.url(str(CAMERA_ID))) as client:
        await client.play()
        assert (await client.request("PAUSE")).status == 200
        async with asyncio.timeout(5):
            assert await client.closed()
    assert [end.reason for end in relay.ends] == [EndReason.SILENT]


async def test_a_request_before_the_answer_to_describe_is_rejected(
    run_relay: RunRelay,
) -> None:
    gate = asyncio.Event()

    async with scripted_server(answering(DESCRIBED)) as link:

        async def get_link(_: str) -> str:
            await gate.wait()
            return link

        relay = await run_relay(get_link)
        async with await RtspClient.connect(relay.url("1")) as client:
            describe = asyncio.create_task(client.request("DESCRIBE"))
            await asyncio.sleep(0.05)
            client.writer.write(f"PLAY {client.url} RTSP/1.0\r\n\r\n".encode())
            assert (await describe).status == 455
            gate.set()
            _, described = await client.read()
            assert described.status == 200  # type: ignore[union-attr]  # a response
