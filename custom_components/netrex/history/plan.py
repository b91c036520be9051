"""Which hours to ask for next. Pure: the time is an argument, in unix seconds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

HOUR = 3600
DAY = 24 * HOUR
# The longest range of one query ("1 year maximum range", "API Limit").
YEAR = 365 * DAY
# Counters buffer their numbers while the internet is away, so what was read once is
# read again daily. One query costs the same for two hours as for two days.
OVERLAP = 2 * DAY
READ_AGAIN = DAY
# An hour is taken when it began at least two hours ago: by then the portal has
# settled it, and Home Assistant has compiled its own row of it.
SETTLING = HOUR


class Series(NamedTuple):
    """One base metric of one node."""

    node_id: int
    key: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """The hours [start, end) of a series that are in the recorder.

    `read` is when the newest hour was asked for last, `any` whether it had data.
    """

    start: int
    end: int
    read: int
    any: bool

    def joined(self, block: Block, now: int, *, found: bool) -> Coverage:
        """Return the coverage with a block that touches it."""
        return Coverage(
            min(self.start, block.start),
            max(self.end, block.end),
            now if block.end >= newest_hour(now) else self.read,
            self.any or found,
        )

    def as_list(self) -> list[Any]:
        """Return what `from_list` takes, short: there is one for each series."""
        return [self.start, self.end, self.read, self.any]

    @classmethod
    def from_list(cls, stored: list[Any]) -> Coverage:
        """Return what `as_list` gave."""
        start, end, read, found = stored
        return cls(start, end, read, found)


@dataclass(frozen=True, slots=True)
class Block:
    """Hours [start, end) of a series to ask for."""

    series: Series
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Hours that are covered and hours that were wished for, of all series."""

    done: int
    wanted: int

    @property
    def percent(self) -> float | None:
        """Return the share that is covered; None if nothing is wished for."""
        return round(100 * self.done / self.wanted, 1) if self.wanted else None


def newest_hour(now: float) -> int:
    """Return the end of the last hour that is old enough to be taken."""
    return int((now - SETTLING) // HOUR) * HOUR


class Plan:
    """The hours wished for: the last `days` of all series.

    Args:
        days: How far back.
        span: Seconds that one block may be long.
    """

    def __init__(self, days: int, span: int = YEAR) -> None:
        self.days = days
        self.span = span

    def blocks(
        self,
        series: Iterable[Series],
        coverages: Mapping[Series, Coverage],
        now: float,
    ) -> list[Block]:
        """Return one block for each series that lacks hours, the newest first.

        A block always touches what is covered, so that no gap can come to be.
        """
        found = (self._next(one, coverages.get(one), now) for one in series)
        return sorted((block for block in found if block), key=lambda block: -block.end)

    def _next(
        self, series: Series, coverage: Coverage | None, now: float
    ) -> Block | None:
        newest = newest_hour(now)
        oldest = newest - self.days * DAY
        if coverage is None:
            return Block(series, max(oldest, newest - self.span), newest)
        if newest > coverage.end and now - coverage.read >= READ_AGAIN:
            start = coverage.end - OVERLAP
            return Block(series, start, min(newest, start + self.span))
        if oldest < coverage.start:
            start = max(oldest, coverage.start - self.span)
            return Block(series, start, coverage.start)
        return None

    def progress(
        self,
        series: Iterable[Series],
        coverages: Mapping[Series, Coverage],
        now: float,
    ) -> Progress:
        """Return how much of the wish is fulfilled, but for the day's news."""
        done = wanted = 0
        newest = newest_hour(now)
        oldest = newest - self.days * DAY
        for one in series:
            wanted += newest - oldest
            if coverage := coverages.get(one):
                fresh = now - coverage.read < READ_AGAIN
                end = newest if fresh else min(coverage.end, newest)
                done += max(0, end - max(coverage.start, oldest))
        return Progress(done // HOUR, wanted // HOUR)
