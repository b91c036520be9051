"""Response handling shared by the client's HTTP requests."""

import aiohttp
from freezegun import freeze_time
import pytest

from custom_components.netrex.client import NetrexConnectionError, NetrexResponseError
from custom_components.netrex.client.http import map_exceptions, retry_after

RULES = (
    (aiohttp.ClientPayloadError, NetrexResponseError, "Broken"),
    ((aiohttp.ClientError, OSError), NetrexConnectionError, "Unreachable"),
)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120),
        ("0", 0),
        ("-5", 0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 60),
        ("Wed, 21 Oct 2015 07:00:00 GMT", 0),
        ("soon", None),
        ("", None),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
    ],
)
@freeze_time("2015-10-21T07:27:00Z")
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after({} if header is None else {"Retry-After": header}) == seconds


@pytest.mark.parametrize(
    ("raised", "kind", "text"),
    [
        (
            aiohttp.ClientPayloadError("https://host/?key=secret"),
            NetrexResponseError,
            "Broken (ClientPayloadError)",
        ),
        (
            aiohttp.ClientConnectionError("https://host/?key=secret"),
            NetrexConnectionError,
            "Unreachable (ClientConnectionError)",
        ),
        (OSError("secret"), NetrexConnectionError, "Unreachable (OSError)"),
    ],
)
def test_exceptions_are_mapped_by_the_first_rule_and_dropped(
    raised: Exception, kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind) as caught, map_exceptions(*RULES):
        raise raised
    assert type(caught.value) is kind
    assert str(caught.value) == text
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_other_exceptions_pass() -> None:
    raised = KeyError("x")
    with pytest.raises(KeyError) as caught, map_exceptions(*RULES):
        raise raised
    assert caught.value is raised
