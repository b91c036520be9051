"""Plans which hours to request next.

Pure: the current time is an argument. All times are in seconds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..client.days import DAY, HOUR
from ..item_errors import ItemErrors
from ..kpi import SeriesKey
from .coverage import Coverage, newest_hour
from .gaps import Gap
from .spans import SHORTEST, Spans

# Counters buffer their values while they are offline, so the last two days are read
# again daily. A query for two days costs the same as one for two hours.
OVERLAP = 2 * DAY
READ_AGAIN = DAY


@dataclass(frozen=True, slots=True)
class Block:
    """The hours [start, end) of a series to request."""

    series: SeriesKey
    start: int
    end: int

    @property
    def length(self) -> int:
        """The length in seconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Progress:
    """The covered and the wanted hours of all series."""

    done: int
    wanted: int

    @property
    def percent(self) -> float | None:
        """Return the covered share in percent; None if no hours are wanted."""
        return round(100 * self.done / self.wanted, 1) if self.wanted else None


@dataclass(frozen=True, slots=True)
class Plan:
    """The wanted hours: the last `days` of every series, in blocks.

    Attributes:
        days: The length of the history.
        spans: The length of the next block of each series.
        refused: The series whose newest hours the portal refused.
        ended: The series whose hours before the covered ones the portal refused, down
            to the shortest block: it has no older ones, so they count as covered.
        gaps: The refused periods behind which older hours are searched.
    """

    days: int
    spans: Spans[SeriesKey] = field(default_factory=Spans)
    refused: ItemErrors[SeriesKey] = field(default_factory=ItemErrors)
    ended: ItemErrors[SeriesKey] = field(default_factory=ItemErrors)
    gaps: dict[SeriesKey, Gap] = field(default_factory=dict)

    def oldest_hour(self, now: float) -> int:
        """Return the start of the wanted hours."""
        return newest_hour(now) - self.days * DAY

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
        if not self.refused.is_due(key):
            return None
        newest = newest_hour(now)
        oldest = self.oldest_hour(now)
        span = SHORTEST if key in self.refused else self.spans.length(key)
        if coverage is None:
            return Block(key, max(oldest, newest - span), newest)
        if newest <= coverage.start:
            # The clock is far behind.
            return None
        if newest > coverage.end and now - coverage.read >= READ_AGAIN:
            start = coverage.reliable_end - OVERLAP
            if start + span <= coverage.end:
                # Such a block would add nothing.
                start = coverage.end - min(OVERLAP, span // 2)
            return Block(key, start, min(newest, start + span))
        if oldest < coverage.start and self.ended.is_due(key):
            if key in self.ended:
                span = SHORTEST
            end = coverage.start
            if gap := self.gaps.get(key):
                span = SHORTEST
                end -= gap.next_distance(max(0, end - oldest - span))
            return Block(key, max(oldest, end - span), end)
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
        oldest = self.oldest_hour(now)
        for key in series:
            wanted += newest - oldest
            if coverage := coverages.get(key):
                fresh = now - coverage.read < READ_AGAIN
                end = newest if fresh else min(coverage.end, newest)
                start = oldest if key in self.ended else max(coverage.start, oldest)
                done += max(0, end - start)
        return Progress(done // HOUR, wanted // HOUR)
