"""The shapes of the stored sections; data that does not match is dropped on load."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from .client.values import as_float, as_int

# Returns a clean copy of a stored value; raises ValueError if nothing can be kept.
type Shape = Callable[[object], Any]


def anything(value: object) -> object:
    """Accept any value; the code that reads it checks it."""
    return value


def text(value: object) -> str:
    """Accept a text."""
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004 - all shapes raise the same
    return value


def number(value: object) -> int | float:
    """Accept a finite number."""
    found = None if isinstance(value, str) else as_float(value)
    if found is None:
        raise ValueError
    return int(found) if isinstance(value, int) else found


def iso_day(value: object) -> str:
    """Accept the text of a date."""
    return date.fromisoformat(text(value)).isoformat()


def integer_key(key: object) -> str:
    """Accept the text of an integer, such as a node id."""
    if as_int(key) is None or str(as_int(key)) != key:
        raise ValueError
    return key


def series_key(key: object) -> str:
    """Accept the key of a series: a node id, an underscore, and a metric."""
    node, _, metric = text(key).partition("_")
    if not metric:
        raise ValueError
    return f"{integer_key(node)}_{metric}"


def port(value: object) -> int:
    """Accept a TCP port, or 0 for none."""
    found = as_int(value)
    if found is None or isinstance(value, str | bool) or not 0 <= found < 2**16:
        raise ValueError
    return found


def mapping(shape: Shape, key_shape: Shape = text) -> Shape:
    """Return the shape of an object whose values have one shape."""

    def clean(value: object) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key, item in _mapping(value).items():
            try:
                kept[key_shape(key)] = shape(item)
            except ValueError:
                continue
        return kept

    return clean


def record(
    shapes: Mapping[str, Shape], *, required: frozenset[str] = frozenset()
) -> Shape:
    """Return the shape of an object with known keys; other keys are kept unchanged."""

    def clean(value: object) -> dict[str, Any]:
        kept = dict(_mapping(value))
        for key in shapes.keys() & kept.keys():
            try:
                kept[key] = shapes[key](kept[key])
            except ValueError:
                del kept[key]
        if not required <= kept.keys():
            raise ValueError
        return kept

    return clean


def list_of(shape: Shape) -> Shape:
    """Return the shape of a list; one invalid item makes the whole list unusable."""

    def clean(value: object) -> list[Any]:
        if not isinstance(value, list):
            raise ValueError  # noqa: TRY004 - all shapes raise the same
        return [shape(item) for item in value]

    return clean


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError  # noqa: TRY004 - all shapes raise the same
    return value
