"""Where one can be in the media browser, as the identifiers name it.

An identifier has no query string, because Home Assistant signs paths only, and no names
but ids, so that it stays the same when something is renamed.
"""

from dataclasses import dataclass
from datetime import date

from ..recordings.clip import Clip
from .calendar import HOUR, YEARS, Span

# What no node and no time reaches.
_MOST_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Root:
    """All accounts."""

    entry_id: None = None

    def __str__(self) -> str:
        """Return the identifier."""
        return ""


@dataclass(frozen=True, slots=True)
class AccountPlace:
    """The top of an account."""

    entry_id: str

    def __str__(self) -> str:
        """Return the identifier."""
        return self.entry_id


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder or location of the portal."""

    entry_id: str
    node_id: int

    def __str__(self) -> str:
        """Return the identifier."""
        return f"{self.entry_id}/folder/{self.node_id}"


@dataclass(frozen=True, slots=True)
class CameraDays:
    """The days of a camera up to `last`; None for today."""

    entry_id: str
    node_id: int
    last: date | None = None

    def __str__(self) -> str:
        """Return the identifier."""
        last = f"/{self.last}" if self.last else ""
        return f"{self.entry_id}/camera/{self.node_id}{last}"


@dataclass(frozen=True, slots=True)
class Day:
    """The hours of a day, which is one of Home Assistant's time zone."""

    entry_id: str
    node_id: int
    day: date

    def __str__(self) -> str:
        """Return the identifier."""
        return f"{self.entry_id}/day/{self.node_id}/{self.day}"


@dataclass(frozen=True, slots=True)
class Hour:
    """The slices of an hour."""

    entry_id: str
    node_id: int
    span: Span

    def __str__(self) -> str:
        """Return the identifier."""
        start, end = self.span
        return f"{self.entry_id}/hour/{self.node_id}/{start}/{end}"


@dataclass(frozen=True, slots=True)
class Slice:
    """Something to play."""

    entry_id: str
    node_id: int
    span: Span

    def __str__(self) -> str:
        """Return the identifier."""
        start, end = self.span
        return f"{self.entry_id}/clip/{self.node_id}/{start}/{end}"

    @property
    def clip(self) -> Clip:
        """What is to be prepared for it."""
        return Clip(self.node_id, *self.span)


type Place = Root | AccountPlace | Folder | CameraDays | Day | Hour | Slice


def parse_place(identifier: str) -> Place:  # noqa: PLR0911 - a table
    """Return the place of an identifier. Raises ValueError if it names none."""
    match identifier.split("/"):
        case [""]:
            return Root()
        case [entry_id]:
            return AccountPlace(entry_id)
        case [entry_id, "folder", node]:
            return Folder(entry_id, _number(node))
        case [entry_id, "camera", node]:
            return CameraDays(entry_id, _number(node))
        case [entry_id, "camera", node, last]:
            return CameraDays(entry_id, _number(node), _day(last))
        case [entry_id, "day", node, day]:
            return Day(entry_id, _number(node), _day(day))
        case [entry_id, "hour", node, start, end]:
            return Hour(entry_id, _number(node), parse_span(start, end, HOUR))
        case [entry_id, "clip", node, start, end]:
            return Slice(entry_id, _number(node), parse_span(start, end))
    raise ValueError("not an identifier")


def parse_span(start: str, end: str, longest: int | None = None) -> Span:
    """Return a time of unix seconds. Raises ValueError if it is none."""
    span = _number(start), _number(end)
    if span[0] >= span[1] or (longest and span[1] - span[0] > longest):
        raise ValueError("not a time")
    return span


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise ValueError("not a number")
    return int(text)


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if day.year not in YEARS:
        raise ValueError("not a day of recordings")
    return day
