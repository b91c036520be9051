"""Parses untrusted JSON with bounded memory, and large bodies in a thread."""

import asyncio
import json

# Bodies of at least this size would block the event loop; a thread parses them.
LARGE_BODY_BYTES = 128 * 2**10
# A value takes up to 100 bytes of memory, regardless of the body's size.
MAX_VALUES = 300_000
_CHUNK_BYTES = 2**20
_SEPARATORS = (b"{", b"[", b",")


class TooManyValuesError(ValueError):
    """The body has more values than any real response."""


async def load_json(body: bytes, max_values: int = MAX_VALUES) -> object:
    """Parse a body; a large one in a thread. Raises the same errors as `parse_json`."""
    if len(body) < LARGE_BODY_BYTES:
        return parse_json(body, max_values)
    return await asyncio.to_thread(parse_json, body, max_values)


def parse_json(body: bytes, max_values: int = MAX_VALUES) -> object:
    """Parse JSON; NaN and Infinity, which are not JSON, become null.

    Raises:
        TooManyValuesError: There are more than about `max_values` values. Commas and
            brackets within texts also count.
        ValueError: The body is not JSON or is nested too deeply.
    """
    if len(body) > max_values and _count_values(body) > max_values:
        raise TooManyValuesError("too many values")
    try:
        parsed: object = json.loads(
            body.decode("utf-8-sig"),
            parse_constant=lambda _: None,
            # Calling Python code lets the thread of the event loop run during parsing.
            object_hook=lambda item: item,
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return parsed


def _count_values(body: bytes) -> int:
    # In chunks, so that other threads can run in between.
    return sum(
        body.count(separator, start, start + _CHUNK_BYTES)
        for start in range(0, len(body), _CHUNK_BYTES)
        for separator in _SEPARATORS
    )
