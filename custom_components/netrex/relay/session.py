"""One viewer of the relay, from its first request to the end of the stream."""

import asyncio
import contextlib
from http import HTTPStatus
import logging
import math
import time

from .connection import Connection
from .endpoint import Endpoint
from .phase import LIVE, Phase
from .requests import drop_back_channel, keep_tcp
from .resumption import Resumption
from .rtp import StreamChangedError
from .rtsp import Event, Request, Response, RtspError
from .terms import EndReason, LinkError, LinkRefusal, SessionEnd, SessionHost, Viewer
from .udp import is_same
from .upstream import Upstream, UpstreamError, open_stream

_LOGGER = logging.getLogger(__name__)

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
_REFUSAL_STATUS = {LinkRefusal.GONE: 404, LinkRefusal.FORBIDDEN: 403}
_UNAVAILABLE = 503
# Home Assistant's FFmpeg gives up after 5 s without data.
RESUME_TIMEOUT_SECONDS = 4.0


class Session:
    """Serves one client connection.

    `run` handles the client's messages. DESCRIBE starts a second task, which gets a
    link and passes on the data of the portal's server. Meanwhile, `run` immediately
    detects when the client disconnects.

    Media data is passed on as received. The frame headers are still parsed
    (`rtsp.Parser`) to find the few messages between them, such as the answer to a
    second PLAY with its RTP-Info. All messages are translated, so that no address of
    the portal reaches the client. Parsing costs less than the socket calls around it.

    When the portal's server ends its session, the stream is resumed with a new link,
    unnoticed by the client, if the host allows it. Otherwise, the client is
    disconnected and gets a new link when it reconnects.

    Attributes:
        stream_key: Empty until the client has presented the secret.
        active_at: When either side last sent something (monotonic seconds).
    """

    def __init__(
        self, host: SessionHost, endpoint: Endpoint, client: Connection
    ) -> None:
        self._host = host
        self._endpoint = endpoint
        self._client = client
        self._phase = Phase.GREETING
        # Set while a link is in use, until its use has been reported.
        self._upstream: Upstream | None = None
        self._resumption: Resumption | None = None
        # The answer is set before there is a link for a client that insists on UDP.
        self._describe: Request | None = None
        self._described: Response | None = None
        self._player: asyncio.Task[None] | None = None
        self._end_reason = EndReason.CLIENT
        # The stream's address as the client writes it.
        self._local_url = ""
        self.stream_key = ""
        self.active_at = time.monotonic()

    @property
    def is_viewer(self) -> bool:
        """Whether the client has requested a stream."""
        return self._phase is not Phase.GREETING

    @property
    def viewer(self) -> Viewer:
        """A client that watches a stream."""
        return Viewer(self._endpoint, self._client.peer_address, self.stream_key)

    @property
    def is_live(self) -> bool:
        """Whether the client is connected to the portal's server."""
        return self._phase in LIVE

    async def run(self) -> None:
        """Serve the client until either side disconnects."""
        try:
            async with asyncio.timeout(self._host.request_timeout) as deadline:
                while (event := await self._client.receive()) is not None:
                    self.active_at = time.monotonic()
                    if not await self._handle(event):
                        break
                    if self.is_viewer:
                        deadline.reschedule(None)
        except (OSError, RtspError) as err:
            _LOGGER.debug("A client connection ended (%s)", type(err).__name__)
        finally:
            if self._player is not None:
                self._player.cancel()
                await asyncio.wait([self._player])
            await self._client.finish()

    def abort(self, reason: EndReason) -> None:
        """Disconnect the client immediately."""
        self._end_reason = reason
        self._client.abort()

    async def _handle(self, event: Event) -> bool:
        """Answer or pass on what the client sent; return False to disconnect it."""
        if not isinstance(event, Request):
            await self._pass_upstream(event)
            return True
        match self._phase, event.method:
            case _, method if method not in _METHODS:
                await self._reply(event, 501)
                # Only a client that knows the secret may try further methods.
                return bool(self.stream_key) or self._authorize(event)
            case _ if event.uri != "*" and not self._authorize(event):
                await self._reply(event, 404)
                return False
            case ((Phase.PLAYING | Phase.LEAVING), _):
                await self._forward(event)
            case Phase.RESUMING, method:
                await self._reply(event, 200)
                return method != "TEARDOWN"
            case _, "OPTIONS":
                await self._reply(event, 200, ("Public", ", ".join(_METHODS)))
            case Phase.GREETING, "DESCRIBE" | "SETUP" if event.uri != "*":
                return await self._greet(event)
            case _:
                await self._reply(event, 455)
        return True

    async def _greet(self, request: Request) -> bool:
        """Handle the first DESCRIBE, and SETUP of a client that may insist on UDP."""
        if request.method == "DESCRIBE":
            self._describe = request
            self._described = self._host.udp_clients.describe(self.viewer, request)
            if self._described is None:
                return await self._admit(request)
            await self._client.send(self._described)
        elif self._described is None:
            await self._reply(request, 455)
        elif keep_tcp(request):
            return await self._admit(request)
        else:
            await self._reply(request, 461)
        return True

    async def _admit(self, request: Request) -> bool:
        """Open the stream for a request; return False to disconnect the client."""
        if not self._host.admits_viewer(self.viewer):
            await self._refuse(request)
            return False
        self._phase = Phase.OPENING
        self._player = asyncio.create_task(
            self._open(self._describe or request, request)
        )
        return True

    def _authorize(self, request: Request) -> bool:
        """Check the token and remove it; a connection serves only one stream.

        What the client receives has addresses without the token, because FFmpeg logs
        stream descriptions. So only the first address needs the token.
        """
        parts = self._endpoint.parse(request.uri, needs_token=not self.stream_key)
        if parts is None:
            return False
        local_url, stream_key, rest = parts
        if not self.stream_key:
            self.stream_key = stream_key
            self._local_url = local_url
            self._client.trust()
        request.uri = local_url + rest
        return self.stream_key == stream_key

    async def _reply(
        self, request: Request, status: int, *headers: tuple[str, str]
    ) -> None:
        await self._client.send(Response.to(request, status, headers))

    async def _pass_upstream(self, event: Response | bytes) -> None:
        """Pass on receiver reports, audio, and answers to the server's requests."""
        if self._phase is Phase.RESUMING:
            return
        if self._upstream is None:
            raise RtspError("data without a stream")
        if isinstance(event, bytes) and self._resumption is not None:
            event = self._resumption.upstream_media(event)
        # If the server has disconnected, the other task handles it.
        with contextlib.suppress(OSError):
            if isinstance(event, bytes):
                self._upstream.connection.write(event)
                await self._upstream.connection.drain()
            else:
                await self._upstream.connection.send(event)

    async def _forward(self, request: Request) -> None:
        """Send a client's request to the portal's server."""
        upstream = self._upstream
        if upstream is None or (url := self._upstream_url(upstream, request)) is None:
            await self._reply(request, 404)
            return
        if request.method == "SETUP":
            if not keep_tcp(request):
                if self._described is not None:
                    self._host.udp_clients.refused(self.viewer, self._described)
                await self._reply(request, 461)
                return
            self._host.udp_clients.accepted(self.viewer)
        is_last = request.method == "TEARDOWN"
        self._phase = Phase.LEAVING if is_last else Phase.PLAYING
        drop_back_channel(request)
        if self._resumption is not None:
            self._resumption.outgoing(request)
        request.uri = url
        with contextlib.suppress(OSError):
            await upstream.connection.send(request)

    def _upstream_url(self, upstream: Upstream, request: Request) -> str | None:
        url = None
        if self._resumption is not None:
            url = self._resumption.upstream_url(request.uri)
        return url or upstream.urls.to_upstream(request.uri)

    async def _open(self, describe: Request, request: Request) -> None:
        """Open the stream for a request and serve it until either side ends it."""
        key = self.stream_key
        drop_back_channel(describe)
        try:
            upstream = await open_stream(self._host, key, describe, self._local_url)
        except LinkError as err:
            _LOGGER.debug("No link for stream %s: %s", key, err.refusal)
            self._host.on_failed(err.refusal)
            status = _REFUSAL_STATUS.get(err.refusal, _UNAVAILABLE)
            await self._refuse(request, status, err.retry_after)
        except UpstreamError as err:
            _LOGGER.debug("Stream %s is not available: %s", key, err)
            await self._refuse(request)
        except Exception as err:  # noqa: BLE001 - the player needs an answer regardless
            # The exception's text may contain the link.
            _LOGGER.warning("Could not open stream %s (%s)", key, type(err).__name__)
            await self._refuse(request)
        else:
            await self._serve(upstream, describe, request)

    async def _serve(
        self, upstream: Upstream, describe: Request, request: Request
    ) -> None:
        key = self.stream_key
        self._upstream = upstream
        try:
            self._end_reason = await self._play(upstream, describe, request)
        except OSError as err:
            _LOGGER.debug("A viewer of stream %s left (%s)", key, type(err).__name__)
        except RtspError as err:
            _LOGGER.debug("The server of stream %s sent invalid RTSP: %s", key, err)
            self._end_reason = EndReason.UPSTREAM
        except StreamChangedError as err:
            _LOGGER.debug("Stream %s has changed: %s", key, err)
            self._end_reason = EndReason.UPSTREAM
            await self._release(EndReason.CHANGED)
        finally:
            self._phase = Phase.CLOSED
            self._host.on_closing(key, self._end_reason)
            await self._release(self._end_reason)
            await self._client.finish()

    async def _play(
        self, upstream: Upstream, describe: Request, request: Request
    ) -> EndReason:
        """Pass on the stream, resuming it if possible; return why it ended."""
        upstream.urls.localize(upstream.answer)
        described, self._described = self._described, upstream.answer
        if described is None:
            await self._client.send(upstream.answer)
        elif not is_same(described, upstream.answer, self._local_url):
            self._host.udp_clients.accepted(self.viewer)
            await self._release(EndReason.CHANGED)
            await self._refuse(request)
            return EndReason.CHANGED
        if upstream.answer.status != HTTPStatus.OK:
            return EndReason.REFUSED
        if self._host.resumes(self.stream_key):
            self._resumption = Resumption(upstream.answer, self._local_url)
        self._start(upstream)
        if described is not None:
            await self._forward(request)
        following: Upstream | None = upstream
        while following is not None:
            await self._pass_downstream(following)
            if self._phase is Phase.LEAVING:
                # Either side may disconnect first.
                return EndReason.CLIENT
            following = await self._resume(describe)
        return EndReason.UPSTREAM

    def _start(self, upstream: Upstream) -> None:
        self._phase = Phase.PLAYING
        self._host.on_started(self.stream_key, upstream.transport)

    async def _pass_downstream(self, upstream: Upstream) -> None:
        """Pass on the data of the portal's server until it ends the session.

        Raises OSError if the client has disconnected, and RtspError for invalid data.
        """
        while True:
            try:
                event = await upstream.connection.receive()
            except OSError:
                return
            if isinstance(event, Response) and upstream.keep_alive.observe(event):
                # This only shows that the relay itself is active.
                continue
            self.active_at = time.monotonic()
            if isinstance(event, bytes):
                await self._send_media(upstream, event)
                if self._resumption is not None and self._resumption.rtp.is_over:
                    return
            elif event is None or (
                # Disconnecting makes the client reconnect, as REDIRECT requires.
                isinstance(event, Request) and event.method == "REDIRECT"
            ):
                return
            else:
                upstream.urls.localize(event)
                if self._resumption is not None:
                    self._resumption.incoming(event)
                await self._client.send(event)

    async def _send_media(self, upstream: Upstream, data: bytes) -> None:
        if upstream.playing_since is None:
            upstream.playing_since = time.monotonic()
        self._client.write(
            data if self._resumption is None else self._resumption.rtp.feed(data)
        )
        await self._client.drain()

    async def _resume(self, describe: Request) -> Upstream | None:
        """Continue the stream with a new link; None if the client has to reconnect."""
        if self._resumption is None or not self._resumption.is_possible:
            return None
        self._phase = Phase.RESUMING
        await self._release(EndReason.UPSTREAM)
        key = self.stream_key
        try:
            async with asyncio.timeout(RESUME_TIMEOUT_SECONDS):
                upstream = await open_stream(self._host, key, describe, self._local_url)
                self._upstream = upstream
                data = await self._resumption.resume(upstream)
        except StreamChangedError as err:
            _LOGGER.debug("Stream %s has changed: %s", key, err)
            await self._release(EndReason.CHANGED)
            return None
        except (LinkError, UpstreamError, RtspError, OSError) as err:
            _LOGGER.debug("Stream %s could not be resumed: %s", key, err)
            await self._release(EndReason.REFUSED)
            return None
        self._start(upstream)
        for answer in self._resumption.answers():
            await self._client.send(answer)
        if data:
            await self._send_media(upstream, data)
        return upstream

    async def _release(self, reason: EndReason) -> None:
        """Report how the current link was used, and close its connection."""
        if (upstream := self._upstream) is None:
            return
        self._upstream = None
        self._host.on_ended(
            SessionEnd(
                self.stream_key, upstream.transport, reason, upstream.played_seconds
            )
        )
        await upstream.close()

    async def _refuse(
        self, request: Request, status: int = _UNAVAILABLE, retry_after: float = 10.0
    ) -> None:
        """Answer DESCRIBE with an error and disconnect the client."""
        headers = []
        if status == _UNAVAILABLE:
            headers.append(("Retry-After", str(math.ceil(retry_after))))
        with contextlib.suppress(OSError):
            await self._reply(request, status, *headers)
        await self._client.finish()
