"""Interruptions, corrections, budgets: no hour is lost or counted twice."""

from datetime import datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import get_instance
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.netrex.client import NetrexBudgetError
from custom_components.netrex.client.days import DAY
from custom_components.netrex.const import DOMAIN
from custom_components.netrex.history.coverage import newest_hour
from custom_components.netrex.history.on_demand import async_import
from custom_components.netrex.kpi.metrics import BASE, RATIOS
from simulator import Simulator
from simulator.world.model import Column

from .conftest import NOON, PRAGUE, ReadBack, settle, statistic_id
from .test_import import assert_truth, series_queries, shop_id

END = newest_hour(NOON.timestamp())
START = END - 5 * DAY


@pytest.fixture
def cut_query(cloud: Simulator) -> None:
    """Cut the connection of the first query for hours."""
    cloud.faults.add("graphql", "cut", count=1, match="granularity:H)")


async def test_an_interrupted_import_is_resumed(
    hass: HomeAssistant,
    cloud: Simulator,
    clock: FrozenDateTimeFactory,
    cut_query: None,
    entry: MockConfigEntry,
    read_back: ReadBack,
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    history = entry.runtime_data.history
    assert history.last_error
    assert history.progress
    assert history.progress.percent != 100

    cloud.faults.add("graphql", "half", count=1, match="granularity:H)")
    clock.tick(timedelta(minutes=16))
    await settle(hass, entry)
    # A restart during the import.
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass, entry)

    assert entry.runtime_data.history.progress.percent == 100
    await assert_truth(cloud, entry, read_back, START, END)


async def test_lost_coverage_counts_nothing_twice(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry, read_back: ReadBack
) -> None:
    await settle(hass, entry)
    entry.runtime_data.store.data.pop("history")
    queries = series_queries(cloud)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass, entry)

    assert queries < series_queries(cloud) <= 2 * queries
    await assert_truth(cloud, entry, read_back, START, END)


@pytest.mark.parametrize("by_action", [False, True])
async def test_cleared_statistics_are_read_again(
    hass: HomeAssistant,
    cloud: Simulator,
    clock: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    read_back: ReadBack,
    by_action: bool,
) -> None:
    await settle(hass, entry)
    history = entry.runtime_data.history
    get_instance(hass).async_clear_statistics(
        [
            statistic_id(entry, node_id, metric.key)
            for node_id in entry.runtime_data.kpi.nodes
            for metric in (*BASE, *RATIOS)
        ]
    )
    await async_wait_recording_done(hass)
    if by_action:
        await async_import(history, history.series(), END - DAY)
    clock.tick(timedelta(days=1, minutes=1))
    await settle(hass, entry)

    assert history.progress
    assert history.progress.percent == 100
    await assert_truth(cloud, entry, read_back, START + DAY, END + DAY)


async def test_a_late_correction_causes_no_jump(
    hass: HomeAssistant,
    cloud: Simulator,
    clock: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    read_back: ReadBack,
) -> None:
    await settle(hass, entry)
    camera = next(iter(cloud.world.sources))
    cloud.correct(camera, END - DAY, {Column.PEOPLE_IN: 400, Column.PEOPLE_OUT: 2})
    clock.tick(timedelta(days=1, minutes=1))
    await settle(hass, entry)

    await assert_truth(cloud, entry, read_back, START, END + DAY)


async def test_the_action_reads_old_hours_again(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    read_back: ReadBack,
) -> None:
    await settle(hass, entry)
    camera = next(iter(cloud.world.sources))
    cloud.correct(camera, START + DAY, {Column.PEOPLE_IN: 400, Column.PEOPLE_OUT: 2})
    data = {
        "config_entry_id": entry.entry_id,
        "start": datetime.fromtimestamp(END - 6 * DAY, PRAGUE).isoformat(),
    }

    async def call(**more: object) -> object:
        response = await hass.services.async_call(
            DOMAIN,
            "import_history",
            data | more,
            blocking=True,
            return_response=True,
        )
        assert response
        return response["hours"]

    shop = shop_id(cloud)
    assert await call(nodes=[str(shop)], metrics=["visitors"])
    assert await call(nodes=[str(shop)], metrics=["visitors"]) == 0
    # Empty lists do not restrict the reading.
    assert await call(nodes=[], metrics=[])
    await assert_truth(cloud, entry, read_back, END - 6 * DAY, END)
    assert await call() == 0

    with pytest.raises(ServiceValidationError, match="no node 4711"):
        await call(nodes=["4711"])
    with pytest.raises(ServiceValidationError, match="future"):
        await call(start=(NOON + timedelta(days=1)).isoformat())
    queries = len(cloud.queries)
    with pytest.raises(ServiceValidationError, match="1825 days"):
        await call(start="0206-01-01 00:00:00")
    with pytest.raises(ServiceValidationError, match="1825 days"):
        await call(start=(NOON - timedelta(days=1826)).isoformat())
    assert len(cloud.queries) == queries


async def test_the_budget_stops_the_import(
    hass: HomeAssistant,
    cloud: Simulator,
    config_entry: MockConfigEntry,
) -> None:
    config_entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        config_entry, options=dict(config_entry.options) | {"daily_allowance": 7}
    )
    await hass.config_entries.async_setup(config_entry.entry_id)
    await settle(hass, config_entry)

    history = config_entry.runtime_data.history
    assert isinstance(history.last_error, NetrexBudgetError | None)
    assert history.progress is None or history.progress.percent != 100
    assert len(cloud.queries) <= 7
