"""The statistics of the account in Home Assistant's recorder."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import batched

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import get_metadata
from homeassistant.const import PERCENTAGE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util, slugify
from sqlalchemy.exc import SQLAlchemyError

from ..const import DOMAIN, LOGGER
from ..kpi import BY_KEY, Kind, SeriesKey
from .coverage import Hours
from .rows import SumRow
from .stored import MAX_ROWS, Rows, StoredStatistics
from .writer import WAIT_SECONDS, NotWrittenError, async_get_writer

# Metric names are also the options of the actions' fields.
METRIC_NAMES = "kpi_metric"
# The recorder may lose rows, such as while the database is locked.
ATTEMPTS = 3


class NodeStatistics:
    """Reads and writes the statistics of the nodes of a portal.

    Args:
        hass: Home Assistant with the recorder set up.
        host: The portal, which is part of the statistic ids.
    """

    def __init__(self, hass: HomeAssistant, host: str) -> None:
        self._hass = hass
        portal = slugify(host)
        self._stored = StoredStatistics(hass, portal)
        self.writer = async_get_writer(hass, portal)
        self.statistic_id = self._stored.statistic_id

    async def async_stored(
        self, series: Iterable[SeriesKey]
    ) -> dict[SeriesKey, tuple[int, int]]:
        """Return the starts of the first and last row (unix seconds) of each series.

        Series without rows are left out.

        Raises:
            NotWrittenError: The recorder is not ready.
        """
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await get_instance(self._hass).async_recorder_ready.wait()
        except TimeoutError:
            raise NotWrittenError from None
        stored = await self._async_read(self._stored.ranges)
        return {
            key: stored[statistic_id]
            for key in series
            if (statistic_id := self.statistic_id(*key)) in stored
        }

    async def async_rename(self, names: Mapping[int, str]) -> None:
        """Give the existing statistics of nodes their present names.

        Raises:
            NotWrittenError: The recorder did not store the names in time.
        """
        metrics = await self._async_metric_names()
        wanted = {
            self.statistic_id(node_id, key): f"{name} {metric}"
            for node_id, name in names.items()
            for key, metric in metrics.items()
        }
        known = await self._async_read(
            lambda: get_metadata(self._hass, statistic_source=DOMAIN)
        )
        renamed: list[StatisticMetaData] = [
            {**metadata, "name": wanted[statistic_id]}
            for statistic_id, (_, metadata) in known.items()
            if statistic_id in wanted and metadata["name"] != wanted[statistic_id]
        ]
        if renamed:
            await self.writer.async_rename(renamed)

    async def async_write(
        self, node_id: int, node_name: str, arrived: Mapping[str, Hours]
    ) -> int:
        """Write new values of a node's base metrics and the ratios that they change.

        The lock is released after each month, so that another import has to wait only
        for one of them.

        Returns:
            The number of rows written, all of which the database has stored.

        Raises:
            NotWrittenError: The recorder did not store the rows. Some of them may be
                stored; writing them again changes nothing.
        """
        metrics = await self._async_metric_names()
        written = 0
        for key, hours in arrived.items():
            if not hours:
                continue
            newest = await self._async_read(self._stored.newest_row, node_id, key)
            for part in _parts(hours, newest):
                async with self.writer.lock:
                    written += await self._async_write_part(
                        node_id,
                        {name: f"{node_name} {text}" for name, text in metrics.items()},
                        {key: part},
                    )
        return written

    async def _async_write_part(
        self, node_id: int, names: Mapping[str, str], arrived: Mapping[str, Hours]
    ) -> int:
        """Write values and return the number of rows; see `async_write`."""
        statistic_id = self.statistic_id(node_id, next(iter(arrived)))
        for _ in range(ATTEMPTS):
            await self.writer.async_ready(statistic_id)
            changes = await self._async_read(self._stored.changes, node_id, arrived)
            for change in changes:
                metadata = self._metadata(node_id, change.key, names[change.key])
                for rows in change.parts():
                    await self.writer.async_add(metadata, _data(rows))
            if await self._async_read(self._stored.is_written, node_id, changes):
                return sum(len(change.rows) for change in changes)
        raise NotWrittenError

    async def _async_metric_names(self) -> dict[str, str]:
        """Return the names of all metrics in the language of Home Assistant."""
        names = await async_get_translations(
            self._hass, self._hass.config.language, "selector", {DOMAIN}
        )
        prefix = f"component.{DOMAIN}.selector.{METRIC_NAMES}.options."
        return {key: names.get(prefix + key, key) for key in BY_KEY}

    async def _async_read[**P, T](
        self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call a function that reads the database, in the recorder's executor.

        Raises:
            NotWrittenError: The database cannot be read.
        """
        try:
            return await get_instance(self._hass).async_add_executor_job(
                partial(read, *args, **kwargs)
            )
        except SQLAlchemyError as err:
            LOGGER.debug("Could not read the recorder's database: %s", type(err))
            raise NotWrittenError from None

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


def _parts(hours: Hours, newest: int | None) -> Iterator[Hours]:
    """Yield the hours in parts that are written separately, in ascending order.

    Hours up to the newest existing row change the sums after them, so they are written
    in one transaction; later ones in months.
    """
    starts = sorted(hours)
    split = 0 if newest is None else bisect_right(starts, newest)
    for part in (starts[:split], *batched(starts[split:], MAX_ROWS, strict=False)):
        if part:
            yield {start: hours[start] for start in part}


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
