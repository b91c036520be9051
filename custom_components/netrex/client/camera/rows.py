"""Rows of `name=value`, the response format of older camera interfaces."""

from collections.abc import Iterator
import re

from ..values import as_key, as_text

# All parameters of a camera are about 4,000 rows.
_MAX_ROWS = 20_000
_MAX_VALUE_LENGTH = 2_000
# Not every character at which Python splits lines: values can contain the others.
_BREAK = re.compile(r"\r?\n|\r")


def read_rows(text: str) -> Iterator[tuple[str, str]]:
    """Yield the names and values of the first rows; skip lines in any other form.

    Values are cleaned and cut like all texts (decision 0028).
    """
    for line in _BREAK.split(text, _MAX_ROWS)[:_MAX_ROWS]:
        name, equals, value = line.partition("=")
        if equals and (key := as_key(name.strip())):
            yield key, as_text(value, _MAX_VALUE_LENGTH) or ""
