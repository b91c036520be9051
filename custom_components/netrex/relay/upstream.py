"""The connection to the portal: gets a link, connects, and sends DESCRIBE."""

import asyncio
from dataclasses import dataclass
import logging
import time
from urllib.parse import urljoin, urlsplit

from ..client import LiveTransport
from .authentication import Authenticator, Credentials
from .connection import Connection
from .keep_alive import KeepAlive
from .rtsp import Request, Response, RtspError
from .terms import EndReason, LinkError, LinkRefusal, SessionEnd, SessionHost
from .transports import WIRES, Address, Dial, Link
from .urls import UrlMap, link_secrets

_LOGGER = logging.getLogger(__name__)

# Players time out after 5 to 30 s.
LINK_TIMEOUT_SECONDS = 30.0
# Less than the 5 s timeout of Home Assistant's FFmpeg, so that a blocked transport is
# detected before the player disconnects.
DIAL_TIMEOUT_SECONDS = 3.0
ANSWER_TIMEOUT_SECONDS = 10.0
# Per DESCRIBE; players would time out during further attempts.
_MAX_LINKS = 3
_MAX_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 305, 307})
# Statuses of an expired or unknown link: another link may work.
_REFUSALS = frozenset({401, 403, 404, 410, 454})


class UpstreamError(Exception):
    """The portal's server is unreachable or its response is not valid."""


class LinkRefusedError(UpstreamError):
    """The portal's server rejected the link."""


_END_REASONS: dict[type[BaseException], EndReason] = {
    LinkRefusedError: EndReason.REFUSED,
    UpstreamError: EndReason.UNREACHABLE,
}


@dataclass(slots=True)
class Upstream:
    """A session with the portal's server after its response to DESCRIBE.

    Attributes:
        url: The URL of the request.
        urls: Translates between this URL and the client's.
        keep_alive: Keeps the session alive once it is set up.
        playing_since: When the first media arrived (monotonic seconds).
    """

    connection: Connection
    url: str
    urls: UrlMap
    answer: Response
    transport: LiveTransport
    keep_alive: KeepAlive
    playing_since: float | None = None

    @property
    def played_seconds(self) -> float:
        """The time with media (seconds)."""
        since = self.playing_since
        return 0.0 if since is None else time.monotonic() - since

    async def close(self) -> None:
        """End the session by closing its connection."""
        self.keep_alive.close()
        await self.connection.finish()


async def open_stream(
    host: SessionHost, stream_key: str, describe: Request, local_url: str
) -> Upstream:
    """Request a stream's description, retrying with new links while that may help.

    A link may be expired or already used, and the next one may use another transport.

    Args:
        host: Provides links and records how failed ones were used.
        stream_key: The stream.
        describe: The client's request.
        local_url: The stream's address as the client writes it.

    Raises:
        LinkError: No link is available.
        UpstreamError: All links failed.
    """
    attempts = 0
    while True:
        link = await _get_link(host, stream_key)
        attempts += 1
        try:
            return await _open_link(link, describe, local_url, host.dial)
        except BaseException as err:
            reason = _END_REASONS.get(type(err), EndReason.CLIENT)
            host.on_ended(SessionEnd(stream_key, link.transport, reason, 0.0))
            may_retry = isinstance(err, UpstreamError) and (
                (attempts == 1 and isinstance(err, LinkRefusedError))
                or host.transport(stream_key) is not link.transport
            )
            if not may_retry or attempts == _MAX_LINKS:
                raise
            _LOGGER.debug("Stream %s over %s: %s", stream_key, link.transport, err)


async def _get_link(host: SessionHost, stream_key: str) -> Link:
    try:
        async with asyncio.timeout(LINK_TIMEOUT_SECONDS):
            return await host.get_link(stream_key)
    except TimeoutError:
        raise LinkError(LinkRefusal.UNAVAILABLE) from None


async def _open_link(
    link: Link, describe: Request, local_url: str, dial: Dial
) -> Upstream:
    """Connect to a link and request the description. Raises UpstreamError.

    A link is valid for 30 s and for one player (API documentation, "Security of
    access to live stream"), so DESCRIBE is the first request. Redirects are followed
    here, because the client must not receive the portal's addresses. They are followed
    only without a tunnel, because they would lead out of it.
    """
    secrets: set[str] = set()
    credentials: Credentials | None = None
    for _ in range(_MAX_REDIRECTS + 1):
        url = _request_uri(link)
        credentials = Credentials.of(link.url) or credentials
        secrets |= link_secrets(link.url)
        request = Request("DESCRIBE", url, headers=describe.headers)
        connection = await _connect(link, dial)
        if credentials is not None:
            connection.authenticator = Authenticator(credentials)
        try:
            answer = await _describe(connection, request)
            if answer.status not in _REDIRECTS or WIRES[link.transport].tunnel:
                urls = UrlMap(local_url, url, secrets)
                keep_alive = KeepAlive(connection, url)
                return Upstream(
                    connection, url, urls, answer, link.transport, keep_alive
                )
        except BaseException:
            connection.abort()
            raise
        await connection.finish()
        redirected = _redirected(link, answer)
        if _host(redirected) != _host(link):
            # Another machine must not get the password.
            credentials = None
        link = redirected
    raise UpstreamError("too many redirects")


# Causes are not chained below: their texts may contain the link.


async def _connect(link: Link, dial: Dial) -> Connection:
    try:
        async with asyncio.timeout(DIAL_TIMEOUT_SECONDS):
            return Connection(*await dial(link))
    except (OSError, ValueError) as err:
        raise UpstreamError(f"no connection ({type(err).__name__})") from None


async def _describe(connection: Connection, request: Request) -> Response:
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
            await connection.send(request)
            while not isinstance(event := await connection.receive(), Response):
                if event is None:
                    raise LinkRefusedError("disconnected without an answer")
    except (TimeoutError, RtspError) as err:
        raise UpstreamError(f"no valid answer ({type(err).__name__})") from None
    except OSError as err:
        raise LinkRefusedError(f"disconnected ({type(err).__name__})") from None
    if event.status in _REFUSALS:
        raise LinkRefusedError(f"status {event.status}")
    return event


def _redirected(link: Link, answer: Response) -> Link:
    try:
        location = urljoin(link.url, answer.header("Location") or "")
    except ValueError:
        raise UpstreamError("invalid redirect") from None
    return Link(location, link.transport)


def _host(link: Link) -> str | None:
    try:
        return urlsplit(link.url).hostname
    except ValueError:
        return None


def _request_uri(link: Link) -> str:
    try:
        return Address.of(link).request_uri
    except ValueError:
        raise UpstreamError("invalid link") from None
