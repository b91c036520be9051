"""Home Assistant's own API returns statistics that equal the cloud's truth."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.netrex.client import (
    Granularity,
    Lane,
    NetrexClient,
    SeriesRequest,
)
from custom_components.netrex.client.days import DAY
from custom_components.netrex.history.coverage import newest_hour
from custom_components.netrex.kpi.metrics import BASE, RATIOS
from simulator import Simulator

from ..kpi.test_sensor import state
from .conftest import NOON, PRAGUE, ReadBack, settle, statistic_id, truth


def shop_id(cloud: Simulator) -> int:
    """Return the node id of the shop."""
    return next(n.node_id for n in cloud.world.nodes if n.type == "location")


def series_queries(cloud: Simulator) -> int:
    """Return the number of queries for hourly series."""
    return sum("granularity:H)" in query.query for query in cloud.queries)


async def assert_truth(
    cloud: Simulator,
    entry: MockConfigEntry,
    read_back: ReadBack,
    start: float,
    end: float,
) -> None:
    """Compare all statistics of all nodes with the truth."""
    rows = await read_back(
        datetime.fromtimestamp(start - DAY, PRAGUE),
        datetime.fromtimestamp(end + DAY, PRAGUE),
    )
    nodes = entry.runtime_data.kpi.nodes
    assert nodes
    for node_id in nodes:
        for metric in BASE:
            assert metric.metric
            expected = truth(cloud, node_id, metric.metric, start, end)
            found = rows.get(statistic_id(entry, node_id, metric.key), [])
            assert {row["start"]: row["state"] for row in found} == pytest.approx(
                expected
            )
            assert {row["start"]: row["change"] for row in found} == pytest.approx(
                expected, abs=1e-5
            )
        for metric in RATIOS:
            assert metric.metric
            expected = truth(cloud, node_id, metric.metric, start, end)
            found = rows.get(statistic_id(entry, node_id, metric.key), [])
            for column in ("mean", "min", "max"):
                assert {row["start"]: row[column] for row in found} == pytest.approx(
                    expected
                )


@pytest.mark.parametrize(
    "now",
    [
        NOON,
        # The days before include the nights of both clock changes.
        datetime(2026, 10, 27, 9, 0, tzinfo=PRAGUE),
        datetime(2026, 3, 31, 9, 59, tzinfo=PRAGUE),
    ],
)
async def test_every_hour_equals_the_truth(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    read_back: ReadBack,
    now: datetime,
    history_days: int,
) -> None:
    await settle(hass, entry)
    end = newest_hour(now.timestamp())
    # At least two hours old.
    assert end - 3600 <= now.timestamp() - 2 * 3600

    await assert_truth(cloud, entry, read_back, end - history_days * DAY, end)
    progress = entry.runtime_data.history.progress
    assert progress
    assert progress.percent == 100
    await entry.runtime_data.budget.async_refresh()
    assert float(state(hass, entry, None, "history_progress")) == 100


async def test_kinds_units_and_names(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
    read_back: ReadBack,
) -> None:
    await settle(hass, entry)
    client = await hass_ws_client()
    await client.send_json_auto_id({"type": "recorder/list_statistic_ids"})
    listed = {
        row["statistic_id"]: row for row in (await client.receive_json())["result"]
    }
    shop = shop_id(cloud)
    name = next(n.name for n in cloud.world.nodes if n.node_id == shop)

    visitors = listed[statistic_id(entry, shop, "visitors")]
    assert (visitors["has_sum"], visitors["mean_type"]) == (True, 0)
    assert visitors["statistics_unit_of_measurement"] is None
    assert visitors["name"] == f"{name} Visitors"
    conversion = listed[statistic_id(entry, shop, "conversion")]
    assert (conversion["has_sum"], conversion["mean_type"]) == (False, 1)
    assert conversion["statistics_unit_of_measurement"] == "%"
    sales = listed[statistic_id(entry, shop, "sales")]
    assert sales["statistics_unit_of_measurement"] == hass.config.currency


async def test_a_second_import_queries_and_writes_nothing(
    hass: HomeAssistant,
    cloud: Simulator,
    clock: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    read_back: ReadBack,
) -> None:
    await settle(hass, entry)
    queries = series_queries(cloud)
    assert queries
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass, entry)
    assert series_queries(cloud) == queries

    # The daily reading overlaps with hours that are already stored.
    clock.tick(timedelta(days=1, minutes=1))
    await settle(hass, entry)
    assert queries < series_queries(cloud) <= 2 * queries
    end = newest_hour(NOON.timestamp())
    await assert_truth(cloud, entry, read_back, end - 5 * DAY, end + DAY)


async def test_an_import_may_take_hours(
    hass: HomeAssistant,
    cloud: Simulator,
    clock: FrozenDateTimeFactory,
    config_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kpi_results = NetrexClient.kpi_results
    requested: list[tuple[int, str]] = []

    async def take_an_hour(
        client: NetrexClient,
        requests: Sequence[SeriesRequest],
        *,
        lane: Lane = Lane.KPI,
    ) -> object:
        hours = [one for one in requests if one.granularity is Granularity.H]
        if hours:
            requested.extend((one.node_id, one.metric) for one in hours)
            clock.tick(timedelta(hours=1))
        return await kpi_results(client, requests, lane=lane)

    monkeypatch.setattr(NetrexClient, "kpi_results", take_an_hour)
    config_entry.add_to_hass(hass)
    await hass.config_entries.async_setup(config_entry.entry_id)
    await settle(hass, config_entry)
    assert len(requested) == len(config_entry.runtime_data.history.series())
    assert len(set(requested)) == len(requested)
