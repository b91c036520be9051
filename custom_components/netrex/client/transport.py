"""The one way to the portal: a POST with a document, an answer or an error."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
import json
import logging
import time

import aiohttp

from .errors import (
    NetrexAuthError,
    NetrexConnectionError,
    NetrexQueryError,
    NetrexResponseError,
)
from .graphql_errors import GraphQLError, error_from_body, read_errors, read_retry_after
from .values import as_mapping

_LOGGER = logging.getLogger(__name__)

_PATH = "/api/graphql.php"
_TIMEOUT = 30.0
# Five series of a year at quarter hours are about 10 MiB.
_LARGEST_ANSWER = 32 * 2**20
# From this size on reading JSON would hold up the event loop noticeably.
LARGE_ANSWER = 128 * 2**10


@dataclass(frozen=True, slots=True)
class GraphQLResponse:
    """What the portal answered.

    Attributes:
        data: By name of the field or its alias; fields may be null.
        refusals: What failed of it, if not all did.
        size: Bytes of the answer.
    """

    data: Mapping[str, object] = field(repr=False)
    refusals: tuple[GraphQLError, ...] = ()
    size: int = 0


class GraphQLTransport:
    """Posts documents to the portal.

    Args:
        session: Not closed here.
        url: The portal's address, such as `https://system2.netrex.cz`.
        get_token: Gives a token that is valid now.
        renew_token: Replaces a token that has expired early; False if it can't.
        timeout: Seconds for the whole of a request.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        get_token: Callable[[], Awaitable[str]],
        *,
        renew_token: Callable[[str], Awaitable[bool]] | None = None,
        timeout: float = _TIMEOUT,
    ) -> None:
        self._session = session
        self._url = url.rstrip("/") + _PATH
        self._get_token = get_token
        self._renew_token = renew_token
        self._timeout = aiohttp.ClientTimeout(total=timeout)

    async def token(self) -> str:
        """Return a valid token.

        Raises:
            NetrexAuthError: There is none, or it cannot be renewed any more.
            NetrexConnectionError: It has to be renewed, and nobody answers.
        """
        try:
            return await self._get_token()
        except aiohttp.ClientResponseError as err:
            if err.status in _REFUSED_RENEWAL:
                raise NetrexAuthError(
                    f"The token cannot be renewed (HTTP status {err.status})"
                ) from None
            raise _no_answer(err) from None
        except (aiohttp.ClientError, TimeoutError) as err:
            raise _no_answer(err) from None

    async def renew(self, token: str) -> bool:
        """Replace a token that the portal calls expired; False if that is no use."""
        return self._renew_token is not None and await self._renew_token(token)

    async def post(
        self, query: str, variables: Mapping[str, object] | None = None
    ) -> GraphQLResponse:
        """Send a document.

        Raises:
            NetrexError: Nothing came back: the error of the first refusal, or what is
                wrong with the answer. A refused token always counts as nothing.
        """
        token = await self.token()
        body = _body(query, variables)
        try:
            async with self._session.post(
                self._url,
                data=body,
                headers={
                    "Authorization": f"Bearer {token}",
                    "Content-Type": "application/json",
                },
                timeout=self._timeout,
                # A redirect would turn the POST into a GET, or carry it elsewhere.
                allow_redirects=False,
            ) as response:
                raw = await _read(response)
                status = response.status
                retry_after = read_retry_after(
                    response.headers.get("Retry-After"), now=time.time()
                )
        # `from None`: aiohttp's errors hold the request's headers.
        except (aiohttp.ClientPayloadError, aiohttp.ClientResponseError) as err:
            raise NetrexResponseError(
                f"The portal's answer is broken ({type(err).__name__})"
            ) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as err:
            raise _no_answer(err) from None
        except ValueError:
            raise NetrexAuthError("The token cannot be sent in a header") from None
        _LOGGER.debug("HTTP status %d, %d bytes", status, len(raw))
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            raise NetrexResponseError(f"The portal redirects (HTTP status {status})")
        try:
            parsed = await _parse(raw)
        except ValueError, RecursionError:
            raise error_from_body(raw, status, retry_after=retry_after) from None
        return _judge(parsed, len(raw), status, retry_after, token)


# The answers of a token endpoint that no repetition changes (RFC 6749, 5.2).
_REFUSED_RENEWAL = frozenset({400, 401, 403})


def _body(query: str, variables: Mapping[str, object] | None) -> bytes:
    """Return the JSON of a request (GraphQL over HTTP, "JSON encoding")."""
    body: dict[str, object] = {"query": query}
    if variables:
        body["variables"] = dict(variables)
    try:
        return json.dumps(body, allow_nan=False).encode()
    except TypeError, ValueError:
        raise NetrexQueryError("The variables are not fit for JSON") from None


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Read a body up to the largest size that makes sense."""
    raw = bytearray()
    async for chunk in response.content.iter_any():
        raw += chunk
        if len(raw) > _LARGEST_ANSWER:
            raise NetrexResponseError("The portal's answer is too large")
    return bytes(raw)


async def _parse(raw: bytes) -> object:
    """Parse JSON; NaN and Infinity, which are none, become null."""
    if len(raw) < LARGE_ANSWER:
        return _loads(raw)
    return await asyncio.to_thread(_loads, raw)


def _loads(raw: bytes) -> object:
    parsed: object = json.loads(raw.decode("utf-8-sig"), parse_constant=lambda _: None)
    return parsed


def _judge(
    parsed: object, size: int, status: int, retry_after: float | None, token: str
) -> GraphQLResponse:
    """Tell an answer from an error."""
    if not isinstance(parsed, dict):
        raise NetrexResponseError("The portal's answer is no JSON object")
    refusals = read_errors(
        parsed, status=status, retry_after=retry_after, secrets=(token,)
    )
    for refusal in refusals:
        if isinstance(refusal.error, NetrexAuthError):
            raise refusal.error
    data = as_mapping(parsed.get("data"))
    if not data:
        if refusals:
            raise refusals[0].error
        raise NetrexResponseError("The portal's answer has neither data nor errors")
    if all(value is None for value in data.values()):
        for refusal in refusals:
            if not refusal.path:
                raise refusal.error
    return GraphQLResponse(data, refusals, size)


def _no_answer(err: Exception) -> NetrexConnectionError:
    """Name the kind of a failure; its text may hold more than we want to tell."""
    return NetrexConnectionError(f"The portal does not answer ({type(err).__name__})")
