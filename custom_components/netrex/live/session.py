"""One viewer of the relay: from its first request to the end of the picture."""

import asyncio
from collections.abc import Awaitable, Callable
import contextlib
from dataclasses import dataclass
from http import HTTPStatus
import logging
import math
import re
import secrets
import time
from urllib.parse import unquote

from ..client import Transport
from .connection import Connection
from .endings import Ending, SessionEnd
from .errors import LinkError, Refusal
from .rtsp import Event, Request, Response, RtspError
from .transports import Link
from .upstream import (
    Dial,
    LinkRefusedError,
    Upstream,
    UpstreamError,
    open_upstream,
)

_LOGGER = logging.getLogger(__name__)

# Players give up after 5 to 30 s; a link that comes later is of no use.
LINK_TIMEOUT = 30.0
# By one DESCRIBE; a player does not wait for more.
_MOST_LINKS = 3

_METHODS = (
    "OPTIONS",
    "DESCRIBE",
    "SETUP",
    "PLAY",
    "PAUSE",
    "GET_PARAMETER",
    "SET_PARAMETER",
    "TEARDOWN",
)
_BACK_CHANNEL = "www.onvif.org/ver20/backchannel"
# The stream's address with the secret and the key.
_ADDRESS = re.compile(r"(rtsps?://[^/]*/([^/?]+)/([^/?]+))(?:[/?].*)?", re.IGNORECASE)
_REFUSAL_STATUS = {Refusal.GONE: 404, Refusal.FORBIDDEN: 403}
_UNAVAILABLE = 503


_ENDINGS: dict[type[BaseException], Ending] = {
    LinkRefusedError: Ending.REFUSED,
    UpstreamError: Ending.UNREACHABLE,
}


@dataclass(frozen=True, slots=True)
class SessionHost:
    """What a session needs from its relay.

    Args:
        token: Gives the first part of the path of a stream's address.
        get_link: Gives a fresh link to a stream, or raises LinkError.
        transport: Says over which transport the next link would come.
        dial: Connects to a link.
        request_timeout: Seconds from a client's connection to its DESCRIBE.
        admit: Asked before a link is taken; False refuses the viewer.
        started: Called when the portal's server has taken the link.
        ended: Called once per link.
        refused: Called when there is no link.
    """

    token: Callable[[str], str]
    get_link: Callable[[str], Awaitable[Link]]
    transport: Callable[[str], Transport]
    dial: Dial
    request_timeout: float
    admit: Callable[[], bool]
    started: Callable[[str, Transport], None]
    ended: Callable[[SessionEnd], None]
    refused: Callable[[Refusal], None]


class Session:
    """Serves one client connection.

    The client's side runs in `run`; DESCRIBE starts a second task which takes the
    link and then passes on what the portal's server sends, so that a client who
    leaves meanwhile is noticed at once.

    After PLAY the picture passes as it comes, but the walk over the frame headers
    (`rtsp.Parser`) still finds the few messages among them, such as the RTP-Info of a
    second PLAY: they are translated like all others, so no portal address ever gets
    through. The walk costs less than the reads and writes around it.
    """

    def __init__(self, host: SessionHost, client: Connection) -> None:
        """Prepare to serve `client`."""
        self._host = host
        self._client = client
        self._upstream: Upstream | None = None
        self._opening: asyncio.Task[None] | None = None
        self._transport = Transport.RTSP
        self._playing_since: float | None = None
        self._ending = Ending.CLIENT
        self._torn_down = False
        # The address by which the client knows its stream.
        self._local = ""
        # None until the client has shown the secret and named a stream.
        self.stream_key: str | None = None
        # Monotonic time of the last sign of life of either side.
        self.active_at = time.monotonic()

    @property
    def is_viewer(self) -> bool:
        """Whether the client asked for a stream."""
        return self._opening is not None

    @property
    def is_live(self) -> bool:
        """Whether the client is connected to the portal's server."""
        return self._upstream is not None

    async def run(self) -> None:
        """Serve the client until one side ends."""
        try:
            async with asyncio.timeout(self._host.request_timeout) as deadline:
                while (event := await self._client.receive()) is not None:
                    self.active_at = time.monotonic()
                    if not await self._handle(event):
                        break
                    if self._opening is not None:
                        deadline.reschedule(None)
        except (OSError, RtspError) as err:
            _LOGGER.debug("A client's connection ended (%s)", type(err).__name__)
        finally:
            if self._opening is not None:
                self._opening.cancel()
                await asyncio.wait([self._opening])
            await self._client.finish()

    def abort(self, ending: Ending) -> None:
        """End the session at once."""
        self._ending = ending
        self._client.abort()

    async def _handle(self, event: Event) -> bool:
        """Answer or pass on; False ends the session."""
        if not isinstance(event, Request):
            await self._pass_back(event)
        elif event.method not in _METHODS:
            await self._reply(event, 501)
        elif event.uri != "*" and not self._is_ours(event.uri):
            await self._reply(event, 404)
            return False
        elif self._upstream is not None:
            await self._forward(self._upstream, event)
        elif event.method == "OPTIONS":
            await self._reply(event, 200, ("Public", ", ".join(_METHODS)))
        elif event.method != "DESCRIBE" or event.uri == "*" or self.is_viewer:
            await self._reply(event, 455)
        elif self._host.admit():
            self._opening = asyncio.create_task(self._play(event))
        else:
            await self._reply(event, _UNAVAILABLE, ("Retry-After", "10"))
            return False
        return True

    def _is_ours(self, uri: str) -> bool:
        """Check the secret, and keep the client to one stream."""
        if (match := _ADDRESS.fullmatch(uri)) is None:
            return False
        stream_key = unquote(match[3])
        shown = match[2].encode(errors="surrogateescape")
        if not secrets.compare_digest(shown, self._host.token(stream_key).encode()):
            return False
        if self.stream_key is None:
            self.stream_key = stream_key
            self._local = match[1]
        return self.stream_key == stream_key

    async def _reply(
        self, request: Request, status: int, *headers: tuple[str, str]
    ) -> None:
        await self._client.send(Response.to(request, status, headers))

    async def _pass_back(self, event: Response | bytes) -> None:
        """Pass on receiver reports, audio, answers to the server's own requests."""
        if self._upstream is None:
            raise RtspError("nobody to pass this on to")
        if isinstance(event, bytes):
            self._upstream.connection.write(event)
            await self._upstream.connection.drain()
        else:
            await self._upstream.connection.send(event)

    async def _forward(self, upstream: Upstream, request: Request) -> None:
        if (url := upstream.urls.to_upstream(request.uri)) is None:
            await self._reply(request, 404)
            return
        if request.method == "SETUP":
            # The picture has to stay on this connection.
            offers = (request.header("Transport") or "").split(",")
            usable = [offer for offer in offers if "tcp" in offer.lower()]
            if not usable:
                await self._reply(request, 461)
                return
            request.set_header("Transport", ",".join(usable))
        self._torn_down = request.method == "TEARDOWN"
        request.uri = url
        _drop_back_channel(request)
        await upstream.connection.send(request)

    async def _play(self, describe: Request) -> None:
        """Get the picture and pass it on until the portal's server ends."""
        key = self.stream_key or ""
        try:
            upstream = await self._open(key, describe)
        except LinkError as err:
            _LOGGER.debug("No link for stream %s: %s", key, err.refusal)
            self._host.refused(err.refusal)
            status = _REFUSAL_STATUS.get(err.refusal, _UNAVAILABLE)
            await self._refuse(describe, status, err.retry_after)
            return
        except UpstreamError as err:
            _LOGGER.debug("No picture for stream %s: %s", key, err)
            await self._refuse(describe, _UNAVAILABLE)
            return
        try:
            ending = await self._pass_on(upstream)
            # After TEARDOWN it does not matter who closes first.
            self._ending = Ending.CLIENT if self._torn_down else ending
        except OSError as err:
            _LOGGER.debug("A viewer of stream %s left (%s)", key, type(err).__name__)
        except RtspError as err:
            _LOGGER.debug("The server of stream %s went mad: %s", key, err)
            self._ending = Ending.UPSTREAM
        finally:
            self._upstream = None
            self._host.ended(
                SessionEnd(key, self._transport, self._ending, self._played)
            )
            await upstream.connection.finish()
            await self._client.finish()

    async def _open(self, key: str, describe: Request) -> Upstream:
        """Have the stream described, with further links while that may help.

        A link may have expired, or been used by somebody, since it was made; and the
        next may come over another transport.
        """
        _drop_back_channel(describe)
        attempts = 0
        while True:
            link = await self._get_link(key)
            attempts += 1
            try:
                return await self._open_link(key, link, describe)
            except UpstreamError as err:
                again = (attempts == 1 and isinstance(err, LinkRefusedError)) or (
                    self._host.transport(key) is not link.transport
                )
                if not again or attempts == _MOST_LINKS:
                    raise
                _LOGGER.debug("Stream %s by %s: %s", key, link.transport, err)

    async def _get_link(self, key: str) -> Link:
        try:
            async with asyncio.timeout(LINK_TIMEOUT):
                return await self._host.get_link(key)
        except TimeoutError:
            raise LinkError(Refusal.UNAVAILABLE) from None

    async def _open_link(self, key: str, link: Link, describe: Request) -> Upstream:
        try:
            upstream = await open_upstream(link, describe, self._local, self._host.dial)
        except BaseException as err:
            ending = _ENDINGS.get(type(err), Ending.CLIENT)
            self._host.ended(SessionEnd(key, link.transport, ending, 0.0))
            raise
        self._transport = link.transport
        return upstream

    async def _pass_on(self, upstream: Upstream) -> Ending:
        """Pass on what the portal's server sends, until it ends.

        Raises OSError if the client left, RtspError for what can't be passed on.
        """
        upstream.urls.localize(upstream.answer)
        await self._client.send(upstream.answer)
        if upstream.answer.status != HTTPStatus.OK:
            return Ending.REFUSED
        self._upstream = upstream
        self._host.started(self.stream_key or "", self._transport)
        while True:
            try:
                event = await upstream.connection.receive()
            except OSError:
                return Ending.UPSTREAM
            self.active_at = time.monotonic()
            if isinstance(event, bytes):
                if self._playing_since is None:
                    self._playing_since = self.active_at
                self._client.write(event)
                await self._client.drain()
            elif event is None or (
                # The client has to connect again, which is what an end makes it do.
                isinstance(event, Request) and event.method == "REDIRECT"
            ):
                return Ending.UPSTREAM
            else:
                upstream.urls.localize(event)
                await self._client.send(event)

    @property
    def _played(self) -> float:
        if self._playing_since is None:
            return 0.0
        return time.monotonic() - self._playing_since

    async def _refuse(
        self, request: Request, status: int, retry_after: float = 10.0
    ) -> None:
        headers = []
        if status == _UNAVAILABLE:
            headers.append(("Retry-After", str(math.ceil(retry_after))))
        with contextlib.suppress(OSError):
            await self._client.send(Response.to(request, status, headers))
        await self._client.finish()


def _drop_back_channel(request: Request) -> None:
    """Do not ask for audio towards the camera.

    The portal's live view has none. go2rtc asks for it first and connects anew if it
    is refused, which a single-use link does not survive.
    """
    if (required := request.header("Require")) is not None:
        features = [feature.strip() for feature in required.split(",")]
        kept = ", ".join(feature for feature in features if feature != _BACK_CHANNEL)
        request.set_header("Require", kept or None)
