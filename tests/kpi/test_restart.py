"""Values are restored after a reload, a restart, and a power cut."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import (
    EVENT_HOMEASSISTANT_FINAL_WRITE,
    EVENT_HOMEASSISTANT_STOP,
    STATE_UNKNOWN,
)
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import Granularity
from custom_components.netrex.client.days import HOUR, Span, day_bounds
from custom_components.netrex.const import CONF_KPI_PLACE_SENSORS, CONF_KPI_WINDOWS
from custom_components.netrex.kpi.metrics import SeriesKey
from custom_components.netrex.kpi.quarters import QuarterHours
from custom_components.netrex.kpi.question import Question, async_ask
from simulator import Simulator

from .conftest import NOON
from .test_sensor import numbers, sensor, settle, shop_id, state

pytestmark = pytest.mark.usefixtures("noon")


def kpi_queries(cloud: Simulator) -> list[str]:
    """Return the queries for quarter hours."""
    return [query.query for query in cloud.queries if "granularity:HQ" in query.query]


def today(cloud: Simulator, minutes: int) -> float | None:
    """Return the shop's people in from midnight until `minutes` after noon."""
    midnight = NOON.replace(hour=0, minute=0).timestamp()
    until = NOON.replace(minute=0) + timedelta(minutes=minutes)
    return cloud.truth(shop_id(cloud), "peopleCountIn", midnight, until.timestamp())


async def test_a_reload_sends_no_query_and_loses_no_value(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    before = numbers(hass, entry)
    assert STATE_UNKNOWN not in before.values()
    cloud.queries.clear()
    await hass.config_entries.async_reload(entry.entry_id)
    assert numbers(hass, entry) == before
    await settle(hass, entry)
    assert numbers(hass, entry) == before
    assert kpi_queries(cloud) == []


async def test_missed_quarter_hours_cost_one_query_for_five_series(
    hass: HomeAssistant,
    cloud: Simulator,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
) -> None:
    await settle(hass, entry)
    shop = shop_id(cloud)
    registry = er.async_get(hass)
    for found in er.async_entries_for_config_entry(registry, entry.entry_id):
        if found.domain == "sensor" and f"_{shop}_" not in found.unique_id:
            registry.async_update_entity(
                found.entity_id, disabled_by=er.RegistryEntryDisabler.USER
            )
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass, entry)
    before = state(hass, entry, shop, "people_in_today")
    assert float(before) == today(cloud, 0)

    await hass.config_entries.async_unload(entry.entry_id)
    cloud.queries.clear()
    freezer.tick(timedelta(minutes=45))
    cloud.faults.add("graphql", "cut", count=1, match="granularity:HQ")
    await hass.config_entries.async_setup(entry.entry_id)
    # Old but not unknown while the portal does not answer.
    assert state(hass, entry, shop, "people_in_today") == before
    await settle(hass, entry)
    await settle(hass, entry)
    assert float(state(hass, entry, shop, "people_in_today")) == today(cloud, 45)
    # People in and out, visitors, transactions, sales; the cut query is not counted.
    [query] = kpi_queries(cloud)
    assert query.count("node_id:") == 5


async def test_values_survive_a_power_cut(
    hass: HomeAssistant,
    cloud: Simulator,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
) -> None:
    await settle(hass, entry)
    before = numbers(hass, entry)
    assert STATE_UNKNOWN not in before.values()
    # What the delayed save writes after a reading, and nothing that a stop would write.
    await entry.runtime_data.store.async_flush()
    file = deepcopy(hass_storage[f"netrex.{entry.entry_id}"])
    await hass.config_entries.async_unload(entry.entry_id)
    hass_storage[f"netrex.{entry.entry_id}"] = file

    freezer.tick(timedelta(minutes=20))
    cloud.faults.add("graphql", "cut", count=None, match="granularity:HQ")
    await hass.config_entries.async_setup(entry.entry_id)
    assert numbers(hass, entry) == before
    cloud.faults.clear()
    await settle(hass, entry)
    shop = shop_id(cloud)
    assert float(state(hass, entry, shop, "people_in_today")) == today(cloud, 15)


async def test_a_stop_stores_the_values(
    hass: HomeAssistant,
    cloud: Simulator,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
) -> None:
    await settle(hass, entry)
    hass.set_state(CoreState.stopping)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    hass.set_state(CoreState.final_write)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    stored = hass_storage[f"netrex.{entry.entry_id}"]["data"]["kpi"]
    since, until, days = stored["snapshot"][f"{shop_id(cloud)}_people_in"]
    assert since < until == NOON.replace(minute=0).timestamp()
    # The comparison keeps the quarter hours of a week.
    assert len(days) == 2
    visitors = stored["snapshot"][f"{shop_id(cloud)}_visitors"]
    assert len(visitors[2]) == 8
    hass.set_state(CoreState.running)


@pytest.mark.parametrize(
    "entry_options",
    [{CONF_KPI_WINDOWS: ["month"], CONF_KPI_PLACE_SENSORS: ["people_in"]}],
)
async def test_after_a_crash_a_day_of_which_only_the_sum_is_known_has_no_hours(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
) -> None:
    await settle(hass, entry)
    series = SeriesKey(shop_id(cloud), "people_in")
    kpi = entry.runtime_data.kpi
    crashed = QuarterHours(kpi.quarter_hours.zone)
    crashed.restore(kpi.quarter_hours.as_dict())
    kpi.quarter_hours = crashed
    until = crashed.known_until(series)
    assert until
    day = day_bounds(until - 1, crashed.zone)
    for span, granularity in (
        (day, Granularity.H),
        (Span(day.start + 10 * HOUR, day.end), None),
        (day, None),
    ):
        answer = await async_ask(
            hass, entry, Question((series.node_id,), ("people_in",), span, granularity)
        )
        values = answer.values[series]
        assert not isinstance(values, Exception)
        total = sum(value.value or 0 for value in values)
        truth = cloud.truth(series.node_id, "peopleCountIn", *span)
        assert total == pytest.approx(truth)


async def test_a_day_later_yesterday_is_not_shown_as_today(
    hass: HomeAssistant,
    cloud: Simulator,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
) -> None:
    await settle(hass, entry)
    await hass.config_entries.async_unload(entry.entry_id)
    freezer.tick(timedelta(days=1))
    cloud.faults.add("graphql", "cut", count=None, match="granularity:HQ")
    await hass.config_entries.async_setup(entry.entry_id)
    assert state(hass, entry, shop_id(cloud), "people_in_today") == STATE_UNKNOWN
    cloud.faults.clear()


@pytest.mark.parametrize(
    "entry_options",
    [
        {
            CONF_KPI_WINDOWS: ["today", "week"],
            CONF_KPI_PLACE_SENSORS: ["visitors", "visitors_change", "sales_change"],
        }
    ],
)
async def test_today_against_last_week(
    hass: HomeAssistant,
    cloud: Simulator,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
) -> None:
    await settle(hass, entry)
    shop = shop_id(cloud)
    assert sensor(hass, entry, shop, "sales_change_week")
    # It is computed from the series of the visitors and costs no query.
    assert not [query for query in kpi_queries(cloud) if query.count("a5:")]

    def expected() -> float:
        end = entry.runtime_data.kpi.data.end
        midnight = NOON.replace(hour=0, minute=0).timestamp()
        week = 7 * 24 * 3600
        now = cloud.truth(shop, "peopleCountAverage", midnight, end)
        before = cloud.truth(shop, "peopleCountAverage", midnight - week, end - week)
        assert now
        assert before
        return 100 * (now - before) / before

    shown = state(hass, entry, shop, "visitors_change_today")
    assert float(shown) == pytest.approx(expected())
    found = hass.states.get(sensor(hass, entry, shop, "visitors_change_today") or "")
    assert found
    assert found.attributes["unit_of_measurement"] == "%"
    assert found.attributes["state_class"] == "measurement"

    freezer.tick(timedelta(hours=3))
    await settle(hass, entry)
    assert float(state(hass, entry, shop, "visitors_change_today")) == pytest.approx(
        expected()
    )
    assert state(hass, entry, shop, "visitors_change_today") != shown


async def test_the_drift_of_the_occupancy_is_an_attribute(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    shop = shop_id(cloud)
    found = hass.states.get(sensor(hass, entry, shop, "occupancy") or "")
    assert found
    midnight = NOON.replace(hour=0, minute=0).timestamp()
    came, left = (
        cloud.truth(shop, metric, midnight - 24 * 3600, midnight)
        for metric in ("peopleCountIn", "peopleCountOut")
    )
    assert came
    assert left
    assert found.attributes["drift_yesterday"] == came - left
