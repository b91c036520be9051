"""The download of a prepared recording: one answer, whole or from an offset.

No query, so it does not pass the pacer. The address is a secret.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
import re
import time

import aiohttp
from yarl import URL

from .errors import (
    NetrexConnectionError,
    NetrexError,
    NetrexNotFoundError,
    NetrexRateLimitedError,
    NetrexResponseError,
)
from .graphql_errors import read_retry_after

# A file of hours takes as long as it takes; only silence is an end.
_CONNECT_TIMEOUT = 30.0
_SILENCE = 60.0
# Bytes between the socket and who reads; half of what a cut connection can cost.
_BUFFER = 256 << 10
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")

_OK, _PARTIAL, _RANGE_REFUSED, _TOO_MANY, _SERVER_ERROR = 200, 206, 416, 429, 500
_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class Download:
    """An answer whose body can be read.

    Attributes:
        offset: Where in the file the body begins, in bytes.
        size: Bytes of the whole file; None if nobody tells.
        validator: Says whether it is still the same file (RFC 9110, 8.8).
        content: The body.
    """

    offset: int
    size: int | None
    validator: str | None
    content: aiohttp.StreamReader


@asynccontextmanager
async def open_download(
    session: aiohttp.ClientSession,
    portal: str,
    get_token: Callable[[], Awaitable[str]],
    url: str,
    *,
    offset: int = 0,
    validator: str | None = None,
) -> AsyncGenerator[Download]:
    """Ask for a file, from `offset` on if it is still the one of `validator`.

    The key in the address opens the file. A portal that wants the token as well gets
    it, another server never does.

    Raises:
        NetrexNotFoundError: The address is not valid any more.
        NetrexRateLimitedError: The server wants a pause.
        NetrexConnectionError: There is no answer, or the body was cut.
        NetrexResponseError: The answer is of no use.
    """
    headers = {"Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
        # A weak validator does not vouch for bytes (RFC 9110, 13.1.5).
        if validator and not validator.startswith("W/"):
            headers["If-Range"] = validator
    try:
        response = await _get(session, url, headers)
        if response.status == _UNAUTHORIZED and _same_origin(url, portal):
            response.release()
            headers["Authorization"] = f"Bearer {await get_token()}"
            response = await _get(session, url, headers)
        async with response:
            yield _judge(response, offset)
    # `from None`: aiohttp's errors hold the address.
    except (aiohttp.ClientPayloadError, aiohttp.ClientResponseError) as err:
        raise NetrexConnectionError(
            f"The download broke off ({type(err).__name__})"
        ) from None
    except (aiohttp.ClientError, TimeoutError) as err:
        raise NetrexConnectionError(
            f"The download does not answer ({type(err).__name__})"
        ) from None
    except ValueError:
        raise NetrexResponseError("The download's address cannot be used") from None


async def _get(
    session: aiohttp.ClientSession, url: str, headers: dict[str, str]
) -> aiohttp.ClientResponse:
    return await session.get(
        URL(url, encoded=True),
        headers=headers,
        timeout=aiohttp.ClientTimeout(
            total=None, sock_connect=_CONNECT_TIMEOUT, sock_read=_SILENCE
        ),
        read_bufsize=_BUFFER,
    )


def _same_origin(url: str, portal: str) -> bool:
    return URL(url).origin() == URL(portal).origin()


def _judge(response: aiohttp.ClientResponse, offset: int) -> Download:
    """Tell a file from everything else that comes back."""
    status = response.status
    if status not in (_OK, _PARTIAL):
        raise _refusal(response, status)
    if response.content_type in ("text/html", "application/json"):
        raise NetrexNotFoundError("The portal gives a page instead of the recording")
    validator = response.headers.get("ETag") or response.headers.get("Last-Modified")
    size = response.content_length
    if status == _OK:
        return Download(0, size, validator, response.content)
    told = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if told is None or int(told[1]) != offset:
        raise NetrexResponseError("The download begins at the wrong place")
    return Download(offset, int(told[2]), validator, response.content)


def _refusal(response: aiohttp.ClientResponse, status: int) -> NetrexError:
    text = f"The download is refused (HTTP status {status})"
    retry_after = read_retry_after(response.headers.get("Retry-After"), now=time.time())
    if status == _TOO_MANY:
        return NetrexRateLimitedError(text, retry_after=retry_after)
    if status == _RANGE_REFUSED:
        return NetrexResponseError(text)
    if status >= _SERVER_ERROR:
        return NetrexConnectionError(text)
    # Nobody knows how the portal says that an address has expired.
    return NetrexNotFoundError(text)
