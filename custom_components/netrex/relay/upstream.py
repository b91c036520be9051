"""The relay's side towards the portal: from a link to a described stream."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urljoin

from ..client import LiveTransport
from .connection import Connection, Reader, Writer
from .rtsp import Request, Response, RtspError
from .transports import WIRES, Address, Link
from .urls import UrlMap, link_secrets

type Dial = Callable[[Link], Awaitable[tuple[Reader, asyncio.StreamWriter | Writer]]]

# Below the 5 s that FFmpeg waits in Home Assistant, so that a transport which does
# not get through is noticed before the player leaves.
DIAL_TIMEOUT = 3.0
ANSWER_TIMEOUT = 10.0

_MAX_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 305, 307})
# How a server may say that it does not know the link (any more): another link helps.
_REFUSALS = frozenset({401, 403, 404, 410, 454})


class UpstreamError(Exception):
    """The portal's server could not be reached, or did not answer properly."""


class LinkRefusedError(UpstreamError):
    """The portal's server does not take this link."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """A session with the portal's server, after its answer to DESCRIBE."""

    connection: Connection
    urls: UrlMap
    answer: Response
    transport: LiveTransport


async def open_upstream(
    link: Link, describe: Request, local: str, dial: Dial
) -> Upstream:
    """Connect to `link` and have the stream described.

    A link is valid for 30 s and for one player (API documentation, "Security of
    access to live stream"), so nothing is sent before DESCRIBE. Redirects are
    followed here, because the client must not learn the portal's addresses, and only
    without a tunnel, which they would lead out of.

    Args:
        link: The secret address.
        describe: The client's request.
        local: The address by which the client knows the stream.
        dial: Connects to an address.

    Raises:
        LinkRefusedError: Another link may help.
        UpstreamError: Another link would not help.
    """
    secrets: set[str] = set()
    for _ in range(_MAX_REDIRECTS + 1):
        url = _request_uri(link)
        secrets |= link_secrets(link.url)
        request = Request("DESCRIBE", url, headers=describe.headers)
        connection = await _dial(link, dial)
        try:
            answer = await _answer(connection, request)
            if answer.status not in _REDIRECTS or WIRES[link.transport].tunnel:
                urls = UrlMap(local, url, secrets)
                return Upstream(connection, urls, answer, link.transport)
        except BaseException:
            connection.abort()
            raise
        await connection.finish()
        link = _redirected(link, answer)
    raise UpstreamError("redirected too often")


async def _dial(link: Link, dial: Dial) -> Connection:
    # Causes are not chained: their texts may contain the link.
    try:
        async with asyncio.timeout(DIAL_TIMEOUT):
            return Connection(*await dial(link))
    except (OSError, ValueError) as err:
        raise UpstreamError(f"no connection ({type(err).__name__})") from None


async def _answer(connection: Connection, request: Request) -> Response:
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            await connection.send(request)
            while not isinstance(event := await connection.receive(), Response):
                if event is None:
                    raise LinkRefusedError("closed without an answer")
    except (TimeoutError, RtspError) as err:
        raise UpstreamError(f"no answer ({type(err).__name__})") from None
    except OSError as err:
        raise LinkRefusedError(f"closed ({type(err).__name__})") from None
    if event.status in _REFUSALS:
        raise LinkRefusedError(f"status {event.status}")
    return event


def _redirected(link: Link, answer: Response) -> Link:
    try:
        location = urljoin(link.url, answer.header("Location") or "")
    except ValueError:
        raise UpstreamError("not an address") from None
    return Link(location, link.transport)


def _request_uri(link: Link) -> str:
    try:
        return Address.of(link).request_uri
    except ValueError:
        raise UpstreamError("not a link") from None
