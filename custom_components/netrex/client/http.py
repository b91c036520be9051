"""Response handling shared by all HTTP requests of the client."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
import time

import aiohttp

from .errors import NetrexError
from .values import as_float

# The response came, but not in full or not as HTTP.
BROKEN = (aiohttp.ClientPayloadError, aiohttp.ClientResponseError)
UNREACHABLE = (aiohttp.ClientError, TimeoutError, OSError)

# Exception types, with the error to raise for them and its text.
type ErrorRule = tuple[
    type[Exception] | tuple[type[Exception], ...], type[NetrexError], str
]


class BodyTooLargeError(aiohttp.ClientPayloadError):
    """The body exceeds the limit."""


@contextmanager
def map_exceptions(*rules: ErrorRule) -> Iterator[None]:
    """Raise the error of the first matching rule in place of an exception.

    The error names the exception's type only and drops the exception itself, whose
    attributes include the request's address and headers.
    """
    try:
        yield
    except Exception as err:
        for types, error, text in rules:
            if isinstance(err, types):
                mapped = error(f"{text} ({type(err).__name__})")
                try:
                    raise mapped from None
                finally:
                    mapped.__context__ = None
        raise


async def read_limited(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Read a body of at most `limit` bytes, counted after decompression.

    Raises:
        BodyTooLargeError: The body exceeds the limit.
    """
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise BodyTooLargeError
    return bytes(body)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110, 10.2.3).

    None if the header is missing or holds neither seconds nor a date.
    """
    value = headers.get("Retry-After")
    if value is None:
        return None
    if (seconds := as_float(value)) is None:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError, OverflowError:
            return None
    return max(seconds, 0.0)
