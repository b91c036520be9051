"""How the bytes of RTSP travel to the portal: plain, tunnelled, encrypted.

The portal names the transports ("View live stream from the camera") and describes
none of them. RTSP over HTTP is Apple's scheme, which FFmpeg and Axis cameras speak: a
GET for what comes, a POST for what goes, in base64, tied by `x-sessioncookie`. RTSP
over WebSocket is RTSP with its interleaved data in binary messages, as in Axis cameras
and ONVIF's streaming specification.
"""

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass
import secrets
import ssl
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from ..client import LiveTransport
from .connection import CHUNK_SIZE, Reader, Writer

_CLOSE_TIMEOUT = 1.0
# A message holds whole frames; a key frame of a large picture may be a few of these.
_LARGEST_MESSAGE = 8 * 2**20
_TUNNEL_TYPE = "application/x-rtsp-tunnelled"
# The scheme's own length of a POST that has no end; servers do not count.
_TUNNEL_LENGTH = 32767
# What Axis cameras and go2rtc use; ONVIF's own name is the alternative.
SUBPROTOCOLS = ("binary", "rtsp.onvif.org")


@dataclass(frozen=True, slots=True)
class Wire:
    """A transport's port where the link has none, and its tunnel if it has one."""

    port: int
    tunnel: str = ""
    encrypted: bool = False


WIRES: Mapping[LiveTransport, Wire] = {
    LiveTransport.RTSP: Wire(554),
    LiveTransport.RTSPH: Wire(80, "http"),
    LiveTransport.RTSPHS: Wire(443, "http", encrypted=True),
    LiveTransport.RTSPWS: Wire(80, "ws"),
    LiveTransport.RTSPWSS: Wire(443, "ws", encrypted=True),
    LiveTransport.LOCAL: Wire(554),
}


@dataclass(frozen=True, slots=True)
class Link:
    """A link and the transport that it was asked for; its text is a secret."""

    url: str
    transport: LiveTransport = LiveTransport.RTSP

    def __repr__(self) -> str:
        """Name the transport only."""
        return f"Link({self.transport})"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a link leads.

    `request_uri` is what RTSP requests name: the link itself, without credentials; in
    a tunnel with RTSP's scheme, whatever scheme the portal writes for the tunnel.
    """

    host: str
    port: int
    path: str
    request_uri: str

    @classmethod
    def of(cls, link: Link) -> Address:
        """Read a link. Raises ValueError if it is none."""
        parts = urlsplit(link.url)
        wire = WIRES[link.transport]
        if not parts.hostname or not (wire.tunnel or parts.scheme == "rtsp"):
            raise ValueError("not a link")
        port = parts.port or wire.port
        path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        place = parts.netloc.rpartition("@")[2]
        if wire.tunnel and parts.port is None:
            place = f"{place}:{port}"
        inner = parts._replace(scheme="rtsp", netloc=place).geturl()
        return cls(parts.hostname, port, path, inner)


class Dialer:
    """Connects to links over every transport.

    Args:
        session: For WebSockets; it verifies TLS.
        context: Verifies TLS of RTSP over HTTPS.
    """

    def __init__(self, session: aiohttp.ClientSession, context: ssl.SSLContext) -> None:
        self._session = session
        self._context = context

    async def __call__(
        self, link: Link
    ) -> tuple[Reader, asyncio.StreamWriter | Writer]:
        """Connect. Raises OSError; ValueError for a bad link."""
        wire = WIRES[link.transport]
        address = Address.of(link)
        context = self._context if wire.encrypted else None
        if wire.tunnel == "ws":
            return await _dial_websocket(self._session, address, context)
        if wire.tunnel == "http":
            return await _dial_http(address, context)
        return await dial_tcp(link)


async def dial_tcp(link: Link) -> tuple[Reader, asyncio.StreamWriter]:
    """Connect without a tunnel. Raises OSError; ValueError for a bad link."""
    address = Address.of(link)
    return await asyncio.open_connection(address.host, address.port, limit=CHUNK_SIZE)


async def _dial_http(
    address: Address, context: ssl.SSLContext | None
) -> tuple[Reader, Writer]:
    """Open the GET, wait for its answer, then open the POST."""
    cookie = secrets.token_hex(11)
    down, get = await _request("GET", address, context, cookie)
    try:
        await _expect_ok(down)
        _, post = await _request("POST", address, context, cookie)
    except BaseException:
        get.transport.abort()
        raise
    return down, _TunnelWriter(get, post)


async def _expect_ok(down: asyncio.StreamReader) -> None:
    try:
        head = await down.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError, asyncio.LimitOverrunError:
        raise ConnectionResetError("no answer from the tunnel") from None
    if head.split(b" ", 2)[1:2] != [b"200"]:
        raise ConnectionRefusedError("the tunnel was refused")


async def _request(
    method: str, address: Address, context: ssl.SSLContext | None, cookie: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(
        address.host, address.port, ssl=context, limit=CHUNK_SIZE
    )
    headers = {
        "Host": f"{address.host}:{address.port}",
        "x-sessioncookie": cookie,
        "Pragma": "no-cache",
        "Cache-Control": "no-cache",
    }
    if method == "POST":
        headers |= {
            "Content-Type": _TUNNEL_TYPE,
            "Content-Length": str(_TUNNEL_LENGTH),
            "Expires": "Sun, 9 Jan 1972 00:00:00 GMT",
        }
    else:
        headers["Accept"] = _TUNNEL_TYPE
    lines = [f"{method} {address.path} HTTP/1.0"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await writer.drain()
    return reader, writer


class _TunnelWriter:
    """Sends in base64 on the POST, and closes both connections."""

    def __init__(self, get: asyncio.StreamWriter, post: asyncio.StreamWriter) -> None:
        self._get = get
        self._post = post

    def write(self, data: bytes, /) -> None:
        self._post.write(base64.b64encode(data))

    async def drain(self) -> None:
        await self._post.drain()

    def close(self) -> None:
        self._post.close()
        self._get.close()

    def abort(self) -> None:
        self._post.transport.abort()
        self._get.transport.abort()

    async def wait_closed(self) -> None:
        await self._post.wait_closed()
        await self._get.wait_closed()


async def _dial_websocket(
    session: aiohttp.ClientSession, address: Address, context: ssl.SSLContext | None
) -> tuple[Reader, Writer]:
    scheme = "ws" if context is None else "wss"
    host = f"[{address.host}]" if ":" in address.host else address.host
    try:
        socket = await session.ws_connect(
            URL(f"{scheme}://{host}:{address.port}{address.path}", encoded=True),
            protocols=SUBPROTOCOLS,
            ssl=True if context is None else context,
            timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_TIMEOUT),
            max_msg_size=_LARGEST_MESSAGE,
        )
    except aiohttp.ClientError as err:
        # Its text holds the address.
        raise ConnectionRefusedError(f"no WebSocket ({type(err).__name__})") from None
    return _SocketReader(socket), _SocketWriter(socket)


class _SocketReader:
    """The binary messages of a WebSocket as a stream."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def read(self, _n: int, /) -> bytes:
        """Return the next message whole: the parser takes any length."""
        message = await self._socket.receive()
        while message.type is aiohttp.WSMsgType.BINARY and not message.data:
            message = await self._socket.receive()
        return message.data if message.type is aiohttp.WSMsgType.BINARY else b""


class _SocketWriter:
    """Each drained portion is one binary message."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        # Kept, because aiohttp forgets it when it begins to close it.
        connection = socket._response.connection  # noqa: SLF001 - nothing public has it
        self._transport = None if connection is None else connection.transport
        self._queued = bytearray()
        self._closing: asyncio.Task[bool] | None = None

    def write(self, data: bytes, /) -> None:
        self._queued += data

    async def drain(self) -> None:
        data = bytes(self._queued)
        self._queued.clear()
        if data:
            try:
                await self._socket.send_bytes(data)
            except aiohttp.ClientError as err:
                raise ConnectionResetError(type(err).__name__) from None

    def close(self) -> None:
        # The portal ends a session by TEARDOWN, so what is queued may be dropped.
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._socket.close())

    def abort(self) -> None:
        # Needed after `close`, too: aiohttp leaves the connection open where the server
        # disconnects without a word, and with TLS where it falls silent.
        self._socket._response.close()  # noqa: SLF001 - nothing public does it
        if self._transport is not None:
            self._transport.abort()

    async def wait_closed(self) -> None:
        if self._closing is not None:
            await self._closing
