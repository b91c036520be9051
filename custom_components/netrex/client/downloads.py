"""Download of a prepared recording's file, in full or from an offset.

Downloads are not queries, so they do not pass the pacer. Their URLs are secrets.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
import re

import aiohttp
from yarl import URL

from .errors import (
    NetrexConnectionError,
    NetrexError,
    NetrexNotFoundError,
    NetrexRateLimitedError,
    NetrexResponseError,
)
from .http import BROKEN, map_exceptions, retry_after

# There is no total timeout: a file of several hours takes long.
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=30.0, sock_read=60.0)
# Half of this is the most that a cut connection can lose.
_BUFFER_BYTES = 256 << 10
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")

# Without OSError: the caller's own file errors pass through.
_FAILURES = (
    (BROKEN, NetrexConnectionError, "The download was interrupted"),
    (
        (aiohttp.ClientError, TimeoutError),
        NetrexConnectionError,
        "The download server does not answer",
    ),
    (ValueError, NetrexResponseError, "The download URL is invalid"),
)


@dataclass(frozen=True, slots=True)
class Download:
    """A response whose body can be read.

    Attributes:
        offset: Offset of the body in the file, in bytes.
        size: Size of the whole file in bytes; None if unknown.
        validator: Identifies this version of the file (RFC 9110, 8.8).
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
    """Request a file, from `offset` on if `validator` still identifies it.

    The key in the URL authorizes the download. The token is sent only if the portal
    itself requires it, never to another server.

    Raises:
        NetrexNotFoundError: The URL is not valid any more.
        NetrexRateLimitedError: The server limits requests.
        NetrexConnectionError: There is no response, or the body was cut.
        NetrexResponseError: The response cannot be used.
    """
    headers = {"Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
        # A weak validator does not identify bytes (RFC 9110, 13.1.5).
        if validator and not validator.startswith("W/"):
            headers["If-Range"] = validator
    with map_exceptions(*_FAILURES):
        get = partial(
            session.get,
            URL(url, encoded=True),
            headers=headers,
            timeout=_TIMEOUT,
            read_bufsize=_BUFFER_BYTES,
        )
        response = await get()
        is_portal = URL(url).origin() == URL(portal).origin()
        if response.status == HTTPStatus.UNAUTHORIZED and is_portal:
            response.release()
            headers["Authorization"] = f"Bearer {await get_token()}"
            response = await get()
        async with response:
            yield _download(response, offset)


def _download(response: aiohttp.ClientResponse, offset: int) -> Download:
    """Return the file in a response; raise if it is something else."""
    if response.status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        raise _status_error(response)
    if response.content_type in ("text/html", "application/json"):
        raise NetrexNotFoundError("The portal returned a page instead of the recording")
    validator = response.headers.get("ETag") or response.headers.get("Last-Modified")
    if response.status == HTTPStatus.OK:
        return Download(0, response.content_length, validator, response.content)
    content_range = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if content_range is None or int(content_range[1]) != offset:
        raise NetrexResponseError("The download starts at the wrong offset")
    return Download(offset, int(content_range[2]), validator, response.content)


def _status_error(response: aiohttp.ClientResponse) -> NetrexError:
    status = response.status
    text = f"The download was refused (HTTP status {status})"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return NetrexRateLimitedError(text, retry_after=retry_after(response.headers))
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return NetrexResponseError(text)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return NetrexConnectionError(text)
    # How the portal reports an expired URL is not documented.
    return NetrexNotFoundError(text)
