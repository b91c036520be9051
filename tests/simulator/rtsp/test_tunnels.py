"""Live view through HTTP and WebSocket, plain and encrypted, over real sockets."""

import asyncio
import base64
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
import ssl
from urllib.parse import urlsplit

from aiohttp import ClientSession, WSMsgType, WSServerHandshakeError
import pytest

from simulator.rtsp.http_tunnel import Base64Stream
from simulator.rtsp.server import RtspServer
from simulator.rtsp.tunnels import Tunnels
from simulator.state import State

from ..conftest import PROFILE
from ..rtsp_client import RtspClient
from .test_rtsp import watch

HTTP = ["rtsph", "rtsphs"]
WEBSOCKET = ["rtspws", "rtspwss"]


@pytest.fixture
async def tunnels(rtsp: RtspServer, state: State) -> AsyncGenerator[Tunnels]:
    """Run all tunneled transports."""
    tunnels = Tunnels(rtsp, state.switches)
    await tunnels.start()
    yield tunnels
    await tunnels.stop()


class Upward:
    """The sending side of a tunnel."""

    def __init__(self, send: asyncio.StreamWriter) -> None:
        self._send = send

    def write(self, data: bytes) -> None:
        """Send a message with its own padding."""
        self._send.write(base64.b64encode(data))

    def close(self) -> None:
        """Close the POST."""
        self._send.close()


def context_for(tunnels: Tunnels, url: str) -> ssl.SSLContext | None:
    """Return the TLS context for an encrypted link, None for others."""
    if urlsplit(url).scheme not in {"https", "wss"}:
        return None
    return ssl.create_default_context(cadata=tunnels.authority)


@asynccontextmanager
async def http_client(
    url: str, context: ssl.SSLContext | None
) -> AsyncIterator[RtspClient]:
    """Open an HTTP tunnel as FFmpeg does."""
    parts = urlsplit(url)
    host, port = parts.hostname, parts.port
    down, down_writer = await asyncio.open_connection(host, port, ssl=context)
    down_writer.write(
        f"GET {parts.path} HTTP/1.0\r\nx-sessioncookie: c1\r\n"
        "Accept: application/x-rtsp-tunnelled\r\n\r\n".encode()
    )
    head = await down.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200 ")
    assert b"application/x-rtsp-tunnelled" in head
    _, up = await asyncio.open_connection(host, port, ssl=context)
    up.write(
        f"POST {parts.path} HTTP/1.0\r\nx-sessioncookie: c1\r\n"
        "Content-Type: application/x-rtsp-tunnelled\r\n"
        "Content-Length: 32767\r\n\r\n".encode()
    )
    yield RtspClient(_rtsp(url), down, Upward(up))
    up.close()
    down_writer.close()


def _rtsp(url: str) -> str:
    return f"rtsp://{url.partition('://')[2]}"


@pytest.mark.parametrize("transport", HTTP)
async def test_rtsp_plays_over_http(
    rtsp: RtspServer, tunnels: Tunnels, state: State, transport: str
) -> None:
    url = rtsp.mint(11, PROFILE, transport=transport)
    assert urlsplit(url).scheme == {"rtsph": "http", "rtsphs": "https"}[transport]

    async with http_client(url, context_for(tunnels, url)) as client:
        assert (await client.play()).status == 200
        channels = {(await client.read())[0] for _ in range(30)}
        assert channels == {0, 1}
        assert rtsp.sessions == 1
    for _ in range(300):
        await asyncio.sleep(0.01)
        if not rtsp.sessions:
            break
    assert rtsp.sessions == 0
    assert state.links[0].used == 1


async def test_ffmpeg_plays_over_http(
    rtsp: RtspServer, tunnels: Tunnels, state: State
) -> None:
    state.switches.tunnel_scheme = "rtsp"
    url = rtsp.mint(11, PROFILE, transport="rtsph")
    assert url.startswith("rtsp://")

    frames = await asyncio.to_thread(watch, url, 12, "http")

    assert len(frames) == 12


@pytest.mark.parametrize("transport", WEBSOCKET)
async def test_rtsp_plays_over_websocket(
    rtsp: RtspServer, tunnels: Tunnels, transport: str
) -> None:
    url = rtsp.mint(11, PROFILE, transport=transport)
    context = context_for(tunnels, url)
    async with (
        ClientSession() as session,
        session.ws_connect(url, protocols=["binary"], ssl=context or True) as socket,
    ):
        assert socket.protocol == "binary"
        reader = asyncio.StreamReader()
        sent: set[asyncio.Task[None]] = set()

        class Writer:
            def write(self, data: bytes) -> None:
                sent.add(asyncio.create_task(socket.send_bytes(data)))

            def close(self) -> None:
                """Do nothing: the connection is closed with the socket."""

        async def receive() -> None:
            async for message in socket:
                assert message.type is WSMsgType.BINARY
                reader.feed_data(message.data)
            reader.feed_eof()

        receiving = asyncio.create_task(receive())
        client = RtspClient(_rtsp(url), reader, Writer())
        assert (await client.play()).status == 200
        assert {(await client.read())[0] for _ in range(30)} == {0, 1}
        assert (await client.request("TEARDOWN")).status == 200
        assert await client.closed()
        await receiving
        await asyncio.gather(*sent)


async def test_sessions_in_tunnels_can_be_closed(
    rtsp: RtspServer, tunnels: Tunnels
) -> None:
    url = rtsp.mint(11, PROFILE, transport="rtsph")
    ws_url = rtsp.mint(11, PROFILE, transport="rtspws")
    async with (
        http_client(url, None) as client,
        ClientSession() as session,
        session.ws_connect(ws_url, protocols=["binary"]) as socket,
    ):
        await client.play()
        lines = f"DESCRIBE {_rtsp(ws_url)} RTSP/1.0", "CSeq: 1", "", ""
        await socket.send_bytes("\r\n".join(lines).encode())
        assert (await socket.receive_bytes()).startswith(b"RTSP/1.0 200 OK")
        rtsp.drop()
        assert await client.closed()
        message = await asyncio.wait_for(socket.receive(), 3)
        assert message.type is not WSMsgType.BINARY


async def test_the_subprotocol_is_a_switch(
    rtsp: RtspServer, tunnels: Tunnels, state: State
) -> None:
    url = rtsp.mint(11, PROFILE, transport="rtspws")
    async with ClientSession() as session:
        with pytest.raises(WSServerHandshakeError):
            await session.ws_connect(url, protocols=["other"])
        state.switches.websocket_protocol = "rtsp.onvif.org"
        async with session.ws_connect(
            url, protocols=["binary", "rtsp.onvif.org"]
        ) as socket:
            assert socket.protocol == "rtsp.onvif.org"
        state.switches.websocket_protocol = ""
        async with session.ws_connect(url) as socket:
            assert socket.protocol is None


@pytest.mark.parametrize("transport", ["rtsph", "rtspws"])
async def test_a_tunnel_requires_an_unused_link_of_its_transport(
    rtsp: RtspServer, tunnels: Tunnels, state: State, transport: str
) -> None:
    own = rtsp.mint(11, PROFILE, transport=transport)
    plain = rtsp.mint(11, PROFILE)
    wrong = [own.replace("~", "!"), f"{own.rpartition('/')[0]}/{plain.split('/')[-1]}"]
    headers = {"x-sessioncookie": "c"}
    async with ClientSession(headers=headers) as session:
        for url in wrong:
            async with session.get(url.replace("ws://", "http://")) as response:
                assert response.status == 404
        state.clock.jump(31)
        async with session.get(own.replace("ws://", "http://")) as response:
            assert response.status == 404
    async with await RtspClient.connect(plain) as client:
        client.url = f"rtsp://127.0.0.1:{rtsp.port}/{own.split('/')[-1]}"
        assert (await client.request("DESCRIBE")).status == 404


async def test_a_tunnel_requires_its_cookie(rtsp: RtspServer, tunnels: Tunnels) -> None:
    url = rtsp.mint(11, PROFILE, transport="rtsph")
    async with ClientSession() as session:
        async with session.get(url) as response:
            assert response.status == 400
        headers = {"x-sessioncookie": "unknown"}
        async with session.post(url, headers=headers, data=b"") as response:
            assert response.status == 404


def test_base64_is_decoded_in_pieces_with_padding_inside() -> None:
    text = base64.b64encode(b"OPTIONS") + b"\r\n" + base64.b64encode(b"PLAY!")
    for size in (1, 3, 5, 100):
        stream = Base64Stream()
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        assert b"".join(map(stream.feed, pieces)) == b"OPTIONSPLAY!"
    with pytest.raises(ValueError, match=r"."):
        Base64Stream().feed(b"!!!!")
