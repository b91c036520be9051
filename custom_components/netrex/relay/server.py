"""A stable RTSP address for streams whose links live 30 seconds.

Nothing is asked from the portal until somebody connects. Each viewer takes a link of
its own, and when the portal ends the picture the viewer is disconnected, so that its
own reconnect gets a fresh one (decision D3).
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
import time

from ..client import LiveTransport
from .connection import CHUNK_SIZE, Connection
from .endpoint import Endpoint, bind
from .host import SessionHost
from .session import Session
from .terms import Ending, LinkRefusal, SessionEnd
from .transports import Link, dial_tcp
from .upstream import Dial

WATCH_INTERVAL = 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a relay bears with.

    Attributes:
        viewers: Sessions at a time.
        strangers: Connections at a time, per endpoint, that have not shown the secret;
            beyond it the oldest is closed, so that nobody can keep viewers out. A wall
            of players that connect at the same moment has to fit.
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
    """What diagnostics tell: viewers now; links used and failures since the start."""

    live_sessions: int
    endpoints: int
    links_used: int
    failures: Mapping[LinkRefusal | Ending, int]
    last_error: LinkRefusal | Ending | None


@dataclass(frozen=True, slots=True)
class _Listener:
    """What runs at an endpoint; sessions in the order of their arrival."""

    server: asyncio.Server
    sessions: dict[Session, asyncio.Task[None]] = field(default_factory=dict)


class Relay:
    """Listens on loopback, and wherever else it is told, and connects to the portal.

    Args:
        get_link: Gives a fresh link to a stream, or raises LinkError.
        dial: Connects to a link.
        transport: Says over which transport a stream's next link would come.
        limits: What it bears with.
        on_started: Called with a stream's key and the transport when a viewer's
            session is up.
        on_ended: Called when the use of a link has ended, whether it worked or not.
        on_closing: Called with a stream's key before a viewer who had a picture is
            disconnected, with the reason.
        resumes: Says of a stream's key whether its viewers get the next session's
            picture as if nothing had happened.
    """

    def __init__(
        self,
        get_link: Callable[[str], Awaitable[Link]],
        *,
        dial: Dial = dial_tcp,
        transport: Callable[[str], LiveTransport] = lambda _: LiveTransport.RTSP,
        limits: Limits = Limits(),
        on_started: Callable[[str, LiveTransport], None] | None = None,
        on_ended: Callable[[SessionEnd], None] | None = None,
        on_closing: Callable[[str, Ending], None] = lambda *_: None,
        resumes: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """Prepare; nothing listens yet."""
        self._limits = limits
        self._on_started = on_started
        self._on_ended = on_ended
        self._on_closing = on_closing
        self._resumes = resumes
        self._get_link = get_link
        self._dial = dial
        self._transport = transport
        self._links_used = 0
        self._failures: Counter[LinkRefusal | Ending] = Counter()
        self._last_error: LinkRefusal | Ending | None = None
        self._listeners: dict[Endpoint, _Listener] = {}
        self._loopback: Endpoint | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen on a free port of loopback, under a new secret. Raises OSError."""
        self._loopback = await self.listen(Endpoint())
        self._watcher = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """End all sessions and close all ports."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.wait([self._watcher])
        for endpoint in tuple(self._listeners):
            await self.close(endpoint)
        self._loopback = self._watcher = None

    async def listen(self, endpoint: Endpoint) -> Endpoint:
        """Listen at one more place; return it with its port.

        Raises OSError with the number that tells why.
        """
        socket = bind(endpoint.host, endpoint.port)
        endpoint = replace(endpoint, port=socket.getsockname()[1])
        server = await asyncio.start_server(
            partial(self._accept, endpoint),
            sock=socket,
            limit=CHUNK_SIZE,
            start_serving=False,
        )
        self._listeners[endpoint] = _Listener(server)
        await server.start_serving()
        return endpoint

    async def close(self, endpoint: Endpoint) -> None:
        """Stop listening at a place and disconnect who came that way."""
        listener = self._listeners.pop(endpoint)
        listener.server.close()
        tasks = tuple(listener.sessions.values())
        for session in tuple(listener.sessions):
            session.abort(Ending.STOPPED)
        await asyncio.gather(*tasks, return_exceptions=True)
        await listener.server.wait_closed()

    @property
    def stats(self) -> RelayStats:
        """What the relay does and did."""
        return RelayStats(
            live_sessions=sum(session.is_live for session in self._sessions),
            endpoints=len(self._listeners),
            links_used=self._links_used,
            failures=dict(self._failures),
            last_error=self._last_error,
        )

    def viewers(self, stream_key: str) -> int:
        """Return how many viewers a stream has now."""
        return sum(
            session.is_live and session.stream_key == stream_key
            for session in self._sessions
        )

    def url(self, stream_key: str) -> str:
        """Return a stream's address on loopback; the same until the relay stops.

        Raises RuntimeError if the relay does not run.
        """
        if self._loopback is None:
            raise RuntimeError("The relay does not run")
        return self._loopback.url(stream_key)

    @property
    def _sessions(self) -> tuple[Session, ...]:
        return tuple(
            chain.from_iterable(
                listener.sessions for listener in self._listeners.values()
            )
        )

    def _accept(
        self,
        endpoint: Endpoint,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if (listener := self._listeners.get(endpoint)) is None:
            # Came in the moment of the closing.
            writer.transport.abort()
            return
        host = SessionHost(
            token=endpoint.token,
            get_link=self._get_link,
            transport=self._transport,
            dial=self._dial,
            request_timeout=self._limits.request_timeout,
            admit=self._admit,
            resumes=self._resumes,
            started=self._started,
            closing=self._on_closing,
            ended=self._ended,
            refused=self._failed,
        )
        session = Session(host, Connection(reader, writer))
        sessions = listener.sessions
        strangers = [known for known in sessions if known.stream_key is None]
        # More than one, because those aborted take some rounds of the loop to go,
        # and a round may bring a hundred more.
        for oldest in strangers[: max(0, len(strangers) + 1 - self._limits.strangers)]:
            oldest.abort(Ending.STOPPED)
        task = asyncio.create_task(session.run())
        sessions[session] = task
        task.add_done_callback(lambda _: sessions.pop(session))

    def _admit(self) -> bool:
        return (
            sum(session.is_viewer for session in self._sessions) < self._limits.viewers
        )

    def _started(self, stream_key: str, transport: LiveTransport) -> None:
        if self._on_started is not None:
            self._on_started(stream_key, transport)

    def _ended(self, end: SessionEnd) -> None:
        self._links_used += 1
        if end.ending in (Ending.REFUSED, Ending.UNREACHABLE):
            self._failed(end.ending)
        if self._on_ended is not None:
            self._on_ended(end)

    def _failed(self, kind: LinkRefusal | Ending) -> None:
        self._failures[kind] += 1
        self._last_error = kind

    async def _watch(self) -> None:
        """End the sessions that nobody has moved for a while."""
        while True:
            await asyncio.sleep(WATCH_INTERVAL)
            oldest = time.monotonic() - self._limits.idle_timeout
            for session in self._sessions:
                if session.active_at < oldest:
                    session.abort(Ending.SILENT)
