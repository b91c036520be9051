"""A stable RTSP address on loopback for streams whose links live 30 seconds.

Nothing is asked from the portal until somebody connects. Each viewer takes a link of
its own, and when the portal ends the picture the viewer is disconnected, so that its
own reconnect gets a fresh one (decision D3).
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import secrets
import time
from urllib.parse import quote

from ..client import Transport
from .connection import CHUNK_SIZE, Connection
from .endings import Ending, SessionEnd
from .errors import Refusal
from .session import Session, SessionHost
from .transports import Link, dial_tcp
from .upstream import Dial

_HOST = "127.0.0.1"
WATCH_INTERVAL = 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a relay bears with.

    Attributes:
        viewers: Sessions at a time.
        strangers: Connections at a time that have not shown the secret; beyond it the
            oldest is closed, so that nobody can keep viewers out. A wall of players
            that connect at the same moment has to fit.
        request_timeout: Seconds from a client's connection to its DESCRIBE.
        idle_timeout: Seconds until a session on which neither side moves is ended.
            Players keep theirs alive (RFC 2326 section 12.37 gives a session 60 s); a
            client that does not take its picture stops the server, too.
    """

    viewers: int = 100
    strangers: int = 200
    request_timeout: float = 10.0
    idle_timeout: float = 65.0


@dataclass(frozen=True, slots=True)
class RelayStats:
    """What diagnostics tell: viewers now, links used since the start."""

    live_sessions: int
    links_used: int
    last_error: Refusal | Ending | None


class Relay:
    """Listens on loopback and connects viewers to the portal.

    Args:
        get_link: Gives a fresh link to a stream, or raises LinkError.
        dial: Connects to a link.
        transport: Says over which transport a stream's next link would come.
        limits: What it bears with.
        on_started: Called with a stream's key when a viewer's session is up.
        on_ended: Called when the use of a link has ended, whether it worked or not.
    """

    def __init__(
        self,
        get_link: Callable[[str], Awaitable[Link]],
        *,
        dial: Dial = dial_tcp,
        transport: Callable[[str], Transport] = lambda _: Transport.RTSP,
        limits: Limits = Limits(),
        on_started: Callable[[str], None] | None = None,
        on_ended: Callable[[SessionEnd], None] | None = None,
    ) -> None:
        """Prepare; nothing listens yet."""
        self._limits = limits
        self._on_started = on_started
        self._on_ended = on_ended
        self._get_link = get_link
        self._dial = dial
        self._transport = transport
        self._secret = ""
        self._links_used = 0
        self._last_error: Refusal | Ending | None = None
        # In the order of their arrival.
        self._sessions: dict[Session, asyncio.Task[None]] = {}
        self._server: asyncio.Server | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen on a free port of loopback, under a new secret."""
        self._secret = secrets.token_urlsafe(16)
        self._server = await asyncio.start_server(
            self._accept, _HOST, 0, limit=CHUNK_SIZE
        )
        self._watcher = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """End all sessions and close the port."""
        if self._server is None or self._watcher is None:
            return
        self._server.close()
        self._watcher.cancel()
        tasks = [self._watcher, *self._sessions.values()]
        for session in tuple(self._sessions):
            session.abort(Ending.STOPPED)
        await asyncio.wait(tasks)
        await self._server.wait_closed()
        self._server = self._watcher = None

    @property
    def stats(self) -> RelayStats:
        """What the relay does and did."""
        live = sum(session.is_live for session in self._sessions)
        return RelayStats(live, self._links_used, self._last_error)

    def viewers(self, stream_key: str) -> int:
        """Return how many viewers a stream has now."""
        return sum(
            session.is_live and session.stream_key == stream_key
            for session in self._sessions
        )

    def url(self, stream_key: str) -> str:
        """Return the address of a stream; the same until the relay stops.

        Raises RuntimeError if the relay does not run.
        """
        if self._server is None:
            raise RuntimeError("The relay does not run")
        port = self._server.sockets[0].getsockname()[1]
        path = quote(stream_key, safe="")
        return f"rtsp://{_HOST}:{port}/{self._secret}/{path}"

    def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        host = SessionHost(
            secret=self._secret,
            get_link=self._get_link,
            transport=self._transport,
            dial=self._dial,
            request_timeout=self._limits.request_timeout,
            admit=self._admit,
            started=self._started,
            ended=self._ended,
            refused=self._refused,
        )
        session = Session(host, Connection(reader, writer))
        strangers = [known for known in self._sessions if known.stream_key is None]
        if len(strangers) >= self._limits.strangers:
            strangers[0].abort(Ending.STOPPED)
        task = asyncio.create_task(session.run())
        self._sessions[session] = task
        task.add_done_callback(lambda _: self._sessions.pop(session))

    def _admit(self) -> bool:
        return (
            sum(session.is_viewer for session in self._sessions) < self._limits.viewers
        )

    def _started(self, stream_key: str) -> None:
        if self._on_started is not None:
            self._on_started(stream_key)

    def _ended(self, end: SessionEnd) -> None:
        self._links_used += 1
        if end.ending in (Ending.REFUSED, Ending.UNREACHABLE):
            self._last_error = end.ending
        if self._on_ended is not None:
            self._on_ended(end)

    def _refused(self, refusal: Refusal) -> None:
        self._last_error = refusal

    async def _watch(self) -> None:
        """End the sessions that nobody has moved for a while."""
        while True:
            await asyncio.sleep(WATCH_INTERVAL)
            oldest = time.monotonic() - self._limits.idle_timeout
            for session in tuple(self._sessions):
                if session.active_at < oldest:
                    session.abort(Ending.SILENT)
