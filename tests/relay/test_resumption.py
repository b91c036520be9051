"""Sessions of the portal that are replaced without the client noticing."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise

import av
import pytest

from custom_components.netrex.relay import resumption, session
from custom_components.netrex.relay.rtsp import Request, Response
from custom_components.netrex.relay.terms import EndReason, LinkError, LinkRefusal
from simulator.rtsp.server import RtspServer
from simulator.state import State
from simulator.world.model import StreamProfile
from tests.leaks import assert_log_clean
from tests.simulator.rtsp_client import RtspClient

from .conftest import (
    CAMERA_ID,
    PROFILE,
    Harness,
    RunRelay,
    Script,
    scripted_server,
)
from .players import HOME_ASSISTANT, until
from .test_upstream import DESCRIBED, OK, SDP, answering

OTHER = StreamProfile(120847, 160, 90, 10)


@pytest.fixture
async def relay(portal: RtspServer, run_relay: RunRelay) -> Harness:
    """Run a relay that resumes."""

    async def get_link(key: str) -> str:
        return portal.mint(int(key), PROFILE)

    return await run_relay(get_link, resumes=True)


async def packets(client: RtspClient, count: int) -> list[tuple[int, int, bytes]]:
    """Return sequence number, timestamp and SSRC of some packets."""
    found: list[tuple[int, int, bytes]] = []
    async with asyncio.timeout(10):
        while len(found) < count:
            channel, data = await client.read()
            if channel == 0:
                assert isinstance(data, bytes)
                found.append(
                    (int.from_bytes(data[2:4]), int.from_bytes(data[4:8]), data[8:12])
                )
    return found


async def test_packet_numbers_continue(
    relay: Harness,
    address: str,
    portal: RtspServer,
    state: State,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with await RtspClient.connect(address) as client:
        assert (await client.play()).status == 200
        name = client.session
        for _ in range(2):
            found = await packets(client, 5)
            assert portal.drop() == 1
            found += await packets(client, 30)
            assert all(b[0] == (a[0] + 1) % 2**16 for a, b in pairwise(found))
            # Timestamps never go back, and there is no gap of a second.
            assert all((b[1] - a[1]) % 2**32 < 90_000 for a, b in pairwise(found))
            assert len({ssrc for _, _, ssrc in found}) == 1
            assert relay.stats.live_sessions == 1
            # The client's session id remains valid.
            answer = await client.request("GET_PARAMETER")
            assert answer.status == 200
            assert answer.headers["session"].partition(";")[0] == name
        assert (await client.request("TEARDOWN")).status == 200
        assert await client.closed()

    assert [link.used for link in state.links] == [1, 1, 1]
    await relay.until_ended(3)
    endings = [end.reason for end in relay.ends]
    assert endings == [EndReason.UPSTREAM, EndReason.UPSTREAM, EndReason.CLIENT]
    assert relay.closings == [EndReason.CLIENT]
    assert_log_clean(caplog, state.secrets)


def _watch(url: str, frames: int, drop: Callable[[], None]) -> list[float]:
    """Return the times of frames (seconds), with a drop in the middle."""
    times: list[float] = []
    with av.open(url, options=HOME_ASSISTANT, timeout=10) as container:
        for frame in container.decode(video=0):
            assert not frame.is_corrupt
            # FFmpeg does not know the time of the first frames.
            if frame.time is None:
                assert not times
                continue
            times.append(frame.time)
            if len(times) == frames // 2:
                drop()
            if len(times) == frames:
                break
    return times


async def test_home_assistants_player_continues(
    relay: Harness, address: str, portal: RtspServer, state: State
) -> None:
    loop = asyncio.get_running_loop()

    def drop() -> None:
        loop.call_soon_threadsafe(portal.drop)

    times = await asyncio.to_thread(_watch, address, 40, drop)

    assert all(0 < b - a < 0.5 for a, b in pairwise(times))
    assert [link.used for link in state.links] == [1, 1]


async def lost(relay: Harness, client: RtspClient, portal: RtspServer) -> None:
    """Drop the session and expect the client to be disconnected."""
    await packets(client, 3)
    portal.drop()
    assert await client.closed()
    await until(lambda: not relay.stats.live_sessions)
    await until(lambda: relay.closings == [EndReason.UPSTREAM])


async def test_a_different_description_disconnects_the_client(
    portal: RtspServer, run_relay: RunRelay, state: State
) -> None:
    profiles = iter([PROFILE, OTHER])

    async def get_link(_: str) -> str:
        return portal.mint(CAMERA_ID, next(profiles))

    relay = await run_relay(get_link, resumes=True)
    async with await RtspClient.connect(relay.url(str(CAMERA_ID))) as client:
        await client.play()
        await lost(relay, client, portal)

    assert [end.reason for end in relay.ends] == [EndReason.UPSTREAM, EndReason.CHANGED]
    assert len(state.links) == 2
    # A link that was not needed is no failure of the server.
    assert not relay.stats.failures


async def test_a_missing_link_disconnects_the_client(
    portal: RtspServer, run_relay: RunRelay
) -> None:
    links = 0

    async def get_link(_: str) -> str:
        nonlocal links
        links += 1
        if links > 1:
            raise LinkError(LinkRefusal.LIMITED)
        return portal.mint(CAMERA_ID, PROFILE)

    relay = await run_relay(get_link, resumes=True)
    async with await RtspClient.connect(relay.url(str(CAMERA_ID))) as client:
        await client.play()
        await lost(relay, client, portal)

    assert [end.reason for end in relay.ends] == [EndReason.UPSTREAM]


async def test_a_late_link_disconnects_the_client(
    portal: RtspServer, run_relay: RunRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "RESUME_TIMEOUT_SECONDS", 0.2)
    waits: list[Awaitable[None]] = [asyncio.sleep(0)]

    async def get_link(_: str) -> str:
        await (waits.pop() if waits else asyncio.sleep(5))
        return portal.mint(CAMERA_ID, PROFILE)

    relay = await run_relay(get_link, resumes=True)
    async with await RtspClient.connect(relay.url(str(CAMERA_ID))) as client:
        await client.play()
        await lost(relay, client, portal)


async def test_a_refused_setup_disconnects_the_client(
    relay: Harness, address: str, portal: RtspServer, state: State
) -> None:
    async with await RtspClient.connect(address) as client:
        await client.play()
        await packets(client, 3)
        state.faults.add("rtsp", "status", 503, match="SETUP")
        await lost(relay, client, portal)

    assert [end.reason for end in relay.ends] == [EndReason.UPSTREAM, EndReason.REFUSED]


async def test_a_paused_stream_is_not_resumed(
    relay: Harness, address: str, portal: RtspServer, state: State
) -> None:
    async with await RtspClient.connect(address) as client:
        await client.play()
        await packets(client, 3)
        assert (await client.request("PAUSE")).status == 200
        portal.drop()
        assert await client.closed()

    assert len(state.links) == 1


@pytest.mark.parametrize("method", ["TEARDOWN", "OPTIONS"])
async def test_requests_during_the_resumption_are_answered(
    portal: RtspServer, run_relay: RunRelay, method: str
) -> None:
    ready = asyncio.Event()
    ready.set()

    async def get_link(_: str) -> str:
        await ready.wait()
        return portal.mint(CAMERA_ID, PROFILE)

    relay = await run_relay(get_link, resumes=True)
    async with await RtspClient.connect(relay.url(str(CAMERA_ID))) as client:
        await client.play()
        await packets(client, 3)
        ready.clear()
        portal.drop()
        await relay.until_ended(1)
        # A receiver report cannot be passed on.
        client.writer.write(b"$\x01\x00\x08" + bytes(8))

        assert (await client.request(method)).status == 200

        if method == "TEARDOWN":
            assert await client.closed()
            await until(lambda: not relay.stats.live_sessions)
            assert relay.closings == [EndReason.CLIENT]
        else:
            ready.set()
            assert await packets(client, 5)


SETUP = f"{OK}Session: 1\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n"
PLAY = f"{OK}\r\n"


def later(*answers: str) -> Script:
    """Return a server that answers requests, then stays connected."""

    async def script(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await answering(*answers)(reader, writer)
        await reader.read()

    return script


@asynccontextmanager
async def resumed(
    run_relay: RunRelay, second: Script, first_answer: str = DESCRIBED
) -> AsyncGenerator[tuple[Harness, RtspClient]]:
    """Play from a server that disconnects; a second one is to take over."""
    first = answering(first_answer, SETUP, f"{PLAY}$\0\0\x04play")
    async with scripted_server(first) as link, scripted_server(second) as next_link:
        links = iter([link, next_link])

        async def get_link(_: str) -> str:
            return next(links)

        relay = await run_relay(get_link, resumes=True)
        async with await RtspClient.connect(relay.url("1")) as client:
            described = await client.request("DESCRIBE")
            client.url = described.headers.get("content-base", client.url).rstrip("/")
            await client.setup()
            assert (await client.request("PLAY")).status == 200
            assert await client.read() == (0, b"play")
            yield relay, client


@pytest.mark.parametrize(
    "second",
    [
        answering(DESCRIBED),
        later(DESCRIBED),
        later(DESCRIBED, SETUP, "junk"),
        later("RTSP/1.0 500 Error\r\nCSeq: 1\r\n\r\n"),
    ],
    ids=["disconnected", "silent", "junk", "status"],
)
async def test_a_server_that_cannot_take_over_disconnects_the_client(
    run_relay: RunRelay, monkeypatch: pytest.MonkeyPatch, second: Script
) -> None:
    monkeypatch.setattr(resumption, "ANSWER_TIMEOUT_SECONDS", 0.2)
    async with resumed(run_relay, second) as (relay, client):
        assert await client.closed()
        await relay.until_ended(2)
    reasons = [end.reason for end in relay.ends]
    assert reasons == [EndReason.UPSTREAM, EndReason.REFUSED]
    assert relay.closings == [EndReason.UPSTREAM]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (DESCRIBED, DESCRIBED.replace("trackID=0", "streamID7")),
        (DESCRIBED.replace(OK, f"{OK}Content-Base: rtsp://other/x/\r\n"), DESCRIBED),
        (DESCRIBED, DESCRIBED.replace(OK, f"{OK}Content-Base: rtsp://other/x/\r\n")),
    ],
    ids=["control", "base", "other base"],
)
@pytest.mark.parametrize("channels", ["0-1", "2-3"])
async def test_urls_and_channels_of_the_next_server_may_differ(
    run_relay: RunRelay, first: str, second: str, channels: str
) -> None:
    heads: list[str] = []

    async def server(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        for answer in (second, SETUP.replace("0-1", channels), PLAY, OK + "\r\n"):
            heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(answer.encode())
            if answer is PLAY:
                writer.write(b"$" + bytes([int(channels[0])]) + b"\0\x04more")
        await reader.read()

    async with resumed(run_relay, server, first) as (relay, client):
        assert await client.read() == (0, b"more")
        assert (await client.request("GET_PARAMETER")).status == 200
        assert relay.stats.live_sessions == 1

    described, setup, play, parameter = (head.split(" ")[1] for head in heads)
    base = "rtsp://other/x" if "rtsp://other" in second else described
    assert setup == f"{base}/{'streamID7' if 'streamID7' in second else 'trackID=0'}"
    assert play.rstrip("/") == base
    assert parameter.rstrip("/") == base


async def test_media_that_arrives_before_an_answer_is_passed_on(
    run_relay: RunRelay,
) -> None:
    request = "GET_PARAMETER * RTSP/1.0\r\nCSeq: 1\r\n\r\n"
    second = later(DESCRIBED, SETUP, f"{request}$\0\0\x04more{PLAY}")
    async with resumed(run_relay, second) as (relay, client):
        assert await client.read() == (0, b"more")
        assert relay.started == ["1", "1"]


async def test_a_session_without_media_has_not_played(run_relay: RunRelay) -> None:
    async with resumed(run_relay, later(DESCRIBED, SETUP, PLAY)) as (relay, _):
        await until(lambda: relay.started == ["1", "1"])
    await relay.until_ended(2)
    assert relay.ends[0].played_seconds > 0
    assert relay.ends[1].played_seconds == 0


async def test_streams_without_resumption_disconnect_the_client(
    portal: RtspServer, run_relay: RunRelay
) -> None:
    async def get_link(key: str) -> str:
        return portal.mint(int(key), PROFILE)

    relay = await run_relay(get_link)
    async with await RtspClient.connect(relay.url(str(CAMERA_ID))) as client:
        await client.play()
        await lost(relay, client, portal)

    assert [end.reason for end in relay.ends] == [EndReason.UPSTREAM]


def test_a_single_track_is_set_up_by_the_url_of_the_stream() -> None:
    """Answers without a request change nothing; those without a number have order."""
    url = "rtsp://host/live"
    recorded = resumption.Resumption(Response(200, body=SDP.encode()), url)
    recorded.incoming(Response(200))
    for method in ("SETUP", "PLAY"):
        transport = [("Transport", "RTP/AVP/TCP;interleaved=0-1")]
        recorded.outgoing(Request(method, url, headers=[("CSeq", "1"), *transport]))
        recorded.incoming(Response(200))
    assert recorded.is_possible
