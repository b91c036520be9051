"""Transports for RTSP to the portal: plain, tunneled, and encrypted.

The API documentation names the transports ("View live stream from the camera") without
describing them. RTSP over HTTP is Apple's scheme, which FFmpeg and Axis cameras
support: a GET to receive and a POST to send in base64, linked by `x-sessioncookie`.
RTSP over WebSocket is RTSP with interleaved data in binary messages, as implemented by
Axis cameras and described in ONVIF's streaming specification.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
import secrets
import ssl
from urllib.parse import urlsplit

import aiohttp
from aiohttp import hdrs
from yarl import URL

from ..client import AddressGate, LiveTransport, NetrexAddressError
from .connection import CHUNK_SIZE, Reader, Writer

_CLOSE_TIMEOUT_SECONDS = 1.0
# A message has only whole interleaved frames; a large key frame may take several.
_MAX_MESSAGE_SIZE = 8 * 2**20
_TUNNEL_TYPE = "application/x-rtsp-tunnelled"
# Content-Length that the scheme prescribes for its endless POST; servers ignore it.
_TUNNEL_LENGTH = 32767
# Used by Axis cameras and go2rtc; the second is ONVIF's own.
SUBPROTOCOLS = ("binary", "rtsp.onvif.org")


@dataclass(frozen=True, slots=True)
class Wire:
    """A transport's default port and its tunnel, if any (`http` or `ws`)."""

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
    """A link and the transport that was requested; the URL is a secret."""

    url: str
    transport: LiveTransport = LiveTransport.RTSP

    def __repr__(self) -> str:
        """Return the transport only."""
        return f"Link({self.transport})"


@dataclass(frozen=True, slots=True)
class Address:
    """The server and the resource of a link.

    `request_uri` is the URI of RTSP requests: the link without credentials. In a tunnel
    it always has RTSP's scheme, because the link has the scheme of the tunnel.
    """

    host: str
    port: int
    path: str
    request_uri: str

    @classmethod
    def of(cls, link: Link) -> Address:
        """Parse a link. Raises ValueError."""
        parts = urlsplit(link.url)
        wire = WIRES[link.transport]
        if not parts.hostname or not (wire.tunnel or parts.scheme == "rtsp"):
            raise ValueError("not an RTSP link")
        port = parts.port or wire.port
        path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        place = parts.netloc.rpartition("@")[2]
        if wire.tunnel and parts.port is None:
            place = f"{place}:{port}"
        inner = parts._replace(scheme="rtsp", netloc=place).geturl()
        return cls(parts.hostname, port, path, inner)


type Dial = Callable[[Link], Awaitable[tuple[Reader, asyncio.StreamWriter | Writer]]]


class Dialer:
    """Connects to links over every transport.

    Args:
        session: Opens WebSockets.
        context: Verifies the servers of encrypted transports.
        gate: Rejects addresses that a link must not lead to (decision 0028).
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        context: ssl.SSLContext,
        gate: AddressGate,
    ) -> None:
        self._session = session
        self._context = context
        self._gate = gate

    async def __call__(
        self, link: Link
    ) -> tuple[Reader, asyncio.StreamWriter | Writer]:
        """Connect to the first of the server's addresses that can be reached.

        Raises OSError, or ValueError for an invalid link.
        """
        address = Address.of(link)
        is_local = link.transport is LiveTransport.LOCAL
        try:
            targets = await self._gate.addresses(
                address.host, address.port, local=is_local
            )
        except NetrexAddressError:
            raise ConnectionRefusedError("the link must not lead there") from None
        error: OSError | None = None
        for ip in targets:
            try:
                return await self._dial(WIRES[link.transport], address, ip)
            except OSError as err:
                error = err
        raise error or ConnectionRefusedError("no address")

    async def _dial(
        self, wire: Wire, address: Address, ip: str
    ) -> tuple[Reader, asyncio.StreamWriter | Writer]:
        context = self._context if wire.encrypted else None
        if wire.tunnel == "ws":
            return await _dial_websocket(self._session, address, ip, context)
        if wire.tunnel == "http":
            return await _dial_http(address, ip, context)
        return await asyncio.open_connection(ip, address.port, limit=CHUNK_SIZE)


async def dial_tcp(link: Link) -> tuple[Reader, asyncio.StreamWriter]:
    """Connect without a tunnel. Raises OSError, or ValueError for an invalid link."""
    address = Address.of(link)
    return await asyncio.open_connection(address.host, address.port, limit=CHUNK_SIZE)


async def _dial_http(
    address: Address, ip: str, context: ssl.SSLContext | None
) -> tuple[Reader, Writer]:
    """Send the GET, wait for its response, and send the POST."""
    cookie = secrets.token_hex(11)
    down, get = await _request("GET", address, ip, context, cookie)
    try:
        await _expect_ok(down)
        _, post = await _request("POST", address, ip, context, cookie)
    except BaseException:
        get.transport.abort()
        raise
    return down, _TunnelWriter(get, post)


async def _expect_ok(down: asyncio.StreamReader) -> None:
    try:
        head = await down.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError, asyncio.LimitOverrunError:
        raise ConnectionResetError("no answer to the tunnel request") from None
    if head.split(b" ", 2)[1:2] != [b"200"]:
        raise ConnectionRefusedError("the server refused the tunnel")


def _host_header(address: Address) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{host}:{address.port}"


async def _request(
    method: str, address: Address, ip: str, context: ssl.SSLContext | None, cookie: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(
        ip,
        address.port,
        ssl=context,
        server_hostname=None if context is None else address.host,
        limit=CHUNK_SIZE,
    )
    headers = {
        hdrs.HOST: _host_header(address),
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
    """Sends base64 on the POST and closes both connections."""

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
    session: aiohttp.ClientSession,
    address: Address,
    ip: str,
    context: ssl.SSLContext | None,
) -> tuple[Reader, Writer]:
    scheme = "ws" if context is None else "wss"
    host = f"[{ip}]" if ":" in ip else ip
    responses: list[aiohttp.ClientResponse] = []

    async def keep_response(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        response = await handler(request)
        if response.status != HTTPStatus.SWITCHING_PROTOCOLS:
            # For example, a redirect, which would bypass the gate.
            response.close()
            raise ConnectionRefusedError("the server refused the WebSocket")
        responses.append(response)
        return response

    # `abort` needs the response of the handshake, which only a session's middleware
    # receives. This session shares the connector of the original one.
    own = aiohttp.ClientSession(
        connector=session.connector,
        connector_owner=False,
        headers=session.headers,
        middlewares=(keep_response,),
    )
    try:
        socket = await own.ws_connect(
            URL(f"{scheme}://{host}:{address.port}{address.path}", encoded=True),
            headers={hdrs.HOST: _host_header(address)},
            server_hostname=None if context is None else address.host,
            protocols=SUBPROTOCOLS,
            ssl=True if context is None else context,
            timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_TIMEOUT_SECONDS),
            max_msg_size=_MAX_MESSAGE_SIZE,
        )
    except aiohttp.ClientError as err:
        # The exception's text contains the address.
        raise ConnectionRefusedError(f"no WebSocket ({type(err).__name__})") from None
    finally:
        own.detach()
    return _SocketReader(socket), _SocketWriter(socket, responses[-1])


class _SocketReader:
    """Presents the binary messages of a WebSocket as a stream."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def read(self, _n: int, /) -> bytes:
        """Return the next message as a whole; the parser accepts any length."""
        message = await self._socket.receive()
        while message.type is aiohttp.WSMsgType.BINARY and not message.data:
            message = await self._socket.receive()
        return message.data if message.type is aiohttp.WSMsgType.BINARY else b""


class _SocketWriter:
    """Sends all data written before a `drain` as one binary message."""

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, response: aiohttp.ClientResponse
    ) -> None:
        self._socket = socket
        self._response = response
        # Kept because aiohttp drops the reference when it starts to close.
        connection = response.connection
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
        # Queued data may be dropped because nothing follows a TEARDOWN.
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._socket.close())

    def abort(self) -> None:
        # Also needed after `close`: aiohttp leaves the connection open if the server
        # disconnects without a close message or, with TLS, stops answering.
        self._response.close()
        if self._transport is not None:
            self._transport.abort()

    async def wait_closed(self) -> None:
        if self._closing is not None:
            await self._closing
