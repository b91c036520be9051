"""Damaged data from both sides.

Inputs are generated from their numbers, so they are the same in each run.
"""

import asyncio
from collections.abc import Iterator
import contextlib
import logging
import random
import time

import pytest

from custom_components.netrex.relay.authentication import Authenticator, Credentials
from custom_components.netrex.relay.connection import Connection
from custom_components.netrex.relay.keep_alive import KeepAlive
from custom_components.netrex.relay.resumption import _play_times
from custom_components.netrex.relay.rtp import RtpSplicer, StreamChangedError
from custom_components.netrex.relay.rtsp import (
    MAX_BODY_SIZE,
    MAX_HEADER_SIZE,
    Parser,
    Request,
    Response,
    RtspError,
)
from custom_components.netrex.relay.sdp import Description, Format
from custom_components.netrex.relay.server import Relay
from custom_components.netrex.relay.transports import Link
from custom_components.netrex.relay.urls import UrlMap, link_secrets

INPUTS_PER_SIDE = 50_000
SESSIONS = 400
# Limit of the CPU time for one input, which usually takes less than a millisecond.
MAX_SECONDS = 0.5

LOCAL = "rtsp://127.0.0.1:8554/secret/1"
LINK = "rtsp://127.0.0.1:554/nvhs10~1600421245~0123456789abcdef0123456789abcdef"
SECRET = LINK.rpartition("~")[2].encode()
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\n"
    f"a=control:{LINK}/\r\nm=video 0 RTP/AVP 96\r\n"
    f"a=rtpmap:96 H264/90000\r\na=control:{LINK}/trackID=0\r\n"
)
GSTREAMER_SDP = (
    "v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\ns=x\r\na=tool:GStreamer\r\na=control:*\r\n"
    "m=video 0 RTP/AVP 33\r\na=rtpmap:33 H265/90000\r\n"
    "a=fmtp:33 sprop-vps=QAEMAf;sprop-sps=QgEBAW;sprop-pps=RAHA\r\n"
    "a=control:stream=0\r\na=ssrc:2187453198 cname:user2945376726@host-5cc4d5aa\r\n"
    "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/16000/1\r\n"
    "a=fmtp:97 streamtype=5; mode=AAC-hbr; config=1408; sizeLength=13\r\n"
    "a=control:stream=1\r\n"
)
FRAMES = b"".join(
    b"$" + bytes([channel]) + len(payload).to_bytes(2) + payload
    for channel, payload in (
        (0, bytes(1400)),
        (1, b"\x80\xc8\0\6" + bytes(24)),
        (0, b"\x80\x60\0\1" + bytes(8) + b"\x78\0\4\x67abc\0\3\x68de"),
        (0, b"\x80\xe0\0\2" + bytes(8) + b"\x62\1\x93" + bytes(40)),
        (1, b"\x80\xc8\0\6" + bytes(range(1, 25)) + b"\x81\xca\0\1abcd"),
    )
)


def _message(first: str, *headers: str, body: str = "") -> bytes:
    lines = [first, "CSeq: 3", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", body]).encode()


CLIENT = (
    _message(f"OPTIONS {LOCAL} RTSP/1.0", "User-Agent: Lavf61.7.100"),
    _message(
        f"DESCRIBE {LOCAL} RTSP/1.0",
        "Accept: application/sdp",
        "Require: www.onvif.org/ver20/backchannel",
    ),
    _message(
        f"SETUP {LOCAL}/trackID=0 RTSP/1.0",
        "Transport: RTP/AVP/UDP;unicast;client_port=1-2,RTP/AVP/TCP;interleaved=0-1",
    ),
    _message(f"PLAY {LOCAL}/ RTSP/1.0", "Session: 1", "Range: npt=0.000-"),
    FRAMES,
    _message(f"GET_PARAMETER {LOCAL} RTSP/1.0", "Session: 1", body="position\r\n"),
    _message(f"TEARDOWN {LOCAL}/ RTSP/1.0", "Session: 1"),
)
SERVER = (
    _message(
        "RTSP/1.0 200 OK",
        f"Content-Base: {LINK}/",
        "Content-Type: application/sdp",
        body=SDP,
    ),
    _message(
        "RTSP/1.0 401 Unauthorized",
        'WWW-Authenticate: Digest realm="x", nonce="n", qop="auth", algorithm=SHA-256',
        'WWW-Authenticate: Basic realm="x"',
    ),
    _message("RTSP/1.0 200 OK", "Content-Base: /x/", body=GSTREAMER_SDP),
    _message(
        "RTSP/1.0 200 OK",
        "Session: 1;timeout=60",
        "Transport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=ABCD0123",
    ),
    _message(
        "RTSP/1.0 200 OK",
        "Session: 1",
        f"RTP-Info: url={LINK}/trackID=0;seq=1;rtptime=2,url={LINK}/trackID=1;seq=1",
    ),
    FRAMES,
    _message(f"SET_PARAMETER {LINK} RTSP/1.0", "Session: 1", body="ping: 1\r\n"),
    _message(f"REDIRECT {LINK} RTSP/1.0", f"Location: {LINK}2"),
)
# Common causes of parser errors.
TOKENS = (
    b"\r\n",
    b"\n",
    b"\r\n\r\n",
    b"\r\n ",
    b"$",
    b"$\0\xff\xff",
    b"\0",
    b"\xff\xfe",
    b":",
    b"Content-Length: 99999999999\r\n",
    b"Content-Length: -1\r\n",
    b"Content-Length: 70000\r\n",
    b"RTSP/1.0 200 OK\r\n",
    b"RTSP/2.0",
    b"rtsp://",
    b"/@0/@99999999999",
    LINK.encode(),
    LOCAL.encode(),
    SECRET,
    b" " * 400,
    b"a=control:rtsp://x/" * 40,
)


def damaged(rng: random.Random, parts: tuple[bytes, ...]) -> bytes:
    """Return valid data with omissions and errors, or junk."""
    if rng.random() < 0.05:
        return rng.randbytes(rng.randrange(1, 600))
    data = bytearray(b"".join(part for part in parts if rng.random() < 0.7))
    for _ in range(rng.randrange(1, 6)):
        start = rng.randrange(len(data) + 1)
        end = min(len(data), start + rng.randrange(1, 80))
        match rng.randrange(6):
            case 0:
                data[start:start] = rng.choice(TOKENS)
            case 1:
                del data[start:end]
            case 2:
                data[start:end] = rng.randbytes(end - start)
            case 3:
                data[start:start] = data[start:end] * rng.choice((1, 2, 200))
            case 4:
                data[start:end] = rng.choice(TOKENS)
            case _:
                del data[start:]
    return bytes(data)


def chunks(rng: random.Random, data: bytes) -> Iterator[bytes]:
    """Yield `data` in chunks, as a network may deliver it."""
    size = rng.choice((1 << 20, 1400, 100, 7)) if len(data) < 5000 else 1400
    for start in range(0, len(data), size):
        yield data[start : start + size]


class Continued:
    """What the relay does with a server's answers and media to continue a stream."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._splicer = RtpSplicer()
        self._track = Format("H264" if rng.random() < 0.5 else "H265")
        self._splicer.add_track(0, {96: self._track}, (0, 1))
        self._authenticator = Authenticator(Credentials("user", "password"))
        self._keeper = KeepAlive(Connection(MemoryReader(), MemoryWriter()), LINK)

    def answer(self, answer: Response) -> None:
        """Process an answer."""
        description = Description.of(answer, LINK)
        for uri in (LINK, f"{LINK}/trackID=0"):
            index = description.track_of(uri)
            assert index is None or index < len(description.tracks)
        assert len(_play_times(answer, description)) <= MAX_HEADER_SIZE
        request = Request("DESCRIBE", LINK, headers=[("CSeq", "3")])
        self._authenticator.authorize(request)
        if (again := self._authenticator.retry(answer)) is not None:
            self._authenticator.authorize(again)
        # Without an event loop there are no tasks.
        with contextlib.suppress(RuntimeError):
            self._keeper.observe(answer)

    def media(self, data: bytes) -> None:
        """Process media; one run in two belongs to another session."""
        if self._rng.random() < 0.5:
            self._splicer.next_session()
            self._splicer.replace_track(0, {33: 96}, (0, 1))
        with contextlib.suppress(StreamChangedError):
            assert len(self._splicer.feed(data)) <= len(data) + (1 << 16) + 4
        self._splicer.feedback(data)


def check_input(rng: random.Random, parts: tuple[bytes, ...]) -> None:
    """Process one input as the relay does for that side."""
    parser = Parser()
    urls = UrlMap(LOCAL, LINK, link_secrets(LINK))
    passed = fed = 0
    continued = Continued(rng)
    for chunk in chunks(rng, damaged(rng, parts)):
        fed += len(chunk)
        for event in parser.feed(chunk):
            if isinstance(event, bytes):
                passed += len(event)
                if parts is not CLIENT:
                    continued.media(event)
                continue
            if parts is CLIENT:
                if isinstance(event, Request):
                    urls.to_upstream(event.uri)
                continue
            if isinstance(event, Response):
                continued.answer(event)
            try:
                urls.localize(event)
            except RtspError:
                return
            assert SECRET not in event.encode()
        held = len(parser._head) + len(parser._body) + len(parser._frame_head)
        assert held <= MAX_HEADER_SIZE + MAX_BODY_SIZE + 3
        assert passed + held <= fed
        if parser.failure is not None:
            assert isinstance(parser.failure, RtspError)
            assert parser.feed(b"OPTIONS * RTSP/1.0\r\n\r\n") == []
            return


@pytest.mark.parametrize("parts", [CLIENT, SERVER], ids=["client", "server"])
def test_the_parser_survives_damaged_data(parts: tuple[bytes, ...]) -> None:
    slowest = 0.0
    for number in range(INPUTS_PER_SIDE):
        rng = random.Random(number)  # noqa: S311 - the same in each run
        started = time.thread_time()
        try:
            check_input(rng, parts)
        except Exception as err:
            err.add_note(f"input {number}")
            raise
        slowest = max(slowest, time.thread_time() - started)
    assert slowest < MAX_SECONDS


class MemoryReader:
    """A connection that receives nothing."""

    async def read(self, _n: int, /) -> bytes:
        """Return the end of the stream."""
        return b""


class MemoryWriter:
    """A connection to a server whose answers are predefined."""

    def write(self, data: bytes, /) -> None:
        """Discard data."""

    async def drain(self) -> None:
        """Return at once."""

    def close(self) -> None:
        """Do nothing."""

    def abort(self) -> None:
        """Do nothing."""

    async def wait_closed(self) -> None:
        """Return at once."""


async def test_damaged_data_ends_only_its_own_session(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    rng = random.Random(1)  # noqa: S311 - the same in each run
    ended = 0

    async def get_link(_: str) -> Link:
        return Link(LINK)

    async def dial(_: Link) -> tuple[asyncio.StreamReader, MemoryWriter]:
        reader = asyncio.StreamReader()
        reader.feed_data(damaged(rng, SERVER))
        # Some sessions end before the client's last data is read.
        asyncio.get_running_loop().call_later(0.01, reader.feed_eof)
        return reader, MemoryWriter()

    def count(_: object) -> None:
        nonlocal ended
        ended += 1

    relay = Relay(get_link, dial=dial, on_ended=count)
    await relay.start()
    address = relay.url("1")
    port = int(address.split("/")[2].rpartition(":")[2])
    path = address.partition(f":{port}/")[2]
    parts = tuple(
        part.replace(b"8554/secret/1", f"{port}/{path}".encode()) for part in CLIENT
    )
    for number in range(SESSIONS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.timeout(5):
            with contextlib.suppress(OSError):
                if number % 4:
                    writer.write(parts[1])
                    await reader.read(1)
                writer.write(damaged(rng, parts))
                writer.write_eof()
                await reader.read()
        writer.close()
    await relay.stop()
    # The last connection is closed shortly after its session.
    await asyncio.sleep(0.05)

    assert ended > SESSIONS / 2
    assert [record for record in caplog.records if record.levelno >= 40] == []
