"""Sends the requests of an account check, and describes the answers as they come.

The client translates answers into data and errors. A check reports the answers
themselves: status, form, and where an error has its category.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
import re
import time

import aiohttp

from ..errors import NetrexRateLimitedError
from ..graphql_errors import error_from_body, read_errors
from ..json_body import load_json
from ..lanes import Lane
from ..pacer import Pacer
from ..transport import MAX_SERIES_BYTES, GraphQLTransport, HttpAnswer
from ..values import as_list, as_mapping, as_matching
from .report import Finding, Outcome

# A year of hours can take longer than other answers.
_TIMEOUT_SECONDS = 60.0
MAX_QUERIES = 25
# Printable ASCII of a usual length, which no portal has issued.
MADE_UP_TOKEN = "0" * 20
# Opens a WebSocket (RFC 6455, section 1.3).
HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
# Categories are words such as "graphql"; anything else is not repeated.
_CATEGORY = re.compile("[A-Za-z_]{1,30}")


class OutOfQueriesError(Exception):
    """The check has used all its queries."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The portal's answer to a query.

    Attributes:
        status: HTTP status.
        form: "json", "html", "text" or "empty".
        body: The parsed JSON object; empty for any other form.
        seconds: Time until the answer was complete.
    """

    status: int
    form: str
    body: Mapping[str, object] = field(repr=False)
    seconds: float

    @property
    def data(self) -> Mapping[str, object]:
        """The data by field name or alias."""
        return as_mapping(self.body.get("data"))

    @property
    def errors(self) -> list[object]:
        """The entries of `errors`."""
        return as_list(self.body.get("errors"))

    @property
    def category(self) -> tuple[str, str]:
        """Where the first error has its category, and the category itself."""
        entry = as_mapping(self.errors[0] if self.errors else None)
        places = (("top", entry), ("extensions", as_mapping(entry.get("extensions"))))
        for place, values in places:
            if category := as_matching(values.get("category"), _CATEGORY):
                return place, category
        return "none", ""

    @property
    def outcome(self) -> Outcome:
        """The outcome of a query for data."""
        if self.form != "json":
            return Outcome.UNUSABLE
        if any(value is not None for value in self.data.values()):
            return Outcome.WORKS
        return Outcome.REFUSED if self.errors else Outcome.EMPTY

    def refusal(self) -> dict[str, Finding]:
        """Return how the portal reports an error."""
        place, category = self.category
        found: dict[str, Finding] = {"status": self.status, "form": self.form}
        if self.errors:
            found["category_place"] = place
        if category:
            found["category"] = category
        return found


class PortalCalls:
    """Sends queries through the account's pacer, at most `MAX_QUERIES`.

    Args:
        session: HTTP session, not closed here.
        url: The portal's address without a trailing slash.
        get_token: Returns a valid token.
        pacer: Schedules the queries.

    Attributes:
        sent: Number of queries that were sent.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        get_token: Callable[[], Awaitable[str]],
        pacer: Pacer,
    ) -> None:
        self._transport = GraphQLTransport(
            session, url, get_token, timeout=_TIMEOUT_SECONDS
        )
        self._pacer = pacer
        self.sent = 0

    async def post(self, document: str, *, token: str | None = None) -> Answer:
        """Send a document when its turn comes.

        Args:
            document: The GraphQL document.
            token: Replaces the account's token, to see how it is refused.

        Raises:
            OutOfQueriesError: All queries of the check are used.
            NetrexAuthError: There is no token.
            NetrexConnectionError: There is no answer.
            NetrexRateLimitedError: The portal's limit is reached.
            NetrexResponseError: The answer is broken or too large.
        """
        if self.sent >= MAX_QUERIES:
            raise OutOfQueriesError
        token = token or await self._transport.token()
        self.sent += 1
        return await self._pacer.run(Lane.COMMAND, partial(self._post, document, token))

    async def _post(self, document: str, token: str) -> Answer:
        started = time.monotonic()
        received = await self._transport.send(
            document, token=token, max_bytes=MAX_SERIES_BYTES
        )
        seconds = time.monotonic() - started
        form, body = await read_form(received.body)
        _check_limit(received, form, body)
        return Answer(received.status, form, body, seconds)


def _check_limit(answer: HttpAnswer, form: str, body: Mapping[str, object]) -> None:
    """Raise if the portal's limit is reached, so that the pacer pauses."""
    status, wait = answer.status, answer.retry_after
    if form == "json":
        entries = read_errors(body, status=status, retry_after=wait)
        found = [entry.error for entry in entries]
    else:
        found = [error_from_body(answer.body, status, retry_after=wait)]
    for error in found:
        if isinstance(error, NetrexRateLimitedError):
            raise error


async def read_form(raw: bytes) -> tuple[str, Mapping[str, object]]:
    """Return the form of a body, and its JSON object if it is one."""
    if not raw.strip():
        return "empty", {}
    try:
        return "json", as_mapping(await load_json(raw))
    except ValueError:
        start = raw[:200].lstrip().lower()
        return "html" if start.startswith((b"<!doctype", b"<html")) else "text", {}
