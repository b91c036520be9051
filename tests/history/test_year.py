"""A year of 160 series takes few queries and never blocks the recorder for long.

The recorder takes a millisecond or more per row, so the rows of the year are counted
instead of written; `python -m benchmarks.statistics` writes them.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.models import StatisticData, StatisticMetaData
from homeassistant.components.recorder.statistics import (
    async_add_external_statistics,
    get_metadata,
)
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client.days import DAY
from custom_components.netrex.const import CONF_KPI_NODES
from custom_components.netrex.history import stored, writer
from custom_components.netrex.history.coverage import newest_hour
from custom_components.netrex.history.on_demand import async_import
from custom_components.netrex.history.stored import MAX_ROWS
from simulator import Simulator
from simulator.world.model import Column

from .conftest import NOON, ReadBack, settle
from .test_import import assert_truth, series_queries

YEAR = 365


class Writes:
    """Counts the rows for the recorder by statistic; writes them if `write` is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, write: bool) -> None:
        self.rows: Counter[str] = Counter()
        self.sizes: list[int] = []
        # The starts of the first and last row (unix seconds).
        self.ranges: dict[str, tuple[int, int]] = {}
        self._write = write
        monkeypatch.setattr(writer, "async_add_external_statistics", self)

    def __call__(
        self,
        hass: HomeAssistant,
        metadata: StatisticMetaData,
        rows: Sequence[StatisticData],
    ) -> None:
        """Count the rows of one call."""
        self.rows[metadata["statistic_id"]] += len(rows)
        self.sizes.append(len(rows))
        starts = [int(row["start"].timestamp()) for row in rows]
        starts.extend(self.ranges.get(metadata["statistic_id"], ()))
        self.ranges[metadata["statistic_id"]] = min(starts), max(starts)
        if self._write:
            async_add_external_statistics(hass, metadata, rows)


@pytest.mark.parametrize("scenario", ["chain"])
@pytest.mark.parametrize("history_days", [YEAR])
@pytest.mark.timeout(400)
async def test_a_year_of_a_chain_takes_few_queries(
    hass: HomeAssistant,
    cloud: Simulator,
    config_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    writes = Writes(monkeypatch, write=False)
    # Nothing is written, so nothing would be found.
    monkeypatch.setattr(stored.StoredStatistics, "is_written", lambda *_: True)
    monkeypatch.setattr(stored.StoredStatistics, "ranges", lambda _: writes.ranges)
    hass.loop.set_debug(False)
    shops = [n.node_id for n in cloud.world.nodes if n.type == "location"]
    config_entry.add_to_hass(hass)
    options: dict[str, Any] = {CONF_KPI_NODES: [str(shop) for shop in shops]}
    hass.config_entries.async_update_entry(
        config_entry, options=dict(config_entry.options) | options
    )
    await hass.config_entries.async_setup(config_entry.entry_id)
    await settle(hass, config_entry)

    history = config_entry.runtime_data.history
    assert len(history.series()) == 160
    assert series_queries(cloud) == 32
    progress = history.progress
    assert progress
    assert progress.done == progress.wanted == 160 * YEAR * 24
    sums = {key: count for key, count in writes.rows.items() if count == YEAR * 24}
    assert len(sums) == 160


@pytest.mark.parametrize("history_days", [33])
@pytest.mark.timeout(400)
async def test_the_recorder_gets_a_month_at_a_time(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    read_back: ReadBack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await settle(hass, entry)
    store = entry.runtime_data.store
    # Start again and count the writes: another database.
    await hass.config_entries.async_unload(entry.entry_id)
    get_instance(hass).async_clear_statistics(
        list(
            await hass.async_add_executor_job(
                lambda: get_metadata(hass, statistic_source="netrex")
            )
        )
    )
    store.data.pop("history")
    await store.async_flush()
    writes = Writes(monkeypatch, write=True)
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass, entry)
    assert max(writes.sizes) == MAX_ROWS
    full = [key for key, count in writes.rows.items() if count == 33 * 24]
    assert writes.sizes.count(MAX_ROWS) == len(full) > 0

    # A correction changes all sums after it, in one transaction.
    writes.sizes.clear()
    writes.rows.clear()
    camera = next(iter(cloud.world.sources))
    end = newest_hour(NOON.timestamp())
    cloud.correct(camera, end - 32 * DAY, {Column.PEOPLE_IN: 400})
    history = entry.runtime_data.history
    result = await async_import(history, history.series(), end - 33 * DAY)
    assert result.rows
    assert not result.refused
    assert max(writes.sizes) > MAX_ROWS
    assert len(writes.sizes) == len(writes.rows)
    await assert_truth(cloud, entry, read_back, end - 33 * DAY, end)
