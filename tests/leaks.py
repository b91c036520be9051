"""Search exceptions and logs for secrets."""

from collections.abc import Iterable, Iterator
import traceback

import pytest


def exceptions(err: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception with all its causes and contexts."""
    waiting, seen = [err], list[BaseException]()
    while waiting:
        one = waiting.pop()
        if one is not None and one not in seen:
            seen.append(one)
            waiting += [one.__cause__, one.__context__]
    yield from seen


def texts(err: BaseException) -> str:
    """Return everything that could be shown or logged of an exception."""
    parts = [
        text
        for one in exceptions(err)
        for text in (str(one), repr(one), repr(one.args), repr(vars(one)))
    ]
    return "\n".join([*parts, *traceback.format_exception(err)])


def assert_no_secret(text: str, secrets: Iterable[str]) -> None:
    """Fail if a secret is in a text."""
    secrets = list(secrets)
    assert secrets
    found = [secret for secret in secrets if secret in text]
    assert not found


def assert_log_clean(log: pytest.LogCaptureFixture, secrets: Iterable[str]) -> None:
    """Fail if a secret is in the log, tracebacks included."""
    # Test servers write an access log; Home Assistant's own server has none.
    records = [record for record in log.records if record.name != "aiohttp.access"]
    lines = map(log.handler.format, records)
    assert_no_secret("\n".join(lines), secrets)
