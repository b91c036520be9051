"""The transport behind the pacer: all queries pass here (decision 0002)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
import math

from . import documents
from .errors import (
    NetrexAuthError,
    NetrexConnectionError,
    NetrexError,
    NetrexNoDataError,
    NetrexQueryError,
    NetrexRateLimitedError,
    NetrexResponseError,
)
from .graphql_errors import GraphQLError
from .json_body import LARGE_BODY_BYTES
from .lanes import Lane
from .pacer import Pacer
from .transport import MAX_RESPONSE_BYTES, GraphQLResponse, GraphQLTransport

# Enough to isolate one invalid request among five. Without a limit, a portal that
# refuses every live view would cost a large part of the allowance.
_MAX_SPLITS = 3


class PacedTransport:
    """Executes documents when the pacer permits.

    Args:
        transport: Sends the documents.
        pacer: Schedules them.
    """

    def __init__(self, transport: GraphQLTransport, pacer: Pacer) -> None:
        self._transport = transport
        self._pacer = pacer
        # The time of the event loop at which a response with data last came.
        self.accepted_at = -math.inf

    async def execute(
        self,
        lane: Lane,
        query: str,
        variables: Mapping[str, object] | None = None,
        *,
        shared: bool = False,
        max_bytes: int = MAX_RESPONSE_BYTES,
    ) -> GraphQLResponse:
        """Send a document when its turn comes.

        Args:
            lane: Priority.
            query: The document.
            variables: Its variables.
            shared: Concurrent callers of the same document share one request. For
                reads only.
            max_bytes: The largest response that is read.
        """
        # Renew the token before the turn; a later renewal would delay the request.
        token = await self._transport.token()
        request = partial(self._post, query, variables, max_bytes)
        # Another transport at the same pacer may have another user's token.
        key = (self, query) if shared else None
        try:
            return await self._pacer.run(lane, request, key=key)
        except NetrexAuthError as err:
            # The portal may report a token as expired earlier than announced.
            if not (err.expired and await self._transport.renew(token)):
                raise
        return await self._pacer.run(lane, request, key=key)

    async def _post(
        self, query: str, variables: Mapping[str, object] | None, max_bytes: int
    ) -> GraphQLResponse:
        response = await self._transport.post(query, variables, max_bytes=max_bytes)
        self.accepted_at = asyncio.get_running_loop().time()
        for entry in response.errors:
            if isinstance(entry.error, NetrexRateLimitedError):
                self._pacer.back_off(entry.error.retry_after)
        return response

    async def execute_each[R, V](
        self,
        lane: Lane,
        document: Callable[[Sequence[R]], str],
        parse: Callable[[R, object], V | None],
        operations: Sequence[Sequence[R]],
        *,
        shared: bool = True,
        max_bytes: int = MAX_RESPONSE_BYTES,
    ) -> dict[R, V | NetrexError]:
        """Execute many requests in a few operations, with an alias for each request.

        One invalid request fails its whole operation, so the operation's halves are
        tried next. If the portal stops answering, earlier results are kept.

        Args:
            lane: Priority.
            document: Returns the document for some requests.
            parse: Returns the value for a request, or None if it has none.
            operations: The requests of each operation; no request appears twice.
            shared: See `execute`.
            max_bytes: See `execute`.

        Returns:
            The value of each request, or the error that it failed with.

        Raises:
            NetrexError: The token is refused; or before the first response the portal
                did not answer or reached its limit; or no response could be used.
        """
        batch = _Batch[R, V](
            lambda requests: self.execute(
                lane, document(requests), shared=shared, max_bytes=max_bytes
            ),
            parse,
        )
        valid = [_valid(document, requests, batch.results) for requests in operations]
        try:
            for requests in filter(None, valid):
                await batch.execute_or_halve(requests, _MAX_SPLITS)
        except (NetrexConnectionError, NetrexRateLimitedError) as err:
            if not batch.has_response:
                raise
            return dict.fromkeys(chain(*valid), err) | batch.results
        if not batch.has_response:
            for error in batch.results.values():
                if isinstance(error, NetrexResponseError):
                    raise error
        return batch.results


@dataclass(slots=True)
class _Batch[R, V]:
    """The results of `execute_each` so far.

    Attributes:
        execute: Sends one operation.
        parse: See `execute_each`.
        results: Results by request.
        has_response: Whether any operation had a response.
    """

    execute: Callable[[Sequence[R]], Awaitable[GraphQLResponse]]
    parse: Callable[[R, object], V | None]
    results: dict[R, V | NetrexError] = field(default_factory=dict)
    has_response: bool = False

    async def execute_or_halve(self, requests: Sequence[R], splits: int) -> None:
        """Execute some requests in one operation, or its halves if it is invalid."""
        try:
            response = await self.execute(requests)
        except NetrexAuthError, NetrexConnectionError, NetrexRateLimitedError:
            raise
        except NetrexError as err:
            is_invalid = isinstance(err, NetrexQueryError)
            if not is_invalid or splits == 0 or len(requests) == 1:
                self.results |= dict.fromkeys(requests, err)
                return
        else:
            self.has_response = True
            self.results |= await read(
                response, partial(_results, requests, response.errors, self.parse)
            )
            return
        middle = len(requests) // 2
        for half in (requests[:middle], requests[middle:]):
            await self.execute_or_halve(half, splits - 1)


async def read[V](
    response: GraphQLResponse, parse: Callable[[Mapping[str, object]], V]
) -> V:
    """Parse a response's data; large data in a thread."""
    if response.size < LARGE_BODY_BYTES:
        return parse(response.data)
    return await asyncio.to_thread(parse, response.data)


def _valid[R, V](
    document: Callable[[Sequence[R]], str],
    requests: Sequence[R],
    results: dict[R, V | NetrexError],
) -> list[R]:
    """Return the requests that a document can express; record the others' errors."""
    valid = []
    for request in requests:
        try:
            document((request,))
        except NetrexQueryError as err:
            results[request] = err
        else:
            valid.append(request)
    return valid


def _results[R, V](
    requests: Sequence[R],
    entries: Sequence[GraphQLError],
    parse: Callable[[R, object], V | None],
    data: Mapping[str, object],
) -> dict[R, V | NetrexError]:
    """Return the value or error of each request of an operation."""
    errors = {entry.path[:1]: entry.error for entry in reversed(entries)}
    results: dict[R, V | NetrexError] = {}
    for index, request in enumerate(requests):
        name = documents.alias(index)
        value = parse(request, data.get(name))
        error = errors.get((name,))
        if value is None or (error is not None and not value):
            error = error or errors.get(())
            results[request] = error or NetrexNoDataError("The portal has no data")
        else:
            results[request] = value
    return results
