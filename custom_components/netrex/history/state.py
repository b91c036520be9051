"""What is known about each series; it survives a restart."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from homeassistant.util import dt as dt_util

from ..client import NetrexError
from ..client.days import DAY, HOUR
from ..item_errors import ItemErrors
from ..kpi import BASE, SeriesKey
from ..store import NetrexStore
from .coverage import Coverage, Hours, newest_hour
from .gaps import Gap
from .plan import Block, Plan, Progress
from .spans import Spans

# Seconds until hours before the oldest ones are requested again, by consecutive
# refusals. Portals rarely get older hours.
ENDED_DELAYS = (HOUR, DAY, 7 * DAY)
_METRICS = frozenset(row.key for row in BASE)


def _now() -> float:
    return dt_util.utcnow().timestamp()


def _parse(text: str) -> SeriesKey:
    """Return the key of a series of this version; raises ValueError for others."""
    key = SeriesKey.parse(text)
    if key.metric not in _METRICS:
        raise ValueError(f"Not a base metric: {text}")
    return key


class ImportState:
    """Coverages, block lengths and refusals of all series.

    Args:
        store: Stores them.
        days: The length of the history.
    """

    def __init__(self, store: NetrexStore, days: int) -> None:
        self._store = store
        self.coverages: dict[SeriesKey, Coverage] = {}
        for text, stored in store.data.get("history", {}).items():
            try:
                self.coverages[_parse(text)] = Coverage.from_list(stored)
            except ValueError:
                continue
        limits = store.data.get("history_limits", {})
        self.refused = ItemErrors[SeriesKey](_now)
        self.refused.restore(limits.get("refused"), _parse)
        self.ended = ItemErrors[SeriesKey](_now, ENDED_DELAYS)
        self.ended.restore(limits.get("ended"), _parse)
        self._spans = Spans[SeriesKey]()
        self._spans.restore(limits.get("spans"), _parse)
        self.plan = Plan(days, self._spans, self.refused, self.ended)

    def blocks(self, series: Iterable[SeriesKey], now: float) -> list[Block]:
        """Return the blocks to request next."""
        self._cut(now)
        return self.plan.blocks(series, self.coverages, now)

    def progress(self, series: Iterable[SeriesKey], now: float) -> Progress:
        """Return the progress of the import."""
        self._cut(now)
        return self.plan.progress(series, self.coverages, now)

    def _cut(self, now: float) -> None:
        """Remove hours and times in the future: the clock may have been ahead."""
        cut = {
            key: found
            for key, coverage in self.coverages.items()
            if (found := coverage.as_of(now)) != coverage
        }
        if cut:
            self.coverages |= cut
            self._save()

    def limit(self, stored: Mapping[SeriesKey, tuple[int, int]]) -> None:
        """Remove coverage that the recorder does not have.

        Args:
            stored: Starts of the recorder's first and last row of each series.
        """
        before = self.coverages
        self.coverages = {
            key: found
            for key, coverage in before.items()
            if (found := coverage.limited_to(stored.get(key)))
        }
        if self.coverages != before:
            self._save()

    def accept(self, block: Block, hours: Hours, now: int) -> None:
        """Record that a block is in the recorder, if it touches the coverage."""
        key = block.series
        coverage = self.coverages.get(key)
        is_older = coverage is not None and block.start < coverage.start
        if key in self.refused or (is_older and key in self.ended):
            self._spans.reset(key)
        else:
            self._spans.accepted(key, block.length)
        self.refused.succeeded(key)
        if is_older:
            self.ended.succeeded(key)
        if coverage is None:
            if block.end < newest_hour(now):
                return
            coverage = Coverage(block.start, block.end, now)
        elif coverage.start > block.end:
            self._skip(block, accepted=True)
            return
        elif block.start > coverage.end:
            return
        elif is_older:
            self.plan.gaps.pop(key, None)
        self._cover(key, coverage.joined(block.start, block.end, now, hours))

    def _cover(self, key: SeriesKey, coverage: Coverage) -> None:
        self.coverages[key] = coverage
        self._store.data.setdefault("history", {})[str(key)] = coverage.as_list()
        self._save_limits()

    def _skip(self, block: Block, *, accepted: bool) -> None:
        """Record an answer for a day behind a refused period.

        Once the length of the period is known, its hours count as covered: they cost
        only themselves, and older ones follow.
        """
        key = block.series
        if (gap := self.plan.gaps.get(key)) is None:
            return
        coverage = self.coverages[key]
        length = gap.add(coverage.start - block.end, accepted=accepted)
        if length is not None:
            del self.plan.gaps[key]
            self._cover(key, replace(coverage, start=coverage.start - length))

    def refuse(self, block: Block, err: NetrexError) -> None:
        """Record that the portal refused a block.

        A shorter block is requested next. If there is none, the series is refused, or,
        before the covered hours, has ended.
        """
        key = block.series
        if not self.shorten(block):
            coverage = self.coverages.get(key)
            is_older = coverage is not None and block.end <= coverage.start
            if not is_older:
                self.refused.failed(key, err)
            elif key in self.ended or block.start <= self.plan.oldest_hour(_now()):
                self.plan.gaps.pop(key, None)
                self.ended.failed(key, err)
            else:
                self.plan.gaps.setdefault(key, Gap())
                self._skip(block, accepted=False)
            self._spans.reset(key)
        self._save_limits()

    def shorten(self, block: Block, *limit: int) -> bool:
        """Use shorter blocks for a series, if there are any; see `Spans.shorten`."""
        return self._spans.shorten(block.series, block.length, *limit)

    def retain(self, series: Iterable[SeriesKey]) -> None:
        """Forget the refusals of all other series."""
        kept = set(series)
        self.refused.retain(kept)
        self.ended.retain(kept)

    def _save(self) -> None:
        stored: dict[str, list[Any]] = {
            str(key): coverage.as_list() for key, coverage in self.coverages.items()
        }
        self._store.data["history"] = stored
        self._save_limits()

    def _save_limits(self) -> None:
        self._store.data["history_limits"] = {
            "refused": self.refused.as_dict(),
            "ended": self.ended.as_dict(),
            "spans": self._spans.as_dict(),
        }
        self._store.async_changed()
