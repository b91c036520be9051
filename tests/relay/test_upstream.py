"""Failures and misbehavior of the portal's server."""

import asyncio
from collections.abc import Awaitable, Callable
import random

import pytest

from custom_components.netrex.relay import upstream
from custom_components.netrex.relay.terms import EndReason, LinkError, LinkRefusal
from custom_components.netrex.relay.urls import link_secrets
from simulator.rtsp.server import RtspServer
from tests.leaks import assert_log_clean
from tests.simulator.rtsp_client import RtspClient

from .conftest import CAMERA_ID, PROFILE, RunRelay, Script, scripted_server
from .players import until, watch

OK = "RTSP/1.0 200 OK\r\nCSeq: 1\r\n"
SDP = "v=0\r\nm=video 0 RTP/AVP 96\r\na=control:trackID=0\r\n"
DESCRIBED = f"{OK}Content-Length: {len(SDP)}\r\n\r\n{SDP}"


def answering(*answers: str | bytes) -> Script:
    """Return a server that answers the requests in order, then disconnects."""

    async def script(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        for answer in answers:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer if isinstance(answer, bytes) else answer.encode())
            await writer.drain()

    return script


def always(link: str) -> Callable[[str], Awaitable[str]]:
    """Return a source that always returns this link."""

    async def get_link(_: str) -> str:
        return link

    return get_link


@pytest.mark.parametrize(
    ("answer", "links", "ending"),
    [
        ("RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\n", 2, "refused"),
        ("RTSP/1.0 403 Forbidden\r\n\r\n", 2, "refused"),
        ("RTSP/1.0 404 Not Found\r\n\r\n", 2, "refused"),
        ("", 2, "refused"),
        ("RTSP/1.0 302 Found\r\nLocation: \r\n\r\n", 1, "unreachable"),
        ("RTSP/1.0 302 Found\r\nLocation: http://h/\r\n\r\n", 1, "unreachable"),
        ("RTSP/1.0 302 Found\r\nLocation: rtsp://[h/\r\n\r\n", 1, "unreachable"),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", 1, "unreachable"),
        (b"\x00\xff\x17" * 40, 1, "unreachable"),
        ("RTSP/1.0 200 OK\r\nX: " + "x" * 70_000, 1, "unreachable"),
    ],
)
async def test_an_invalid_answer_is_reported_to_the_player(
    run_relay: RunRelay,
    answer: str | bytes,
    links: int,
    ending: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with scripted_server(answering(answer)) as link:
        relay = await run_relay(always(link))
        async with await RtspClient.connect(relay.url("1")) as client:
            refused = await client.request("DESCRIBE")
            assert await client.closed()

    assert refused.status == 503
    assert int(refused.headers["retry-after"]) > 0
    assert "www-authenticate" not in refused.headers
    assert relay.links == links
    assert [end.reason.value for end in relay.ends] == [ending] * links
    assert relay.stats.last_error == ending
    assert_log_clean(caplog, link_secrets(link))


async def test_a_silent_server_times_out(
    run_relay: RunRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "ANSWER_TIMEOUT_SECONDS", 0.1)

    async def silence(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await asyncio.Event().wait()

    async with scripted_server(silence) as link:
        relay = await run_relay(always(link))
        async with await RtspClient.connect(relay.url("1")) as client:
            assert (await client.request("DESCRIBE")).status == 503
    assert [end.reason for end in relay.ends] == [EndReason.UNREACHABLE]


@pytest.mark.parametrize(
    "link",
    [
        "rtsp://127.0.0.1:1/x",
        "http://127.0.0.1/x",
        "rtsp://127.0.0.1:99999/x",
        "rtsp://[oops/x",
    ],
)
async def test_an_unusable_link_is_reported_to_the_player(
    run_relay: RunRelay, link: str
) -> None:
    relay = await run_relay(always(link))
    async with await RtspClient.connect(relay.url("1")) as client:
        assert (await client.request("DESCRIBE")).status == 503
    assert [end.reason for end in relay.ends] == [EndReason.UNREACHABLE]


async def test_an_unexpected_exception_is_logged_and_reported(
    run_relay: RunRelay, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "live~1600421245~0123456789abcdef"

    async def get_link(_: str) -> str:
        raise ZeroDivisionError(secret)

    relay = await run_relay(get_link)
    async with asyncio.timeout(5), await RtspClient.connect(relay.url("1")) as client:
        assert (await client.request("DESCRIBE")).status == 503
        assert await client.closed()
    assert "ZeroDivisionError" in caplog.text
    assert_log_clean(caplog, [secret])


async def test_other_error_statuses_are_passed_on(run_relay: RunRelay) -> None:
    answer = "RTSP/1.0 453 Not Enough Bandwidth\r\nCSeq: 1\r\n\r\n"
    async with scripted_server(answering(answer)) as link:
        relay = await run_relay(always(link))
        async with await RtspClient.connect(relay.url("1")) as client:
            assert (await client.request("DESCRIBE")).status == 453
            assert await client.closed()
    assert relay.links == 1
    assert [end.reason for end in relay.ends] == [EndReason.REFUSED]
    assert relay.started == []


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (LinkRefusal.GONE, 404),
        (LinkRefusal.FORBIDDEN, 403),
        (LinkRefusal.LIMITED, 503),
        (LinkRefusal.UNAVAILABLE, 503),
    ],
)
async def test_a_missing_link_is_reported_to_the_player(
    run_relay: RunRelay, refusal: LinkRefusal, status: int
) -> None:
    async def get_link(_: str) -> str:
        raise LinkError(refusal, 41.5)

    relay = await run_relay(get_link)
    async with await RtspClient.connect(relay.url("1")) as client:
        answer = await client.request("DESCRIBE")
        assert await client.closed()

    assert answer.status == status
    assert answer.headers.get("retry-after") == ("42" if status == 503 else None)
    assert relay.ends == []
    assert relay.stats.last_error is refusal


async def test_a_redirect_is_hidden_from_the_player(
    portal: RtspServer, run_relay: RunRelay
) -> None:
    target = portal.mint(CAMERA_ID, PROFILE)
    answer = f"RTSP/1.0 302 Found\r\nCSeq: 1\r\nLocation: {target}\r\n\r\n"

    async with scripted_server(answering(answer)) as link:
        relay = await run_relay(always(link))
        assert await watch(relay.url("1")) == [PROFILE.height] * 3

        async with await RtspClient.connect(relay.url("1")) as client:
            # The target has been used, and the second link redirects to it again.
            assert (await client.request("DESCRIBE")).status == 503
    assert relay.links == 3


async def test_a_redirect_loop_ends(run_relay: RunRelay) -> None:
    asked = 0

    async def circle(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        nonlocal asked
        asked += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"RTSP/1.0 302 Found\r\nLocation: /again\r\n\r\n")

    async with scripted_server(circle) as link:
        relay = await run_relay(always(link))
        async with await RtspClient.connect(relay.url("1")) as client:
            assert (await client.request("DESCRIBE")).status == 503
    assert asked == 4


@pytest.mark.parametrize(
    "ending",
    [
        b"\x00junk",
        b"REDIRECT rtsp://h/1 RTSP/1.0\r\nCSeq: 9\r\nLocation: rtsp://h/2\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nX: " + b"x" * 70_000,
        b"RTSP/1.0 200 OK\r\nContent-Length: 999999\r\n\r\n",
        b"ANNOUNCE rtsp://h/1 RTSP/1.0\r\nX: "
        + b" ".join(b"rtsp://h/%d" % number for number in range(100))
        + b"\r\n\r\n",
        b"$\x00\xff\xffcut",
    ],
)
async def test_invalid_rtsp_of_the_server_ends_the_session(
    run_relay: RunRelay, ending: bytes
) -> None:
    script = answering(DESCRIBED, f"{OK}\r\n$\0\0\x04play".encode() + ending)
    async with scripted_server(script) as link:
        relay = await run_relay(always(link))
        async with await RtspClient.connect(relay.url("1")) as client:
            assert (await client.request("DESCRIBE")).status == 200
            assert (await client.request("PLAY")).status == 200
            assert await client.read() == (0, b"play")
            assert await client.closed()
    assert [end.reason for end in relay.ends] == [EndReason.UPSTREAM]
    assert relay.stats.live_sessions == 0


async def test_a_description_with_too_many_urls_ends_the_session(
    run_relay: RunRelay, caplog: pytest.LogCaptureFixture
) -> None:
    body = " ".join(f"rtsp://h/{number}" for number in range(100))
    script = answering(f"{OK}Content-Length: {len(body)}\r\n\r\n{body}")
    async with scripted_server(script) as link:
        relay = await run_relay(always(link))
        async with await RtspClient.connect(relay.url("1")) as client:
            client.writer.write(f"DESCRIBE {client.url} RTSP/1.0\r\n\r\n".encode())
            assert await client.closed()
        await relay.until_ended(1)
    assert [end.reason for end in relay.ends] == [EndReason.UPSTREAM]
    assert [record for record in caplog.records if record.levelno >= 40] == []


async def test_the_servers_own_requests_are_translated_and_answered(
    run_relay: RunRelay,
) -> None:
    answers: list[bytes] = []
    request = "GET_PARAMETER {link} RTSP/1.0\r\nCSeq: 7\r\n\r\n"

    async def script(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"{DESCRIBED}{request.format(link=link)}".encode())
        answers.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"$\0\0\x04done")
        await reader.read()

    async with scripted_server(script) as link:
        relay = await run_relay(always(link))
        async with await RtspClient.connect(relay.url("1")) as client:
            assert (await client.request("DESCRIBE")).status == 200
            asked = await client.reader.readuntil(b"\r\n\r\n")
            client.writer.write(b"RTSP/1.0 200 OK\r\nCSeq: 7\r\n\r\n")
            assert await client.read() == (0, b"done")
    # The blank line ends the server's request.
    assert asked.decode().startswith("GET_PARAMETER rtsp://127.0.0.1")
    assert link_secrets(link).isdisjoint(asked.decode().split())
    assert answers == [b"RTSP/1.0 200 OK\r\nCSeq: 7\r\n\r\n"]


async def test_media_arrives_complete_in_both_directions(
    run_relay: RunRelay,
) -> None:
    rng = random.Random(7)  # noqa: S311 - test data
    frames = [
        bytes([0x24, rng.randrange(4)]) + len(data).to_bytes(2) + data
        for data in (rng.randbytes(rng.randrange(3000)) for _ in range(2000))
    ]
    sent = b"".join(frames)
    received = bytearray()

    async def script(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(DESCRIBED.encode())
        position = 0
        while position < len(sent):
            size = rng.randrange(1, 9000)
            writer.write(sent[position : position + size])
            await writer.drain()
            position += size
        while len(received) < len(sent):
            received.extend(await reader.read(65_536))

    async with scripted_server(script) as link:
        relay = await run_relay(always(link))
        async with await RtspClient.connect(relay.url("1")) as client:
            assert (await client.request("DESCRIBE")).status == 200
            assert await client.reader.readexactly(len(sent)) == sent
            client.writer.write(sent)
            await until(lambda: len(received) >= len(sent))
    assert received == sent


async def test_a_slow_player_slows_only_its_own_server(
    run_relay: RunRelay,
) -> None:
    sent = 0
    frame = b"$\0\xff\xff" + bytes(65_535)

    async def script(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(DESCRIBED.encode())
        while True:
            writer.write(frame)
            await writer.drain()
            sent += len(frame)

    async with scripted_server(script) as link:
        relay = await run_relay(always(link))
        async with (
            await RtspClient.connect(relay.url("1")) as slow,
            await RtspClient.connect(relay.url("2")) as quick,
        ):
            assert (await slow.request("DESCRIBE")).status == 200
            before = -1
            while sent != before:
                before = sent
                await asyncio.sleep(0.3)
            # The buffers of three sockets; the relay's own are 1 MiB of it.
            assert sent < 20 * 2**20

            assert (await quick.request("DESCRIBE")).status == 200
            async with asyncio.timeout(10):
                assert len(await quick.reader.readexactly(50 * 2**20)) == 50 * 2**20
            assert relay.stats.live_sessions == 2
    await until(lambda: not relay.stats.live_sessions)
