"""Parses the search text of the media browser."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
import re
import unicodedata

from .calendar import YEARS

_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
# Day, month, and optionally the year, as written in most of Europe.
_DOTTED_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.?(\d{4})?")
_TIME = re.compile(r"(\d{1,2}):(\d{2})")


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A search for cameras, optionally with a day and a time.

    Attributes:
        words: Words of the camera's path as `fold` returns them; all must match.
        day: None if the text has no day.
        time: The time of that day; None if the text has no time.
    """

    words: tuple[str, ...]
    day: date | None = None
    time: time | None = None

    def matches(self, names: Collection[str]) -> bool:
        """Return whether each word is a prefix of a word in the names."""
        known = [word for name in names for word in _split(fold(name))]
        return all(any(name.startswith(word) for name in known) for word in self.words)


def fold(text: str) -> str:
    """Return a text without case and accents, so that searches need not match them."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def parse_query(text: str, now: datetime, days: Mapping[str, int]) -> SearchQuery:
    """Return the query of a search text.

    A time without a day is its latest occurrence.

    Args:
        text: Words in any order, such as "entrance 2026-11-24 14:10".
        now: The current time in Home Assistant's time zone.
        days: How many days ago words such as "yesterday" are.
    """
    ago = {fold(word): number for word, number in days.items()}
    words: list[str] = []
    day: date | None = None
    at: time | None = None
    for part in _split(fold(text)):
        if part in ago:
            day = now.date() - timedelta(days=ago[part])
        elif (found := _day(part, now.date())) and found.year in YEARS:
            day = found
        elif (moment := _time(part)) is not None:
            at = moment
        else:
            words.append(part)
    if at is not None and day is None:
        day = now.date()
        if at > now.time():
            day -= timedelta(days=1)
    return SearchQuery(tuple(words), day, at)


def _split(text: str) -> list[str]:
    return [part for part in re.split(r"[\s,;/]+", text) if part]


def _day(text: str, today: date) -> date | None:
    try:
        if found := _ISO_DAY.fullmatch(text):
            year, month, day = map(int, found.groups())
            return date(year, month, day)
        if found := _DOTTED_DAY.fullmatch(text):
            day, month = int(found[1]), int(found[2])
            if found[3]:
                return date(int(found[3]), month, day)
            this_year = date(today.year, month, day)
            # Without a year it is the latest such day: the future has no recordings.
            return this_year if this_year <= today else date(today.year - 1, month, day)
    except ValueError:
        return None
    return None


def _time(text: str) -> time | None:
    found = _TIME.fullmatch(text)
    try:
        return time(int(found[1]), int(found[2])) if found else None
    except ValueError:
        return None
