"""Classification of the portal's errors."""

from typing import Any

import pytest

from custom_components.netrex.client import (
    NetrexAuthError,
    NetrexConnectionError,
    NetrexError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexQueryError,
    NetrexRateLimitedError,
    NetrexResponseError,
)
from custom_components.netrex.client.graphql_errors import (
    error_from_body,
    read_errors,
    redact,
)

PLATFORM = "Request to an unknown or unavailable platform."


def _read(entry: object, status: int = 200, retry: float | None = None) -> NetrexError:
    [error] = read_errors({"errors": [entry]}, status=status, retry_after=retry)
    return error.error


# Documented: "Error responses". With any status, and the category in any place.
@pytest.mark.parametrize("status", [200, 400, 401, 403, 500])
@pytest.mark.parametrize("place", ["top", "extensions", "none"])
@pytest.mark.parametrize(
    ("message", "category", "expired"),
    [
        ("Invalid or empty access token.", "authError", False),
        ("Access token expired.", "expired", True),
        (PLATFORM, "client", False),
    ],
)
def test_documented_errors(
    message: str, category: str, expired: bool, place: str, status: int
) -> None:
    entry: dict[str, Any] = {"message": message}
    if place == "top":
        entry["category"] = category
    elif place == "extensions":
        entry["extensions"] = {"category": category}
    error = _read(entry, status)
    assert isinstance(error, NetrexAuthError)
    assert error.expired is expired
    assert message in str(error)


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        # categories of graphql-php
        ({"message": 'Cannot query field "x"', "category": "graphql"}, "query"),
        ({"message": "Syntax Error: limit of query", "category": "graphql"}, "query"),
        ({"message": "Batched queries are", "category": "request"}, "query"),
        ({"message": "Internal server error", "category": "internal"}, "response"),
        ({"message": "Internal server error"}, "response"),
        ({"message": 'Unknown argument "token"', "locations": [{}]}, "query"),
        # the limit
        ({"message": "API limit exceeded.", "category": "client"}, "limited"),
        ({"message": "Slow down", "category": "rateLimit"}, "limited"),
        ({"message": "Slow down", "category": "queryRate"}, "limited"),
        ({"message": "Slow down", "category": "THROTTLED"}, "limited"),
        ({"message": "Slow down", "category": "tooManyRequests"}, "limited"),
        ({"message": "Too many requests"}, "limited"),
        ({"message": "Daily limit reached"}, "limited"),
        ({"message": "You are over the limit of 1 query/second"}, "limited"),
        ({"message": "Request was throttled"}, "limited"),
        # not the limit
        ({"message": "Not integrated", "category": "integrateError"}, "response"),
        # authorization in other words
        ({"message": "The token has expired"}, "expired"),
        ({"message": "Missing access token"}, "auth"),
        ({"message": "Token is invalid"}, "auth"),
        ({"message": "Unknown device token", "path": ["a"]}, "response"),
        ({"message": "No", "category": "authError"}, "auth"),
        ({"message": "No token", "category": "authError", "path": ["a"]}, "auth"),
        # permissions
        ({"message": "No", "category": "authError", "path": ["a"]}, "permission"),
        ({"message": "No", "category": "permission"}, "permission"),
        ({"message": "No", "category": "accessDenied"}, "permission"),
        ({"message": "Insufficient rights"}, "permission"),
        ({"message": "You are not authorized to do this"}, "permission"),
        # missing objects
        ({"message": "No", "category": "notFound"}, "absent"),
        ({"message": "Recording not found"}, "absent"),
        ({"message": "Node doesn't exist"}, "absent"),
        ({"message": "Too old", "category": "expired", "path": ["a"]}, "absent"),
        ({"message": "Recording expired"}, "absent"),
        # anything else
        ({"message": "Camera is offline", "category": "client"}, "response"),
        ({}, "response"),
        ("just a text", "response"),
        (None, "response"),
        (5, "response"),
    ],
)
def test_error_types(entry: object, kind: str) -> None:
    kinds: dict[str, type[NetrexError]] = {
        "query": NetrexQueryError,
        "response": NetrexResponseError,
        "limited": NetrexRateLimitedError,
        "auth": NetrexAuthError,
        "expired": NetrexAuthError,
        "permission": NetrexPermissionError,
        "absent": NetrexNotFoundError,
    }
    error = _read(entry)
    assert type(error) is kinds[kind]
    if isinstance(error, NetrexAuthError):
        assert error.expired is (kind == "expired")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, NetrexResponseError),
        (400, NetrexResponseError),
        (401, NetrexAuthError),
        (403, NetrexPermissionError),
        (429, NetrexRateLimitedError),
        (500, NetrexResponseError),
        (503, NetrexResponseError),
    ],
)
def test_status_decides_if_the_entry_does_not(
    status: int, kind: type[NetrexError]
) -> None:
    assert type(_read({"message": "No"}, status)) is kind


def test_retry_after_means_the_limit() -> None:
    error = _read({"message": "No"}, 503, 17)
    assert isinstance(error, NetrexRateLimitedError)
    assert error.retry_after == 17


def test_paths_and_forms_of_errors() -> None:
    body = {
        "errors": [
            {"message": "a", "path": ["a0", 3, None, "x"]},
            {"message": "b", "path": "a1"},
        ]
    }
    errors = read_errors(body, status=200, retry_after=None)
    assert [error.path for error in errors] == [("a0", 3, "x"), ()]
    for other in ({"error": "rate limit"}, {"errors": {"message": "rate limit"}}):
        [error] = read_errors(other, status=200, retry_after=None)
        assert isinstance(error.error, NetrexRateLimitedError)
    assert read_errors({"errors": []}, status=200, retry_after=None) == ()


@pytest.mark.parametrize(
    ("raw", "status", "retry", "kind"),
    [
        (b"<html>", 200, None, NetrexResponseError),
        (b"", 200, None, NetrexResponseError),
        (b'{"data":', 200, None, NetrexResponseError),
        (b"API limit exceeded.", 200, None, NetrexRateLimitedError),
        (b"<h1>Too Many Requests</h1>", 400, None, NetrexRateLimitedError),
        (b"", 429, None, NetrexRateLimitedError),
        (b"busy", 503, 5.0, NetrexRateLimitedError),
        (b"busy", 503, None, NetrexConnectionError),
        (b"", 502, None, NetrexConnectionError),
        (b"", 504, None, NetrexConnectionError),
        (b"", 500, None, NetrexResponseError),
        (b"", 401, None, NetrexAuthError),
        (b"", 403, None, NetrexPermissionError),
        (b"", 404, None, NetrexResponseError),
    ],
)
def test_bodies_that_are_not_json(
    raw: bytes, status: int, retry: float | None, kind: type[NetrexError]
) -> None:
    error = error_from_body(raw, status, retry_after=retry)
    assert type(error) is kind
    if isinstance(error, NetrexRateLimitedError):
        assert error.retry_after == retry


@pytest.mark.parametrize(
    "text",
    [
        "Bad token abc!def.",
        "rtsp://nvhs10.survilla.net:2554/abc!def",
        "https://host/api/download.php?auth_key=abc!def",
        "/api/download.php?auth_key=abc!def",
        "index.php?a=1&token=abc!def",
        "Header Bearer abc-def-ghi",
        "key 2YwmG01NAeNYz4m1bZfwIKLOaoHeCfxH!",
        "from 211.21.111.111",
    ],
)
def test_redact_removes_secrets(text: str) -> None:
    redacted = redact(text, "abc!def", "")
    assert "**" in redacted
    for secret in ("abc", "2YwmG01", "survilla", "211.21"):
        assert secret not in redacted


def test_redact_keeps_the_rest() -> None:
    text = 'Cannot query field "statisticDataMetricByGranularity" on type "Query".'
    assert redact(text) == text
    assert len(redact("x " * 999)) == 301
