"""From a stream's key to a described stream, with as many links as that may take."""

import asyncio
import logging

from .host import SessionHost
from .rtsp import Request
from .terms import Ending, LinkError, LinkRefusal, SessionEnd
from .transports import Link
from .upstream import LinkRefusedError, Upstream, UpstreamError, open_upstream

_LOGGER = logging.getLogger(__name__)

# Players give up after 5 to 30 s; a link that comes later is of no use.
LINK_TIMEOUT = 30.0
# By one DESCRIBE; a player does not wait for more.
_MOST_LINKS = 3

_ENDINGS: dict[type[BaseException], Ending] = {
    LinkRefusedError: Ending.REFUSED,
    UpstreamError: Ending.UNREACHABLE,
}


async def open_stream(
    host: SessionHost, key: str, describe: Request, local: str
) -> Upstream:
    """Have a stream described, with further links while that may help.

    A link may have expired, or been used by somebody, since it was made; and the next
    may come over another transport.

    Args:
        host: Gives links, and learns how their use went unless it was a success.
        key: The stream's.
        describe: The client's request.
        local: The address by which the client knows the stream.

    Raises:
        LinkError: There is no link now.
        UpstreamError: No link helped.
    """
    attempts = 0
    while True:
        link = await _get_link(host, key)
        attempts += 1
        try:
            return await _open_link(host, key, link, describe, local)
        except UpstreamError as err:
            again = (attempts == 1 and isinstance(err, LinkRefusedError)) or (
                host.transport(key) is not link.transport
            )
            if not again or attempts == _MOST_LINKS:
                raise
            _LOGGER.debug("Stream %s by %s: %s", key, link.transport, err)


async def _get_link(host: SessionHost, key: str) -> Link:
    try:
        async with asyncio.timeout(LINK_TIMEOUT):
            return await host.get_link(key)
    except TimeoutError:
        raise LinkError(LinkRefusal.UNAVAILABLE) from None


async def _open_link(
    host: SessionHost, key: str, link: Link, describe: Request, local: str
) -> Upstream:
    try:
        return await open_upstream(link, describe, local, host.dial)
    except BaseException as err:
        ending = _ENDINGS.get(type(err), Ending.CLIENT)
        host.ended(SessionEnd(key, link.transport, ending, 0.0))
        raise
