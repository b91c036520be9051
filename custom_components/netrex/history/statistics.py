"""The statistics of the account in Home Assistant's recorder."""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched, chain
from typing import Literal

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import (
    StatisticsRow,
    async_add_external_statistics,
    get_last_statistics,
    get_metadata,
    statistics_during_period,
)
from homeassistant.const import PERCENTAGE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util, slugify

from ..client.days import HOUR
from ..const import DOMAIN
from ..kpi import BY_KEY, RATIOS, Kind, SeriesKey, needs, ratio
from .rows import Hours, MeanRow, SumRow, base_sum, mean_rows, sum_rows

# Metric names are also the options of the actions' fields.
METRIC_NAMES = "kpi_metric"

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


class NodeStatistics:
    """Reads and writes the statistics of the nodes of a portal.

    Args:
        hass: Home Assistant with the recorder set up.
        host: The portal, which is part of the statistic ids.
    """

    def __init__(self, hass: HomeAssistant, host: str) -> None:
        self._hass = hass
        self._portal = slugify(host)

    def statistic_id(self, node_id: int, key: str) -> str:
        """Return the statistic id, which users refer to (decision 0003)."""
        return f"{DOMAIN}:{self._portal}_{node_id}_{key}"

    async def async_known(self, series: Iterable[SeriesKey]) -> set[SeriesKey]:
        """Return the series for which the recorder has a statistic."""
        ids = {self.statistic_id(*key): key for key in series}
        known = await get_instance(self._hass).async_add_executor_job(
            lambda: get_metadata(self._hass, statistic_ids=set(ids))
        )
        return {ids[statistic_id] for statistic_id in known}

    async def async_write(
        self, node_id: int, node_name: str, arrived: Mapping[str, Hours]
    ) -> tuple[int, bool]:
        """Write new values of a node's base metrics and the ratios that they change.

        Returns:
            The number of rows written, and whether the database has stored them.
        """
        changes = await get_instance(self._hass).async_add_executor_job(
            self._changes, node_id, arrived
        )
        if not changes:
            return 0, True
        names = await async_get_translations(
            self._hass, self._hass.config.language, "selector", {DOMAIN}
        )
        for change in changes:
            prefix = f"component.{DOMAIN}.selector.{METRIC_NAMES}.options."
            metadata = self._metadata(
                node_id,
                change.key,
                f"{node_name} {names.get(prefix + change.key, change.key)}",
            )
            for rows in change.parts():
                async_add_external_statistics(self._hass, metadata, _data(rows))
                await self._async_committed(metadata["statistic_id"])
        written = await get_instance(self._hass).async_add_executor_job(
            self._is_written, node_id, changes
        )
        return sum(len(change.rows) for change in changes), written

    async def _async_committed(self, statistic_id: str) -> None:
        """Wait until the recorder has processed everything in its queue.

        `Recorder.async_block_till_done` does not wait while the recorder works on the
        last task in the queue, which would be ours. Therefore, this method queues a
        metadata update that changes nothing and waits until it is done.
        """
        done = asyncio.Event()

        def set_done() -> None:
            self._hass.loop.call_soon_threadsafe(done.set)

        get_instance(self._hass).async_update_statistics_metadata(
            statistic_id, on_done=set_done
        )
        await done.wait()

    def _changes(
        self, node_id: int, arrived: Mapping[str, Hours]
    ) -> list[StatisticChange]:
        """Return the rows to write; runs in the recorder's executor."""
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

    def _is_written(self, node_id: int, changes: list[StatisticChange]) -> bool:
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

    def _metadata(self, node_id: int, key: str, name: str) -> StatisticMetaData:
        description = BY_KEY[key]
        mean = description.kind is Kind.RATIO
        unit: str | None = self._hass.config.currency
        if description.kind is Kind.COUNT:
            unit = None
        elif key == "conversion":
            unit = PERCENTAGE
        return StatisticMetaData(
            mean_type=(
                StatisticMeanType.ARITHMETIC if mean else StatisticMeanType.NONE
            ),
            has_sum=not mean,
            name=name,
            source=DOMAIN,
            statistic_id=self.statistic_id(node_id, key),
            unit_class=None,
            unit_of_measurement=unit,
        )


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


def _data(rows: Rows) -> list[StatisticData]:
    return [
        StatisticData(
            start=dt_util.utc_from_timestamp(row.start), state=row.state, sum=row.sum
        )
        if isinstance(row, SumRow)
        else StatisticData(
            start=dt_util.utc_from_timestamp(row.start),
            mean=row.mean,
            min=row.mean,
            max=row.mean,
        )
        for row in rows
    ]
