"""From documents to answers: every question passes here (decision D1)."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial

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
from .pacer import Lane, Pacer
from .transport import LARGE_ANSWER, GraphQLResponse, GraphQLTransport

# How often an operation is halved: enough to single out one of five. A wall of live
# views must not cost the whole allowance because the portal refuses all of them.
_MOST_SPLITS = 3


class PacedTransport:
    """The transport behind the pacer.

    Args:
        transport: Sends a document.
        pacer: Says when.
    """

    def __init__(self, transport: GraphQLTransport, pacer: Pacer) -> None:
        self._transport = transport
        self._pacer = pacer

    async def ask(
        self,
        lane: Lane,
        query: str,
        variables: Mapping[str, object] | None = None,
        *,
        shared: bool = False,
    ) -> GraphQLResponse:
        """Send a document when its turn comes.

        Args:
            lane: Priority.
            query: The document.
            variables: Its variables.
            shared: It is a read, so all who ask the same now get the same answer.
        """
        # A renewal belongs before the turn: it would delay the request's arrival.
        token = await self._transport.token()
        request = partial(self._post, query, variables)
        # Another door at the same pacer may have another person's token.
        key = (self, query) if shared else None
        try:
            return await self._pacer.run(lane, request, key=key)
        except NetrexAuthError as err:
            # "Access token expired." means to request a refresh, and it may come before
            # the time that we know.
            if not (err.expired and await self._transport.renew(token)):
                raise
        return await self._pacer.run(lane, request, key=key)

    async def _post(
        self, query: str, variables: Mapping[str, object] | None
    ) -> GraphQLResponse:
        answer = await self._transport.post(query, variables)
        for refusal in answer.refusals:
            if isinstance(refusal.error, NetrexRateLimitedError):
                self._pacer.refused(refusal.error.retry_after)
        return answer

    async def value(self, lane: Lane, query: str, name: str) -> object:
        """Return the value of a document's only field; None if it is null.

        Args:
            lane: Priority.
            query: The document.
            name: The field, or its alias.

        Raises:
            NetrexError: It is null because it was refused.
        """
        answer = await self.ask(lane, query, shared=True)
        value = answer.data.get(name)
        if value is None and answer.refusals:
            raise answer.refusals[0].error
        return value

    async def each[R, V](
        self,
        lane: Lane,
        document: Callable[[Sequence[R]], str],
        parse: Callable[[R, object], V | None],
        parts: Sequence[Sequence[R]],
        *,
        shared: bool = True,
    ) -> dict[R, V | NetrexError]:
        """Ask for several things by few operations, under aliases.

        A wish that the portal does not even validate spoils its operation, so the
        halves of that are asked then. What was found is kept if the portal stops
        answering.

        Args:
            lane: Priority.
            document: From wishes to a document.
            parse: From a wish and what comes back for it; None if that is nothing.
            parts: The wishes, each once, by operation.
            shared: Others who want the same may share the answer.

        Raises:
            NetrexError: The token is refused, or the portal does not answer or is at
                its limit before anything was found, or none of its answers was usable.
        """
        results: dict[R, V | NetrexError] = {}
        todo = deque(
            (_MOST_SPLITS, wishes)
            for part in parts
            if (wishes := _possible(document, part, results))
        )
        found = False
        unusable: NetrexResponseError | None = None
        while todo:
            splits, wishes = todo.popleft()
            try:
                answer = await self.ask(lane, document(wishes), shared=shared)
            except NetrexAuthError:
                raise
            except (NetrexConnectionError, NetrexRateLimitedError) as err:
                if not found:
                    raise
                for _, rest in ((0, wishes), *todo):
                    results |= dict.fromkeys(rest, err)
                break
            except NetrexError as err:
                if isinstance(err, NetrexQueryError) and splits and len(wishes) > 1:
                    middle = len(wishes) // 2
                    halves = wishes[:middle], wishes[middle:]
                    todo.extendleft((splits - 1, half) for half in reversed(halves))
                else:
                    results |= dict.fromkeys(wishes, err)
                if isinstance(err, NetrexResponseError):
                    unusable = err
            else:
                found = True
                results |= await read(
                    answer, partial(_sort_out, wishes, answer.refusals, parse)
                )
        if unusable is not None and not found:
            raise unusable
        return results


async def read[V](
    answer: GraphQLResponse, parse: Callable[[Mapping[str, object]], V]
) -> V:
    """Parse an answer, a large one beside the event loop."""
    if answer.size < LARGE_ANSWER:
        return parse(answer.data)
    return await asyncio.to_thread(parse, answer.data)


def _possible[R, V](
    document: Callable[[Sequence[R]], str],
    requests: Sequence[R],
    results: dict[R, V | NetrexError],
) -> list[R]:
    """Return the wishes that can be asked; note why the others cannot."""
    possible = []
    for request in requests:
        try:
            document((request,))
        except NetrexQueryError as err:
            results[request] = err
        else:
            possible.append(request)
    return possible


def _sort_out[R, V](
    requests: Sequence[R],
    refusals: Sequence[GraphQLError],
    parse: Callable[[R, object], V | None],
    data: Mapping[str, object],
) -> dict[R, V | NetrexError]:
    """Return for each wish what came back under its alias, or why nothing did."""
    errors = {refusal.path[:1]: refusal.error for refusal in reversed(refusals)}
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
