"""Response handling shared by all HTTP requests of the client."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
import time

import aiohttp

from .errors import NetrexError
from .json_body import load_json
from .values import as_float, as_mapping

# A response arrived, but was incomplete or not valid HTTP.
BROKEN = (aiohttp.ClientPayloadError, aiohttp.ClientResponseError)
UNREACHABLE = (aiohttp.ClientError, TimeoutError, OSError)

# Exception types, with the error to raise for them and its text.
type ErrorRule = tuple[
    type[Exception] | tuple[type[Exception], ...], type[NetrexError], str
]


# Headers for requests whose responses need no compression.
PLAIN_BODY = {"Accept-Encoding": "identity"}
# Bytes and values of an answer about one token.
_MAX_ANSWER_BYTES = 2**16
_MAX_ANSWER_VALUES = 1_000
_MAX_RETRY_AFTER_SECONDS = 24 * 3600.0


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


async def read_small_json(response: aiohttp.ClientResponse) -> Mapping[str, object]:
    """Return the JSON object of a short answer; an empty one if it is something else.

    The content type is ignored: PHP's default is text/html.

    Raises:
        BodyTooLargeError: The body exceeds 64 KiB.
    """
    body = await read_limited(response, _MAX_ANSWER_BYTES)
    try:
        return as_mapping(await load_json(body, _MAX_ANSWER_VALUES))
    except ValueError:
        return {}


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110, 10.2.3), a day at most.

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
    return min(max(seconds, 0.0), _MAX_RETRY_AFTER_SECONDS)
