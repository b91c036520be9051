"""Identifiers of the media source's items.

They hold ids instead of names, so that they survive a renaming, and no query string,
because Home Assistant signs paths only. Users store them, so they must not change.
"""

from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime
from typing import ClassVar

from ..client.days import DAY, HOUR, Span
from ..errors import failed
from ..recordings.clip import Clip
from .calendar import YEARS

# More than any node id or unix time has.
_MAX_DIGITS = 12
# The end of the years that can have recordings (unix seconds), and a day more for the
# time zones: later times are beyond the calendar or the portal.
_LAST_SECOND = int(datetime(YEARS.stop, 1, 1, tzinfo=UTC).timestamp()) + DAY


@dataclass(frozen=True, slots=True)
class Root:
    """The top of an account; None for the list of all accounts."""

    entry_id: str | None

    def __str__(self) -> str:
        """Return the identifier."""
        return self.entry_id or ""


@dataclass(frozen=True, slots=True)
class _NodeItem:
    """An item of a node; `KIND` is its type in the identifier."""

    KIND: ClassVar[str]

    entry_id: str
    node_id: int

    def __str__(self) -> str:
        """Return the identifier."""
        entry_id, *values = (value for value in astuple(self) if value is not None)
        return "/".join(map(str, (entry_id, self.KIND, *values)))


@dataclass(frozen=True, slots=True)
class _SpanItem(_NodeItem):
    """An item of a camera between two unix times (seconds)."""

    start: int
    end: int

    @property
    def span(self) -> Span:
        """The time between start and end."""
        return Span(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Folder(_NodeItem):
    """A folder or location of the portal."""

    KIND = "folder"


@dataclass(frozen=True, slots=True)
class CameraDays(_NodeItem):
    """The days of a camera up to `last`; None for today."""

    KIND = "camera"

    last: date | None = None


@dataclass(frozen=True, slots=True)
class Day(_NodeItem):
    """The hours of a day in Home Assistant's time zone."""

    KIND = "day"

    day: date


@dataclass(frozen=True, slots=True)
class Hour(_SpanItem):
    """The slices of an hour."""

    KIND = "hour"


@dataclass(frozen=True, slots=True)
class Slice(_SpanItem):
    """A playable part of a recording."""

    KIND = "clip"

    @property
    def clip(self) -> Clip:
        """The clip to play."""
        return Clip(self.node_id, self.start, self.end)


type MediaItem = Root | Folder | CameraDays | Day | Hour | Slice


def parse_identifier(identifier: str | None) -> MediaItem:  # noqa: PLR0911 - one per kind of item
    """Return the item of an identifier; Home Assistant passes None for all accounts.

    Raises:
        HomeAssistantError: There is no such item.
    """
    match (identifier or "").split("/"):
        case [entry_id]:
            return Root(entry_id or None)
        case [entry_id, "folder", node]:
            return Folder(entry_id, _parse_number(node))
        case [entry_id, "camera", node]:
            return CameraDays(entry_id, _parse_number(node))
        case [entry_id, "camera", node, last]:
            return CameraDays(entry_id, _parse_number(node), _parse_day(last))
        case [entry_id, "day", node, day]:
            return Day(entry_id, _parse_number(node), _parse_day(day))
        case [entry_id, "hour", node, start, end]:
            return Hour(entry_id, _parse_number(node), *_parse_span(start, end, HOUR))
        case [entry_id, "clip", node, start, end]:
            return parse_slice(entry_id, node, start, end)
    raise failed("place_gone")


def parse_slice(entry_id: str, node_id: str, start: str, end: str) -> Slice:
    """Return a slice; raises HomeAssistantError if the numbers are not valid."""
    return Slice(entry_id, _parse_number(node_id), *_parse_span(start, end))


def parse_number(text: str) -> int | None:
    """Return a node id or unix time (seconds); None if the text has none."""
    if text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS:
        return int(text)
    return None


def _parse_span(start: str, end: str, longest: int | None = None) -> Span:
    span = Span(_parse_number(start), _parse_number(end))
    if not span.start < span.end <= _LAST_SECOND or (
        longest and span.end - span.start > longest
    ):
        raise failed("place_gone")
    return span


def _parse_number(text: str) -> int:
    if (number := parse_number(text)) is None:
        raise failed("place_gone")
    return number


def _parse_day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise failed("place_gone") from None
    if day.year not in YEARS:
        raise failed("place_gone")
    return day
