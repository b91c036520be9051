"""The account's statistics in Home Assistant's recorder: ids, names, read, write."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched

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
from homeassistant.components.recorder.tasks import SynchronizeTask
from homeassistant.const import PERCENTAGE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util, slugify

from ..const import DOMAIN
from ..kpi.metrics import BY_KEY, RATIOS, Kind, ratio
from .plan import HOUR, Series
from .rows import Hours, MeanRow, SumRow, base_sum, mean_rows, sum_rows

# Names of metrics, as the actions show them too.
METRIC_NAMES = "kpi_metric"

# The recorder writes nothing else while it imports, and takes a millisecond or more per
# row: it gets a month at a time, so that states and a shutdown need not wait for years.
MOST_ROWS = 31 * 24

type Rows = Sequence[SumRow | MeanRow]


@dataclass(frozen=True, slots=True)
class StatisticChange:
    """Rows to write to one statistic.

    `whole`: in one transaction, because they raise the sums of rows that are there: a
    part of them would show as a jump.
    """

    key: str
    rows: Rows
    whole: bool = False

    def parts(self) -> Iterable[Rows]:
        """Yield the rows as they may be written."""
        most = len(self.rows) if self.whole else MOST_ROWS
        return batched(self.rows, most, strict=False)


class NodeStatistics:
    """Reads and writes the statistics of a portal's nodes.

    Args:
        hass: With the recorder set up.
        host: The portal; a part of the ids.
    """

    def __init__(self, hass: HomeAssistant, host: str) -> None:
        self._hass = hass
        self._portal = slugify(host)

    def statistic_id(self, node_id: int, key: str) -> str:
        """Return the id; it is public contract (docs/decisions/0003)."""
        return f"{DOMAIN}:{self._portal}_{node_id}_{key}"

    async def async_known(self, series: Iterable[Series]) -> set[Series]:
        """Return those of the series that the recorder has a statistic of."""
        ids = {self.statistic_id(*one): one for one in series}
        known = await get_instance(self._hass).async_add_executor_job(
            lambda: get_metadata(self._hass, statistic_ids=set(ids))
        )
        return {ids[statistic_id] for statistic_id in known}

    async def async_write(
        self, node_id: int, node_name: str, arrived: Mapping[str, Hours]
    ) -> tuple[int, bool]:
        """Put new values of a node's base metrics and all that follows in.

        Returns the number of rows written, and whether the database has them now.
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
                await self._async_committed()
        written = await get_instance(self._hass).async_add_executor_job(
            self._is_written, node_id, changes
        )
        return sum(len(change.rows) for change in changes), written

    async def _async_committed(self) -> None:
        """Wait until the recorder has done what was put into its queue before."""
        done: asyncio.Future[None] = self._hass.loop.create_future()
        get_instance(self._hass).queue_task(SynchronizeTask(done))
        await done

    def _changes(
        self, node_id: int, arrived: Mapping[str, Hours]
    ) -> list[StatisticChange]:
        """Return what has to be written; runs in the recorder's executor."""
        arrived = {key: hours for key, hours in arrived.items() if hours}
        if not arrived:
            return []
        first = min(min(hours) for hours in arrived.values())
        ratios = [
            description
            for description in RATIOS
            if {description.numerator, description.denominator} & arrived.keys()
        ]
        parts = {
            part
            for description in ratios
            for part in (description.numerator, description.denominator)
            if part
        }
        existing = self._read(
            node_id, first, {*arrived, *parts, *(one.key for one in ratios)}
        )
        values: dict[str, dict[int, float]] = {
            key: {int(row["start"]): row.get("state") or 0.0 for row in existing[key]}
            for key in {*arrived, *parts}
        }
        changes = []
        for key, hours in arrived.items():
            rows = [
                SumRow(int(row["start"]), row.get("state") or 0, row.get("sum") or 0)
                for row in existing[key]
            ]
            last = None if rows else self._last_sum(node_id, key)
            base = base_sum(rows[0] if rows else None, last)
            changed = sum_rows(rows, base, hours)
            # What only follows can come bit by bit.
            whole = bool(changed and rows and changed[0].start <= rows[-1].start)
            changes.append(StatisticChange(key, changed, whole))
            values[key] |= hours
        for description in ratios:
            over = values[description.numerator or ""]
            under = values[description.denominator or ""]
            quotients = {
                start: quotient
                for start in over.keys() & under.keys()
                if (quotient := ratio(description, over[start], under[start]))
                is not None
            }
            means = {
                int(row["start"]): row.get("mean") or 0.0
                for row in existing[description.key]
            }
            changes.append(
                StatisticChange(description.key, mean_rows(means, quotients))
            )
        return [change for change in changes if change.rows]

    def _read(
        self, node_id: int, start: int, keys: set[str]
    ) -> dict[str, list[StatisticsRow]]:
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

    def _last_sum(self, node_id: int, key: str) -> float | None:
        """Return the newest sum; only asked where no newer row exists."""
        statistic_id = self.statistic_id(node_id, key)
        found = get_last_statistics(self._hass, 1, statistic_id, True, {"sum"})  # noqa: FBT003 - Home Assistant's signature
        rows = found.get(statistic_id)
        return rows[0].get("sum") if rows else None

    def _is_written(self, node_id: int, changes: list[StatisticChange]) -> bool:
        """Check one row of each part: a part is one transaction."""
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
