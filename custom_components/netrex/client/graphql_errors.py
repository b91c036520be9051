"""What the portal's errors mean.

Documented are three ("Error responses"); the rest is read from the library that the
form of those three points to (graphql-php), or foreseen. The tables are read from
the top, so the surer signs stand first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
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
from .values import as_float, as_list, as_mapping, as_text

_LONGEST_TEXT = 300
_HIDDEN = "**"


def redact(text: str, *secrets: str) -> str:
    """Return a text of the portal without anything that could be a secret.

    Args:
        text: From outside.
        secrets: Known ones, such as the token in use.
    """
    for secret in filter(None, secrets):
        text = text.replace(secret, _HIDDEN)
    for pattern in _SECRETS:
        text = pattern.sub(_HIDDEN, text)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


_SECRETS = (
    re.compile(r"[a-zA-Z][\w+.-]*://\S+"),  # a link
    re.compile(r"[?&][\w.]+=\S*"),  # a query string
    re.compile(r"(?i)\bbearer\s+\S+"),  # a header's value
    re.compile(r"(?i)\btoken\s+(?=\S*\d)\S{8,}"),
    re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"),  # an address
    re.compile(r"(?=[\w~+/=-]*\d)[\w~+/=-]{16,}"),  # a token or key: has a digit
)


@dataclass(frozen=True, slots=True)
class GraphQLError:
    """One entry of an answer's `errors`.

    Attributes:
        path: Where in the data it happened; empty if it concerns the whole answer.
        error: What it means.
    """

    path: tuple[str | int, ...]
    error: NetrexError


@dataclass(frozen=True, slots=True)
class _Signs:
    """What an error entry and its answer show."""

    message: str
    category: str
    path: tuple[str | int, ...]
    has_location: bool
    status: int
    retry_after: float | None

    @property
    def of_token(self) -> bool:
        """Whether it can be the token that is refused: that is no single field's."""
        return not self.path or self.says("token")

    def category_is(self, *categories: str) -> bool:
        return self.category.lower() in categories

    def category_has(self, pattern: str) -> bool:
        return re.search(pattern, self.category) is not None

    def says(self, pattern: str) -> bool:
        return re.search(pattern, self.message, re.IGNORECASE) is not None


type _Rule = tuple[Callable[[_Signs], bool], Callable[[str, _Signs], NetrexError]]


def _auth(text: str, _: _Signs) -> NetrexError:
    return NetrexAuthError(text)


def _expired(text: str, _: _Signs) -> NetrexError:
    return NetrexAuthError(text, expired=True)


def _limited(text: str, signs: _Signs) -> NetrexError:
    return NetrexRateLimitedError(text, retry_after=signs.retry_after)


def _plain(error: type[NetrexError]) -> Callable[[str, _Signs], NetrexError]:
    return lambda text, _: error(text)


_UNAUTHORIZED, _FORBIDDEN, _TOO_MANY, _SERVER_ERROR = 401, 403, 429, 500
_PAGE_START = 1000  # bytes
_LIMIT_CATEGORY = r"^rate|Rate|_rate|(?i:limit|throttl|quota|too_?many)"
_LIMIT_WORDS = (
    r"rate.?limit|throttl|too many|quota|"
    r"\b(quer(y|ies)|requests?|calls?|api|daily)\b.*\blimit|"
    r"\blimit\b.*\b(quer(y|ies)|requests?|calls?|api)\b"
)
_AUTH_WORDS = (
    "(invalid|missing|empty|revoked|unknown).*token|"
    "token.*(invalid|missing|revoked|unknown)"
)

_RULES: tuple[_Rule, ...] = (
    # Documented: the three errors of "Error responses". The third one's category is
    # that of any client's mistake, so its words decide. An error of a single field
    # that does not speak of the token is about a right: a token that were refused
    # would be renewed for ever.
    (lambda s: s.category_is("autherror") and s.of_token, _auth),
    (lambda s: s.category_is("autherror"), _plain(NetrexPermissionError)),
    # A recording may expire too: that has a path and does not speak of a token.
    (lambda s: s.category_is("expired") and s.of_token, _expired),
    (lambda s: s.says("unknown or unavailable platform"), _auth),
    # The categories of graphql-php.
    (lambda s: s.category_is("graphql", "request"), _plain(NetrexQueryError)),
    # Validation errors of newer servers have no category, but point into the query.
    (lambda s: s.has_location and not s.path, _plain(NetrexQueryError)),
    # Foreseen: nobody knows how the portal says that its limit is reached.
    (lambda s: s.status == _TOO_MANY or s.retry_after is not None, _limited),
    (lambda s: s.category_has(_LIMIT_CATEGORY), _limited),
    (lambda s: s.says(_LIMIT_WORDS), _limited),
    # A refused token concerns the whole request, so there is no path.
    (lambda s: not s.path and s.says("token.*expired"), _expired),
    (lambda s: not s.path and s.says(_AUTH_WORDS), _auth),
    (
        lambda s: s.category_has("(?i:permission|forbidden|access|denied|scope)"),
        _plain(NetrexPermissionError),
    ),
    (
        lambda s: s.says(
            r"permission|forbidden|access denied|insufficient|not (allowed|authori[sz])"
        ),
        _plain(NetrexPermissionError),
    ),
    (
        lambda s: s.category_has("(?i:not_?found|missing)") or s.category_is("expired"),
        _plain(NetrexNotFoundError),
    ),
    (
        lambda s: s.says(r"not found|(not|n't) exist|no such|expired"),
        _plain(NetrexNotFoundError),
    ),
    (lambda s: s.category_is("internal"), _plain(NetrexResponseError)),
    (lambda s: s.says("^internal server error"), _plain(NetrexResponseError)),
    (lambda s: s.status == _UNAUTHORIZED, _auth),
    (lambda s: s.status == _FORBIDDEN, _plain(NetrexPermissionError)),
    (lambda s: s.status >= _SERVER_ERROR, _plain(NetrexResponseError)),
)


def read_errors(
    body: Mapping[str, object],
    *,
    status: int,
    retry_after: float | None,
    secrets: Sequence[str] = (),
) -> tuple[GraphQLError, ...]:
    """Return the meaning of an answer's errors.

    Args:
        body: The whole answer; entries of `errors` that are no objects count as
            errors without a text. Errors that are no list, or a bare `error`, are
            read like one entry.
        status: The answer's HTTP status.
        retry_after: Seconds, from the header.
        secrets: What must not appear in texts.
    """
    entries: list[object] = list(as_list(body.get("errors")))
    if not entries and (body.get("errors") or body.get("error")):
        entries = [body.get("errors") or body.get("error")]
    return tuple(_read_entry(entry, status, retry_after, secrets) for entry in entries)


def _read_entry(
    entry: object, status: int, retry_after: float | None, secrets: Sequence[str]
) -> GraphQLError:
    item = as_mapping(entry)
    # graphql-php up to 0.12 has the category beside the message, later ones below
    # `extensions`, the newest nowhere.
    category = item.get("category") or as_mapping(item.get("extensions")).get(
        "category"
    )
    signs = _Signs(
        message=as_text(item.get("message")) or as_text(entry) or "no reason given",
        category=as_text(category) or "",
        path=tuple(
            key for key in as_list(item.get("path")) if isinstance(key, str | int)
        ),
        has_location=bool(item.get("locations")),
        status=status,
        retry_after=retry_after,
    )
    text = f"The portal refuses: {redact(signs.message, *secrets)}"
    for applies, meaning in _RULES:
        if applies(signs):
            return GraphQLError(signs.path, meaning(text, signs))
    # Not NetrexQueryError: what nobody recognises may well be a passing trouble, and
    # a query must not be taken for wrong because of that.
    return GraphQLError(signs.path, NetrexResponseError(text))


def error_from_body(
    raw: bytes, status: int, *, retry_after: float | None
) -> NetrexError:
    """Return the meaning of an answer that is not JSON.

    Args:
        raw: A page, a half of an answer, or nothing.
        status: The answer's HTTP status.
        retry_after: Seconds, from the header.
    """
    text = f"The portal's answer is no JSON (HTTP status {status})"
    start = raw[:_PAGE_START].decode("latin-1")
    if (
        status == _TOO_MANY
        or retry_after is not None
        or re.search(_LIMIT_WORDS, start, re.IGNORECASE)
    ):
        return NetrexRateLimitedError(text, retry_after=retry_after)
    return _STATUSES.get(status, NetrexResponseError)(text)


_STATUSES: dict[int, type[NetrexError]] = {
    _UNAUTHORIZED: NetrexAuthError,
    _FORBIDDEN: NetrexPermissionError,
    # A gateway speaks for a portal that does not.
    502: NetrexConnectionError,
    503: NetrexConnectionError,
    504: NetrexConnectionError,
}


def read_retry_after(header: str | None, *, now: float) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110, 10.2.3).

    Args:
        header: Seconds or a date; anything else counts as absent.
        now: Unix time in seconds.
    """
    if header is None:
        return None
    if (seconds := as_float(header)) is None:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - now
        except ValueError, OverflowError:
            return None
    return max(seconds, 0.0)
