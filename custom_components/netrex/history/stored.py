"""Reads stored statistics and computes the rows to write, in the recorder's threads."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched, chain
from typing import Literal

from homeassistant.components.recorder.db_schema import Statistics, StatisticsMeta
from homeassistant.components.recorder.statistics import (
    StatisticsRow,
    get_last_statistics,
    statistics_during_period,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import session_scope
from homeassistant.util import dt as dt_util
from sqlalchemy import func, select

from ..client.days import HOUR
from ..const import DOMAIN
from ..kpi import BY_KEY, RATIOS, needs, ratio
from .coverage import Hours
from .rows import MeanRow, SumRow, base_sum, mean_rows, sum_rows

# The recorder does nothing else during an import, and each row takes a millisecond or
# more. It gets one month at a time, so that states and a shutdown are not delayed by
# years of history.
MAX_ROWS = 31 * 24

type Rows = Sequence[SumRow | MeanRow]
# Stored rows by metric key.
type Existing = Mapping[str, Sequence[StatisticsRow]]


@dataclass(frozen=True, slots=True)
class StatisticChange:
    """Rows to write to one statistic.

    `whole` rows change the sums of existing rows. They are written in one transaction,
    because writing only some of them would show as a jump in the statistic.
    """

    key: str
    rows: Rows
    whole: bool = False

    def parts(self) -> Iterable[Rows]:
        """Yield the rows of each transaction."""
        most = len(self.rows) if self.whole else MAX_ROWS
        return batched(self.rows, most, strict=False)


class StoredStatistics:
    """The statistics of the nodes of a portal in the database; blocking.

    Args:
        hass: Home Assistant with the recorder set up.
        portal: The portal's part of the statistic ids.
    """

    def __init__(self, hass: HomeAssistant, portal: str) -> None:
        self._hass = hass
        self._portal = portal

    def statistic_id(self, node_id: int, key: str) -> str:
        """Return the statistic id, which users refer to (decision 0003)."""
        return f"{DOMAIN}:{self._portal}_{node_id}_{key}"

    def ranges(self) -> dict[str, tuple[int, int]]:
        """Return the starts of the first and last row by statistic id (unix seconds).

        The recorder has no function for this. Two look-ups in an index per statistic
        take a fraction of a millisecond, also with many years of rows.
        """
        first, last = (
            select(edge(Statistics.start_ts))
            .where(Statistics.metadata_id == StatisticsMeta.id)
            .scalar_subquery()
            for edge in (func.min, func.max)
        )
        query = select(StatisticsMeta.statistic_id, first, last).where(
            StatisticsMeta.source == DOMAIN
        )
        with session_scope(hass=self._hass, read_only=True) as session:
            return {
                statistic_id: (int(start), int(end))
                for statistic_id, start, end in session.execute(query)
                if statistic_id and start is not None and end is not None
            }

    def newest_row(self, node_id: int, key: str) -> int | None:
        """Return the start of a statistic's newest row (unix seconds)."""
        statistic_id = self.statistic_id(node_id, key)
        found = get_last_statistics(self._hass, 1, statistic_id, False, {"sum"})  # noqa: FBT003 - Home Assistant's signature
        rows = found.get(statistic_id)
        return int(rows[0]["start"]) if rows else None

    def changes(
        self, node_id: int, arrived: Mapping[str, Hours]
    ) -> list[StatisticChange]:
        """Return the rows to write."""
        arrived = {key: hours for key, hours in arrived.items() if hours}
        if not arrived:
            return []
        ratios = {
            description.key: needs(description)
            for description in RATIOS
            if not arrived.keys().isdisjoint(needs(description))
        }
        existing = self._existing(
            node_id,
            {*arrived, *ratios, *chain.from_iterable(ratios.values())},
            min(min(hours) for hours in arrived.values()),
        )
        changes = [
            *self._sum_changes(node_id, arrived, existing),
            *_ratio_changes(ratios, arrived, existing),
        ]
        return [change for change in changes if change.rows]

    def _existing(self, node_id: int, keys: Collection[str], start: int) -> Existing:
        """Return the stored rows of metrics, starting at the unix time `start`."""
        ids = {key: self.statistic_id(node_id, key) for key in keys}
        found = statistics_during_period(
            self._hass,
            dt_util.utc_from_timestamp(start),
            None,
            set(ids.values()),
            "hour",
            None,
            {"state", "sum", "mean"},
        )
        return {key: found.get(statistic_id, []) for key, statistic_id in ids.items()}

    def _sum_changes(
        self, node_id: int, arrived: Mapping[str, Hours], existing: Existing
    ) -> Iterator[StatisticChange]:
        """Yield the changes of the base metrics."""
        for key, hours in arrived.items():
            rows = [
                SumRow(int(row["start"]), row.get("state") or 0, row.get("sum") or 0)
                for row in existing[key]
            ]
            last = None if rows else self._last_sum(node_id, key)
            changed = sum_rows(rows, base_sum(rows[0] if rows else None, last), hours)
            # Rows later than the existing ones may be written in parts.
            whole = bool(changed and rows and changed[0].start <= rows[-1].start)
            yield StatisticChange(key, changed, whole)

    def _last_sum(self, node_id: int, key: str) -> float | None:
        """Return the newest sum of a statistic."""
        statistic_id = self.statistic_id(node_id, key)
        found = get_last_statistics(self._hass, 1, statistic_id, True, {"sum"})  # noqa: FBT003 - Home Assistant's signature
        rows = found.get(statistic_id)
        return rows[0].get("sum") if rows else None

    def is_written(self, node_id: int, changes: list[StatisticChange]) -> bool:
        """Return whether the last row of each transaction is stored."""
        last = ((change.key, rows[-1]) for change in changes for rows in change.parts())
        for key, row in last:
            found = statistics_during_period(
                self._hass,
                dt_util.utc_from_timestamp(row.start),
                dt_util.utc_from_timestamp(row.start + HOUR),
                {statistic_id := self.statistic_id(node_id, key)},
                "hour",
                None,
                {"sum", "mean"},
            ).get(statistic_id)
            column, value = (
                ("sum", row.sum) if isinstance(row, SumRow) else ("mean", row.mean)
            )
            if not found or found[0].get(column) != value:
                return False
        return True


def _ratio_changes(
    ratios: Mapping[str, Iterable[str]],
    arrived: Mapping[str, Hours],
    existing: Existing,
) -> Iterator[StatisticChange]:
    """Yield the changes of ratios, each with the keys of its two base metrics."""
    for key, bases in ratios.items():
        over, under = (
            {**_column(existing[base], "state"), **arrived.get(base, {})}
            for base in bases
        )
        quotients = {
            start: quotient
            for start in over.keys() & under.keys()
            if (quotient := ratio(BY_KEY[key], over[start], under[start])) is not None
        }
        means = _column(existing[key], "mean")
        yield StatisticChange(key, mean_rows(means, quotients))


def _column(
    rows: Iterable[StatisticsRow], column: Literal["state", "mean"]
) -> dict[int, float]:
    """Return a column of the hourly rows, by start."""
    return {int(row["start"]): row.get(column) or 0.0 for row in rows}
