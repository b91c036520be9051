"""Tolerant conversion of JSON values; all functions accept any value."""

from collections.abc import Callable, Mapping
import math


def as_int(value: object) -> int | None:
    """Return an integer, also from `12.0` and `"12"`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    number = as_float(value)
    return int(number) if number is not None and number.is_integer() else None


def as_float(value: object) -> float | None:
    """Return a finite number, also from a numeric string."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError, OverflowError:
        return None
    return number if math.isfinite(number) else None


def as_bool(value: object) -> bool | None:
    """Return a boolean, also from 0, 1 and the strings of both."""
    if isinstance(value, str):
        return _BOOLEANS.get(value.lower())
    return bool(value) if value in (0, 1) else None


_BOOLEANS = {"0": False, "1": True, "false": False, "true": True}


def as_text(value: object) -> str | None:
    """Return a non-empty string, also from a number."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None


def as_mapping(value: object) -> Mapping[str, object]:
    """Return a JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """Return a JSON array; an empty one for anything else."""
    return value if isinstance(value, list) else []


def parse_each[T](
    value: object, parse: Callable[[Mapping[str, object]], T | None]
) -> tuple[T, ...]:
    """Parse the objects of a JSON array; leave out those parsed as None."""
    parsed = (parse(item) for item in as_list(value) if isinstance(item, dict))
    return tuple(item for item in parsed if item is not None)
