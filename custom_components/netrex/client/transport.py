"""GraphQL over HTTP: posts a document, returns the response or raises its error."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
import json
import logging

import aiohttp

from .errors import (
    NetrexAuthError,
    NetrexConnectionError,
    NetrexQueryError,
    NetrexResponseError,
)
from .graphql_errors import GraphQLError, error_from_body, read_errors
from .http import BROKEN, UNREACHABLE, map_exceptions, read_limited, retry_after
from .json_body import TooManyValuesError, load_json
from .values import as_mapping

_LOGGER = logging.getLogger(__name__)

_PATH = "/api/graphql.php"
_TIMEOUT_SECONDS = 30.0
# Bytes of a response, decompressed. 20,000 nodes are about 2 MiB, and the most slots
# that one operation asks for (`api.MAX_SLOTS_PER_QUERY`) about 3 MiB.
MAX_RESPONSE_BYTES = 4 * 2**20
MAX_SERIES_BYTES = 6 * 2**20

_UNREACHABLE = (UNREACHABLE, NetrexConnectionError, "No response")
_FAILURES = (
    (BROKEN, NetrexResponseError, "The portal's response is broken"),
    _UNREACHABLE,
    (ValueError, NetrexAuthError, "The token cannot be sent in a header"),
)
# Responses of a token endpoint that a retry does not change (RFC 6749, 5.2).
_FINAL_STATUSES = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer of the portal, not parsed.

    Attributes:
        status: HTTP status.
        retry_after: Seconds of the Retry-After header; None without one.
        body: Decompressed.
    """

    status: int
    retry_after: float | None
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class GraphQLResponse:
    """A response with data.

    Attributes:
        data: Values by field name or alias; a failed field is null.
        errors: Errors of single fields.
        size: Size of the response in bytes.
    """

    data: Mapping[str, object] = field(repr=False)
    errors: tuple[GraphQLError, ...] = ()
    size: int = 0


class GraphQLTransport:
    """Posts documents to the portal.

    Args:
        session: HTTP session, not closed here.
        url: The portal's address, such as `https://system2.netrex.cz`.
        get_token: Returns a valid token.
        renew_token: Replaces a token that expired early; returns False if it cannot.
        timeout: Total timeout of a request in seconds.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        get_token: Callable[[], Awaitable[str]],
        *,
        renew_token: Callable[[str], Awaitable[bool]] | None = None,
        timeout: float = _TIMEOUT_SECONDS,
    ) -> None:
        self._session = session
        self._url = url.rstrip("/") + _PATH
        self._get_token = get_token
        self._renew_token = renew_token
        self._timeout = aiohttp.ClientTimeout(total=timeout)

    async def token(self) -> str:
        """Return a valid token.

        Raises:
            NetrexAuthError: There is no token, or its renewal is refused for good.
            NetrexConnectionError: The token has to be renewed, but the portal does not
                answer.
        """
        with map_exceptions(_UNREACHABLE):
            try:
                return await self._get_token()
            except aiohttp.ClientResponseError as err:
                if err.status not in _FINAL_STATUSES:
                    raise
                status = err.status
        raise NetrexAuthError(f"The token cannot be renewed (HTTP status {status})")

    async def renew(self, token: str) -> bool:
        """Replace a token reported as expired; return whether it was replaced."""
        return self._renew_token is not None and await self._renew_token(token)

    async def send(
        self,
        query: str,
        variables: Mapping[str, object] | None = None,
        *,
        token: str,
        max_bytes: int = MAX_RESPONSE_BYTES,
    ) -> HttpAnswer:
        """Send a document with a token; return the answer, whatever it is.

        Raises:
            NetrexConnectionError: There is no answer.
            NetrexResponseError: The answer is broken or larger than `max_bytes`.
            NetrexAuthError: The token cannot be sent in a header.
        """
        body = _encode(query, variables)
        with map_exceptions(*_FAILURES):
            async with self._session.post(
                self._url,
                data=body,
                headers={
                    "Authorization": f"Bearer {token}",
                    "Content-Type": "application/json",
                },
                timeout=self._timeout,
                # A redirect could turn the POST into a GET or leave the portal.
                allow_redirects=False,
            ) as response:
                raw = await read_limited(response, max_bytes)
        _LOGGER.debug("HTTP status %d, %d bytes", response.status, len(raw))
        return HttpAnswer(response.status, retry_after(response.headers), raw)

    async def post(
        self,
        query: str,
        variables: Mapping[str, object] | None = None,
        *,
        max_bytes: int = MAX_RESPONSE_BYTES,
    ) -> GraphQLResponse:
        """Send a document; a response larger than `max_bytes` is not read.

        Raises:
            NetrexError: The response has no data; the error is that of the response's
                first entry in `errors`, or describes why the response is unusable. A
                refused token raises even if there is data.
        """
        token = await self.token()
        answer = await self.send(query, variables, token=token, max_bytes=max_bytes)
        if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
            raise NetrexResponseError(
                f"The portal redirects (HTTP status {answer.status})"
            )
        raw, wait = answer.body, answer.retry_after
        try:
            parsed = await load_json(raw)
        except TooManyValuesError:
            raise NetrexResponseError("The portal's response is too large") from None
        except ValueError:
            raise error_from_body(raw, answer.status, retry_after=wait) from None
        if not isinstance(parsed, dict):
            raise NetrexResponseError("The portal's response is not a JSON object")
        errors = read_errors(
            parsed, status=answer.status, retry_after=wait, secrets=(token,)
        )
        return _response(as_mapping(parsed.get("data")), errors, len(raw))


def _encode(query: str, variables: Mapping[str, object] | None) -> bytes:
    """Return the JSON of a request (GraphQL over HTTP, "JSON encoding")."""
    body: dict[str, object] = {"query": query}
    if variables:
        body["variables"] = dict(variables)
    try:
        return json.dumps(body, allow_nan=False).encode()
    except TypeError, ValueError:
        raise NetrexQueryError("The variables cannot be encoded as JSON") from None


def _response(
    data: Mapping[str, object], errors: tuple[GraphQLError, ...], size: int
) -> GraphQLResponse:
    """Return the response, or raise the error that makes it unusable."""
    for entry in errors:
        if isinstance(entry.error, NetrexAuthError):
            raise entry.error
    if all(value is None for value in data.values()):
        for entry in errors:
            if not data or not entry.path:
                raise entry.error
    if not data:
        raise NetrexResponseError("The portal's response has neither data nor errors")
    return GraphQLResponse(data, errors, size)
