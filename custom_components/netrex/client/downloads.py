"""Downloads the file of a prepared recording, in full or from an offset.

Downloads are not queries, so they do not pass the pacer. Their URLs are secrets and
untrusted input, so their addresses are checked.

The download server is not documented. Its headers, such as Content-Type, are ignored:
only the content shows whether a response is a recording.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
import re

import aiohttp
from aiohttp import hdrs
from yarl import URL

from .addresses import MAX_REDIRECTS, AddressGate, redirect_target
from .errors import (
    NetrexConnectionError,
    NetrexError,
    NetrexNotFoundError,
    NetrexRangeError,
    NetrexRateLimitedError,
    NetrexResponseError,
)
from .http import BROKEN, map_exceptions, retry_after

# There is no total timeout, because a recording of several hours takes a long time. The
# code that reads the body checks that it makes progress.
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=30.0, sock_read=60.0)
# An interrupted connection loses at most half of this.
_BUFFER_BYTES = 256 << 10
# The length of the file is "*" if the server does not know it (RFC 9110, 14.4).
_CONTENT_RANGE = re.compile(
    r"\s*bytes\s+(\d{1,18})-\d{1,18}/(\d{1,18}|\*)\s*", re.IGNORECASE
)

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
        size: Size of the whole file in bytes; None if unknown. Servers can be wrong.
        validator: Identifies this version of the file (RFC 9110, 8.8).
        content: The body as sent, never decompressed.
    """

    offset: int
    size: int | None
    validator: str | None
    content: aiohttp.StreamReader


class DownloadServer:
    """Opens the downloads of an account.

    Args:
        session: The HTTP session, which is not closed here.
        portal: The portal's URL.
        get_token: Returns the token, for downloads that need it.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        portal: str,
        get_token: Callable[[], Awaitable[str]],
    ) -> None:
        self._session = session
        self._portal = URL(portal).origin()
        self._gate = AddressGate(portal)
        self._get_token = get_token

    @asynccontextmanager
    async def open(
        self, url: str, *, offset: int = 0, validator: str | None = None
    ) -> AsyncGenerator[Download]:
        """Request a file, from `offset` on if `validator` still identifies it.

        The key in the URL authorizes the download. The token is sent only if the portal
        itself requires it, never to another server.

        Raises:
            NetrexNotFoundError: The URL is no longer valid.
            NetrexRangeError: The file has no such offset.
            NetrexRateLimitedError: The server limits requests.
            NetrexConnectionError: There was no response, or the body was truncated.
            NetrexAddressError: The URL leads to an address that is not allowed.
            NetrexResponseError: The response cannot be used.
        """
        headers: dict[str, str] = {hdrs.ACCEPT_ENCODING: "identity"}
        if offset:
            headers[hdrs.RANGE] = f"bytes={offset}-"
            # A weak validator does not identify bytes (RFC 9110, 13.1.5).
            if validator and not validator.startswith("W/"):
                headers[hdrs.IF_RANGE] = validator
        # OSError is excluded, so that the caller's own file errors pass through.
        with map_exceptions(*_FAILURES):
            response = await self._follow(URL(url, encoded=True), headers)
            async with response:
                yield _download(response, offset)

    async def _follow(
        self, url: URL, headers: Mapping[str, str]
    ) -> aiohttp.ClientResponse:
        """Return the response after a few redirects, each of which is checked."""
        for _ in range(MAX_REDIRECTS + 1):
            response = await self.get(url, headers)
            is_portal = url.origin() == self._portal
            if response.status == HTTPStatus.UNAUTHORIZED and is_portal:
                response.release()
                token = await self._get_token()
                authorized = {**headers, str(hdrs.AUTHORIZATION): f"Bearer {token}"}
                response = await self.get(url, authorized)
            location = response.headers.get(hdrs.LOCATION)
            if response.status not in _REDIRECTS or location is None:
                return response
            response.release()
            url = redirect_target(url, location)
        raise NetrexNotFoundError("The download was redirected too often")

    async def get(self, url: URL, headers: Mapping[str, str]) -> aiohttp.ClientResponse:
        """Send a request to the first address of the host that can be reached."""
        host, port = url.host, url.port
        if not host or port is None or url.scheme not in ("http", "https"):
            raise ValueError("not an HTTP URL")
        try:
            addresses = await self._gate.addresses(host, port)
        except OSError as err:
            raise aiohttp.ClientConnectionError from err
        error: aiohttp.ClientConnectorError | None = None
        for address in addresses:
            try:
                return await self._session.get(
                    url.with_host(address),
                    headers={**headers, hdrs.HOST: url.host_port_subcomponent or host},
                    server_hostname=host if url.scheme == "https" else None,
                    timeout=_TIMEOUT,
                    read_bufsize=_BUFFER_BYTES,
                    allow_redirects=False,
                    auto_decompress=False,
                    middlewares=(),
                )
            except aiohttp.ClientConnectorError as err:
                error = err
        raise error or aiohttp.ClientConnectionError


_REDIRECTS = (
    HTTPStatus.MOVED_PERMANENTLY,
    HTTPStatus.FOUND,
    HTTPStatus.SEE_OTHER,
    HTTPStatus.TEMPORARY_REDIRECT,
    HTTPStatus.PERMANENT_REDIRECT,
)


def _download(response: aiohttp.ClientResponse, offset: int) -> Download:
    """Return the body of a successful response; raise for any other."""
    if not HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
        raise _status_error(response, offset)
    headers, size = response.headers, response.content_length
    validator = headers.get(hdrs.ETAG) or headers.get(hdrs.LAST_MODIFIED)
    if response.status != HTTPStatus.PARTIAL_CONTENT:
        return Download(0, size, validator, response.content)
    found = _CONTENT_RANGE.fullmatch(headers.get(hdrs.CONTENT_RANGE, ""))
    if found is None:
        if offset:
            raise NetrexRangeError("The download starts at an unknown offset")
        return Download(0, size, validator, response.content)
    start, total = int(found[1]), None if found[2] == "*" else int(found[2])
    # A server may send more than requested, but a gap cannot be filled.
    if start not in (0, offset):
        raise NetrexRangeError("The download starts at the wrong offset")
    return Download(start, total, validator, response.content)


def _status_error(response: aiohttp.ClientResponse, offset: int) -> NetrexError:
    status = response.status
    text = f"The download was refused (HTTP status {status})"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return NetrexRateLimitedError(text, retry_after=retry_after(response.headers))
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and offset:
        return NetrexRangeError(text)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return NetrexConnectionError(text)
    # How the portal reports an expired URL is not documented.
    return NetrexNotFoundError(text)
