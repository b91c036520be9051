"""Classification of the portal's errors.

Three errors are documented ("Error responses"). The other rules follow graphql-php,
the library whose format those three have, or are precautionary.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
import re

from .errors import (
    NetrexAuthError,
    NetrexConnectionError,
    NetrexError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexQueryError,
    NetrexRateLimitedError,
    NetrexResponseError,
)
from .texts import MAX_EXCERPT_LENGTH, excerpt
from .values import as_list, as_mapping, as_path, as_raw_text, as_text

_MAX_TEXT_LENGTH = 300  # characters
_REDACTED = "**"


def redact(text: str, *secrets: str) -> str:
    """Return a text of the portal, shortened and without possible secrets.

    The time that it takes does not depend on the text's length: each pattern visits
    a character once.

    Args:
        text: Text from outside.
        secrets: Known secrets, such as the token in use.
    """
    text = excerpt(text)
    for secret in filter(None, secrets):
        text = text.replace(secret, _REDACTED)
    for pattern in _SECRETS:
        text = pattern.sub(_REDACTED, text)
    return text if len(text) <= _MAX_TEXT_LENGTH else f"{text[:_MAX_TEXT_LENGTH]}…"


_SECRETS = (
    re.compile(r"(?<![\w+.-])[\w+.-]++://\S+"),  # a link
    re.compile(r"[?&][\w.]++=\S*"),  # a query string
    re.compile(r"(?i)\bbearer\s++\S+"),  # a header's value
    re.compile(r"(?i)\btoken\s++(?=\S*\d)\S{8,}"),
    re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"),  # an IP address
    # A token or key: has a digit.
    re.compile(r"(?<![\w~+/=-])(?=[\w~+/=-]*\d)[\w~+/=-]{16,}"),
)


@dataclass(frozen=True, slots=True)
class GraphQLError:
    """One entry of a response's `errors`.

    Attributes:
        path: Location in the data; empty if the whole request failed.
        error: The entry as an exception.
    """

    path: tuple[str | int, ...]
    error: NetrexError


@dataclass(frozen=True, slots=True)
class _Entry:
    """The properties of an entry and its response that rules check."""

    message: str
    category: str
    path: tuple[str | int, ...]
    has_location: bool
    status: int
    retry_after: float | None

    @property
    def concerns_token(self) -> bool:
        """Whether the token itself is refused: no path, or the text mentions it."""
        return not self.path or self.mentions("token")

    def category_is(self, *categories: str) -> bool:
        return self.category.lower() in categories

    def category_matches(self, pattern: str) -> bool:
        return re.search(pattern, self.category) is not None

    def mentions(self, pattern: str) -> bool:
        return re.search(pattern, self.message, re.IGNORECASE) is not None


# Operations have up to a few hundred fields. The texts of all errors after the first
# are cut shorter.
_MAX_ENTRIES = 500
_MAX_LONG_ENTRIES = 20
_SHORT_TEXT_LENGTH = 150
_MAX_BODY_EXCERPT = 1000  # bytes
_LIMIT_CATEGORY = r"^rate|Rate|_rate|(?i:limit|throttl|quota|too_?many)"


def _in_order(first: str, then: str) -> str:
    """Return the pattern of a text with two parts in this order, in linear time."""
    return rf"\A(?>.*?(?:{first})).*?(?:{then})"


_COUNTED = r"\b(?:quer(?:y|ies)|requests?|calls?|api)\b"
_LIMIT_WORDS = "|".join(
    (
        r"rate.?limit|throttl|too many|quota",
        _in_order(rf"{_COUNTED}|\bdaily\b", r"\blimit"),
        _in_order(r"\blimit\b", _COUNTED),
    )
)
_AUTH_WORDS = "|".join(
    (
        _in_order("invalid|missing|empty|revoked|unknown", "token"),
        _in_order("token", "invalid|missing|revoked|unknown"),
    )
)
_PERMISSION_WORDS = (
    "permission|forbidden|access denied|insufficient|not (allowed|authori[sz])"
)

_expired = partial(NetrexAuthError, expired=True)

# Rules are tried in order; the most specific come first.
_RULES: tuple[tuple[Callable[[_Entry], bool], Callable[[str], NetrexError]], ...] = (
    # The documented errors. The third has the category of any client error, so its
    # text decides. An error of a single field that does not mention the token concerns
    # a permission; treating it as a token error would cause endless renewals.
    (lambda e: e.category_is("autherror") and e.concerns_token, NetrexAuthError),
    (lambda e: e.category_is("autherror"), NetrexPermissionError),
    # A recording may expire, too; its error has a path and does not mention a token.
    (lambda e: e.category_is("expired") and e.concerns_token, _expired),
    (lambda e: e.mentions("unknown or unavailable platform"), NetrexAuthError),
    # The categories of graphql-php.
    (lambda e: e.category_is("graphql", "request"), NetrexQueryError),
    # Validation errors of newer servers have no category, but a location.
    (lambda e: e.has_location and not e.path, NetrexQueryError),
    # How the portal reports its limit is not documented.
    (
        lambda e: e.status == HTTPStatus.TOO_MANY_REQUESTS or e.retry_after is not None,
        NetrexRateLimitedError,
    ),
    (lambda e: e.category_matches(_LIMIT_CATEGORY), NetrexRateLimitedError),
    (lambda e: e.mentions(_LIMIT_WORDS), NetrexRateLimitedError),
    # A refused token fails the whole request, so there is no path.
    (lambda e: not e.path and e.mentions(_in_order("token", "expired")), _expired),
    (lambda e: not e.path and e.mentions(_AUTH_WORDS), NetrexAuthError),
    (
        lambda e: e.category_matches("(?i:permission|forbidden|access|denied|scope)"),
        NetrexPermissionError,
    ),
    (lambda e: e.mentions(_PERMISSION_WORDS), NetrexPermissionError),
    (lambda e: e.category_matches("(?i:not_?found|missing)"), NetrexNotFoundError),
    (lambda e: e.category_is("expired"), NetrexNotFoundError),
    (
        lambda e: e.mentions(r"not found|(not|n't) exist|no such|expired"),
        NetrexNotFoundError,
    ),
    (lambda e: e.category_is("internal"), NetrexResponseError),
    (lambda e: e.mentions("^internal server error"), NetrexResponseError),
    (lambda e: e.status == HTTPStatus.UNAUTHORIZED, NetrexAuthError),
    (lambda e: e.status == HTTPStatus.FORBIDDEN, NetrexPermissionError),
    # Not NetrexQueryError: an unknown error may be temporary, and a query must not be
    # treated as invalid because of that.
    (lambda _: True, NetrexResponseError),
)


def read_errors(
    body: Mapping[str, object],
    *,
    status: int,
    retry_after: float | None,
    secrets: Sequence[str] = (),
) -> tuple[GraphQLError, ...]:
    """Return a response's errors.

    Args:
        body: The whole response. Entries of `errors` that are not objects count as
            errors without a text. `errors` that is not a list, or a bare `error`, is
            read like one entry.
        status: The response's HTTP status.
        retry_after: Seconds of the Retry-After header.
        secrets: Strings to keep out of error texts.
    """
    entries: list[object] = list(as_list(body.get("errors"), _MAX_ENTRIES))
    if not entries and (body.get("errors") or body.get("error")):
        entries = [body.get("errors") or body.get("error")]
    return tuple(
        _read_entry(
            entry,
            status,
            retry_after,
            secrets,
            MAX_EXCERPT_LENGTH if index < _MAX_LONG_ENTRIES else _SHORT_TEXT_LENGTH,
        )
        for index, entry in enumerate(entries)
    )


def _read_entry(
    entry: object,
    status: int,
    retry_after: float | None,
    secrets: Sequence[str],
    limit: int,
) -> GraphQLError:
    item = as_mapping(entry)
    # graphql-php up to 0.12 has the category beside the message, later versions in
    # `extensions`, the newest not at all.
    category = item.get("category") or as_mapping(item.get("extensions")).get(
        "category"
    )
    properties = _Entry(
        message=_message(item.get("message"), limit)
        or _message(entry, limit)
        or "no reason given",
        category=as_text(category) or "",
        path=as_path(item.get("path")),
        has_location=bool(item.get("locations")),
        status=status,
        retry_after=retry_after,
    )
    make_error = next(error for applies, error in _RULES if applies(properties))
    error = make_error(
        f"The portal refused the request: {redact(properties.message, *secrets)}"
    )
    if isinstance(error, NetrexRateLimitedError):
        error.retry_after = retry_after
    return GraphQLError(properties.path, error)


def _message(value: object, limit: int) -> str:
    text = as_raw_text(value)
    return "" if text is None else excerpt(text, limit)


def error_from_body(
    body: bytes, status: int, *, retry_after: float | None
) -> NetrexError:
    """Return the error for a response that is not JSON.

    Args:
        body: An HTML page, a truncated response, or an empty body.
        status: The response's HTTP status.
        retry_after: Seconds of the Retry-After header.
    """
    text = f"The portal's response is not JSON (HTTP status {status})"
    excerpt = body[:_MAX_BODY_EXCERPT].decode("latin-1")
    if (
        status == HTTPStatus.TOO_MANY_REQUESTS
        or retry_after is not None
        or re.search(_LIMIT_WORDS, excerpt, re.IGNORECASE)
    ):
        return NetrexRateLimitedError(text, retry_after=retry_after)
    error = _STATUSES.get(status, NetrexResponseError)(text)
    error.explained = status not in _UNEXPLAINED
    return error


# Refusals that may concern a request, the token, or a limit.
_UNEXPLAINED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


_STATUSES: dict[int, type[NetrexError]] = {
    HTTPStatus.UNAUTHORIZED: NetrexAuthError,
    HTTPStatus.FORBIDDEN: NetrexPermissionError,
    # A proxy responds in place of an unreachable portal.
    HTTPStatus.BAD_GATEWAY: NetrexConnectionError,
    HTTPStatus.SERVICE_UNAVAILABLE: NetrexConnectionError,
    HTTPStatus.GATEWAY_TIMEOUT: NetrexConnectionError,
}
