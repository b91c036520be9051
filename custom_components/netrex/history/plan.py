"""Plans which hours to request next.

Pure: the current time is an argument. All times are in seconds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..client.days import DAY, HOUR
from ..kpi import SeriesKey

# The longest range of one query ("1 year maximum range", "API Limit").
YEAR = 365 * DAY
# Counters buffer their values while they are offline, so the last two days are read
# again daily. A query for two days costs the same as one for two hours.
OVERLAP = 2 * DAY
READ_AGAIN = DAY
# An hour is read at least two hours after its start: by then, the portal's values
# have settled, and Home Assistant has compiled its own row for that hour.
SETTLING = HOUR


@dataclass(frozen=True, slots=True)
class Coverage:
    """The hours [start, end) of a series that are in the recorder.

    `read` is the time of the last request for the newest hour; `any` is whether any
    hour had a value.
    """

    start: int
    end: int
    read: int
    any: bool

    def joined(self, block: Block, now: int, *, found: bool) -> Coverage:
        """Return the coverage extended by an adjacent or overlapping block."""
        return Coverage(
            min(self.start, block.start),
            max(self.end, block.end),
            now if block.end >= newest_hour(now) else self.read,
            self.any or found,
        )

    def as_list(self) -> list[Any]:
        """Return JSON data for `from_list`: a short list, since each series has one."""
        return [self.start, self.end, self.read, self.any]

    @classmethod
    def from_list(cls, stored: list[Any]) -> Coverage:
        """Restore the result of `as_list`."""
        start, end, read, found = stored
        return cls(start, end, read, found)


@dataclass(frozen=True, slots=True)
class Block:
    """The hours [start, end) of a series to request."""

    series: SeriesKey
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Progress:
    """The covered and the wanted hours of all series."""

    done: int
    wanted: int

    @property
    def percent(self) -> float | None:
        """Return the covered share in percent; None if no hours are wanted."""
        return round(100 * self.done / self.wanted, 1) if self.wanted else None


def newest_hour(now: float) -> int:
    """Return the end of the last hour that has settled."""
    return int((now - SETTLING) // HOUR) * HOUR


class Plan:
    """The wanted hours: the last `days` of every series, in blocks of up to `span`."""

    def __init__(self, days: int, span: int = YEAR) -> None:
        self.days = days
        self.span = span

    def blocks(
        self,
        series: Iterable[SeriesKey],
        coverages: Mapping[SeriesKey, Coverage],
        now: float,
    ) -> list[Block]:
        """Return one block for each incomplete series, the newest blocks first.

        A block always touches the covered hours, so there are never gaps.
        """
        found = (self._next(key, coverages.get(key), now) for key in series)
        return sorted((block for block in found if block), key=lambda block: -block.end)

    def _next(
        self, key: SeriesKey, coverage: Coverage | None, now: float
    ) -> Block | None:
        newest = newest_hour(now)
        oldest = newest - self.days * DAY
        if coverage is None:
            return Block(key, max(oldest, newest - self.span), newest)
        if newest > coverage.end and now - coverage.read >= READ_AGAIN:
            start = coverage.end - OVERLAP
            return Block(key, start, min(newest, start + self.span))
        if oldest < coverage.start:
            start = max(oldest, coverage.start - self.span)
            return Block(key, start, coverage.start)
        return None

    def progress(
        self,
        series: Iterable[SeriesKey],
        coverages: Mapping[SeriesKey, Coverage],
        now: float,
    ) -> Progress:
        """Return the progress; hours due at the next daily reading count as done."""
        done = wanted = 0
        newest = newest_hour(now)
        oldest = newest - self.days * DAY
        for key in series:
            wanted += newest - oldest
            if coverage := coverages.get(key):
                fresh = now - coverage.read < READ_AGAIN
                end = newest if fresh else min(coverage.end, newest)
                done += max(0, end - max(coverage.start, oldest))
        return Progress(done // HOUR, wanted // HOUR)
