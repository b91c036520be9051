"""One viewer of the relay: from its first request to the end of the picture."""

import asyncio
import contextlib
from http import HTTPStatus
import logging
import math
import re
import secrets
import time
from urllib.parse import unquote

from .connection import Connection
from .host import SessionHost
from .opening import open_stream
from .resumption import Resumption
from .rtsp import Event, Request, Response, RtspError
from .terms import Ending, LinkError, LinkRefusal, SessionEnd
from .upstream import Upstream, UpstreamError

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
_BACK_CHANNEL = "www.onvif.org/ver20/backchannel"
# The stream's address with the secret and the key.
_ADDRESS = re.compile(r"(rtsps?://[^/]*/([^/?]+)/([^/?]+))(?:[/?].*)?", re.IGNORECASE)
_REFUSAL_STATUS = {LinkRefusal.GONE: 404, LinkRefusal.FORBIDDEN: 403}
_UNAVAILABLE = 503
# Home Assistant's FFmpeg gives up after 5 s without data.
RESUME_TIMEOUT = 4.0


class Session:
    """Serves one client connection.

    The client's side runs in `run`; DESCRIBE starts a second task which takes the
    link and then passes on what the portal's server sends, so that a client who
    leaves meanwhile is noticed at once.

    After PLAY the picture passes as it comes, but the walk over the frame headers
    (`rtsp.Parser`) still finds the few messages among them, such as the RTP-Info of a
    second PLAY: they are translated like all others, so no portal address ever gets
    through. The walk costs less than the reads and writes around it.

    When the portal's server ends, a client for whose stream the host says so gets the
    next session's picture as if nothing had happened; any other is disconnected, and
    its own reconnect gets a fresh link.
    """

    def __init__(self, host: SessionHost, client: Connection) -> None:
        """Prepare to serve `client`."""
        self._host = host
        self._client = client
        # The server to talk to: None while there is none, or another one is looked for.
        self._upstream: Upstream | None = None
        # Whose link's use has not been reported yet.
        self._used: Upstream | None = None
        self._resumption: Resumption | None = None
        self._is_resuming = False
        self._opening: asyncio.Task[None] | None = None
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
        return self._upstream is not None or self._is_resuming

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
        elif self._is_resuming:
            await self._reply(event, 200)
            return event.method != "TEARDOWN"
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
        if self._is_resuming:
            return
        if self._upstream is None:
            raise RtspError("nobody to pass this on to")
        # If the server has gone, the other task notices.
        with contextlib.suppress(OSError):
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
        _drop_back_channel(request)
        if self._resumption is not None:
            self._resumption.outgoing(request)
        request.uri = url
        with contextlib.suppress(OSError):
            await upstream.connection.send(request)

    async def _play(self, describe: Request) -> None:
        """Get the picture and pass it on until the portal's server ends."""
        key = self.stream_key or ""
        try:
            _drop_back_channel(describe)
            upstream = await open_stream(self._host, key, describe, self._local)
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
        except Exception as err:  # noqa: BLE001 - a player must not wait for a bug
            # Its text may contain the link.
            _LOGGER.warning("Stream %s was not opened (%s)", key, type(err).__name__)
            await self._refuse(describe, _UNAVAILABLE)
            return
        self._used = upstream
        try:
            self._ending = await self._serve(upstream, describe)
        except OSError as err:
            _LOGGER.debug("A viewer of stream %s left (%s)", key, type(err).__name__)
        except RtspError as err:
            _LOGGER.debug("The server of stream %s went mad: %s", key, err)
            self._ending = Ending.UPSTREAM
        finally:
            used = self._report(self._ending)
            self._host.closing(key, self._ending)
            if used is not None:
                await used.connection.finish()
            await self._client.finish()

    async def _serve(self, upstream: Upstream, describe: Request) -> Ending:
        """Pass on the picture, of further sessions too where the host says so."""
        key = self.stream_key or ""
        upstream.urls.localize(upstream.answer)
        await self._client.send(upstream.answer)
        if upstream.answer.status != HTTPStatus.OK:
            return Ending.REFUSED
        if self._host.resumes(key):
            self._resumption = Resumption(upstream.answer)
        following: Upstream | None = upstream
        while following is not None:
            self._upstream = following
            self._host.started(key, following.transport)
            await self._pass_on(following)
            if self._torn_down:
                # It does not matter who closes first.
                return Ending.CLIENT
            following = await self._resume(describe)
        return Ending.UPSTREAM

    async def _pass_on(self, upstream: Upstream) -> None:
        """Pass on what the portal's server sends, until it ends.

        Raises OSError if the client left, RtspError for what can't be passed on.
        """
        while True:
            try:
                event = await upstream.connection.receive()
            except OSError:
                return
            self.active_at = time.monotonic()
            if isinstance(event, bytes):
                await self._show(event)
                if self._resumption is not None and self._resumption.rtp.is_over:
                    return
            elif event is None or (
                # The client has to connect again, which is what an end makes it do.
                isinstance(event, Request) and event.method == "REDIRECT"
            ):
                return
            else:
                upstream.urls.localize(event)
                if self._resumption is not None:
                    self._resumption.incoming(event)
                await self._client.send(event)

    async def _show(self, data: bytes) -> None:
        if self._playing_since is None:
            self._playing_since = self.active_at
        self._client.write(
            data if self._resumption is None else self._resumption.rtp.feed(data)
        )
        await self._client.drain()

    async def _resume(self, describe: Request) -> Upstream | None:
        """Take up the picture with a fresh link; None if the client has to do it."""
        key = self.stream_key or ""
        resumption = self._resumption
        if resumption is None or not resumption.is_possible:
            return None
        self._is_resuming = True
        try:
            await self._leave(Ending.UPSTREAM)
            async with asyncio.timeout(RESUME_TIMEOUT):
                self._used = await open_stream(self._host, key, describe, self._local)
                data = await resumption.resume(self._used)
            self._upstream = self._used
        except (LinkError, UpstreamError, RtspError, OSError) as err:
            _LOGGER.debug("Stream %s goes on by a reconnect: %s", key, err)
            await self._leave(Ending.REFUSED)
        else:
            await self._show(data)
        finally:
            self._is_resuming = False
        return self._used

    async def _leave(self, ending: Ending) -> None:
        if (used := self._report(ending)) is not None:
            await used.connection.finish()

    def _report(self, ending: Ending) -> Upstream | None:
        """Tell how the use of the link went; return whose it was, to be closed."""
        used, self._used, self._upstream = self._used, None, None
        if used is not None:
            self._host.ended(
                SessionEnd(self.stream_key or "", used.transport, ending, self._played)
            )
            self._playing_since = None
        return used

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
