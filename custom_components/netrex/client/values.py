"""Tolerant, bounded conversion of external values (decision 0028).

All functions accept any value and return values that can be stored as JSON.
"""

from collections.abc import Callable, Mapping
import math
import re

from .texts import MAX_NAME_LENGTH, MAX_TEXT_LENGTH, clean_text, is_clean

# JSON numbers up to this one are exact everywhere (RFC 8259, section 6).
MAX_NUMBER = 2**53 - 1
# Items of a list. Longer lists are cut; no account has this many nodes.
MAX_ITEMS = 20_000
# A number has at most this many characters.
_MAX_DIGITS = 40
_MAX_DEPTH = 32
# 64-bit ids may be sent as numbers.
_MAX_NUMERIC_ID = 2**64


def as_int(value: object) -> int | None:
    """Return an integer within ±2^53, also from `12.0` and `"12"`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) <= MAX_NUMBER else None
    number = as_float(value)
    return int(number) if number is not None and number.is_integer() else None


def as_float(value: object) -> float | None:
    """Return a number within ±2^53, also from a numeric string."""
    number = _number(value)
    return number if number is not None and abs(number) <= MAX_NUMBER else None


def as_clamped(value: object, low: float, high: float) -> float | None:
    """Return a number, or the nearest limit if it is outside [low, high]."""
    number = _number(value)
    return None if number is None else min(max(number, low), high)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > _MAX_DIGITS:
        return None
    try:
        number = float(value)
    except ValueError, OverflowError:
        return None
    return number if math.isfinite(number) else None


BOOLEANS: Mapping[str, bool] = {"0": False, "1": True, "false": False, "true": True}
_MAX_WORD = 10


def as_bool(value: object, words: Mapping[str, bool] = BOOLEANS) -> bool | None:
    """Return a boolean, also from 0, 1 and words in any case.

    Args:
        value: Any value.
        words: The words in lower case.
    """
    if isinstance(value, str):
        return words.get(value[:_MAX_WORD].lower())
    return bool(value) if value in (0, 1) else None


def as_text(value: object, limit: int = MAX_TEXT_LENGTH) -> str | None:
    """Return a non-empty text of at most `limit` characters, also from a number."""
    text = as_raw_text(value)
    return clean_text(text, limit) or None if text is not None else None


def as_name(value: object) -> str | None:
    """Return a name; long names are cut."""
    return as_text(value, MAX_NAME_LENGTH)


def as_key(value: object, limit: int = MAX_TEXT_LENGTH) -> str | None:
    """Return a text that identifies something, unchanged; None if it is not storable.

    Unlike a name, it is never cut or cleaned, because it would then identify something
    else.
    """
    text = as_raw_text(value)
    return text if text and len(text) <= limit and is_clean(text) else None


def as_matching(
    value: object, pattern: re.Pattern[str], limit: int = MAX_TEXT_LENGTH
) -> str | None:
    """Return a text, unchanged, if the pattern matches all of it; else None."""
    if not isinstance(value, str) or len(value) > limit or not is_clean(value):
        return None
    return value if pattern.fullmatch(value) else None


def as_raw_text(value: object) -> str | None:
    """Return a text unchanged, also from a number; for other cleaning functions."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < _MAX_NUMERIC_ID else None
    if isinstance(value, float):
        return str(value) if math.isfinite(value) else None
    return None


def as_mapping(value: object) -> Mapping[str, object]:
    """Return a JSON object; an empty object for any other value."""
    return value if isinstance(value, dict) else {}


def as_list(value: object, limit: int = MAX_ITEMS) -> list[object]:
    """Return the first items of a JSON array; an empty list for any other value."""
    if not isinstance(value, list):
        return []
    return value if len(value) <= limit else value[:limit]


def count_items(value: object) -> int:
    """Return the full length of a JSON array; 0 for any other value."""
    return len(value) if isinstance(value, list) else 0


def is_list(value: object) -> bool:
    """Return whether a value is a JSON array."""
    return isinstance(value, list)


def is_mapping(value: object) -> bool:
    """Return whether a value is a JSON object."""
    return isinstance(value, dict)


def as_path(value: object) -> tuple[str | int, ...]:
    """Return the location of an error in the data (GraphQL specification, 7.1.6)."""
    keys = (key for key in as_list(value, _MAX_DEPTH) if not isinstance(key, bool))
    found = (as_int(key) if isinstance(key, int) else as_key(key) for key in keys)
    return tuple(key for key in found if key is not None)


def parse_each[T](
    value: object,
    parse: Callable[[Mapping[str, object]], T | None],
    limit: int = MAX_ITEMS,
) -> tuple[T, ...]:
    """Parse the objects of a JSON array; omit those parsed as None."""
    parsed = (parse(item) for item in as_list(value, limit) if isinstance(item, dict))
    return tuple(item for item in parsed if item is not None)


def as_storable(value: object, depth: int = _MAX_DEPTH) -> object:
    """Return any JSON value with storable texts and numbers, for a user's own query.

    Integers beyond ±2^53 become texts, and values nested deeper than `depth` become
    None.
    """
    if isinstance(value, dict | list):
        return _storable_items(value, depth - 1) if depth else None
    if isinstance(value, str):
        return _storable_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and abs(value) > MAX_NUMBER:
        return as_raw_text(value)
    return value


def _storable_items(value: dict[str, object] | list[object], depth: int) -> object:
    if isinstance(value, list):
        return [as_storable(item, depth) for item in value]
    return {
        _storable_text(key): as_storable(item, depth) for key, item in value.items()
    }


def _storable_text(text: str) -> str:
    return text.encode(errors="ignore").decode()
