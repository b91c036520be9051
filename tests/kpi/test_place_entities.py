"""Limits, targets, and full places."""

from collections.abc import Generator
from contextlib import contextmanager
from unittest.mock import patch

from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    mock_restore_cache_with_extra_data,
)

from custom_components.netrex.client.days import HOUR
from custom_components.netrex.kpi.coordinator import KpiCoordinator
from custom_components.netrex.kpi.values import KpiKey, Reading
from simulator import Simulator

from ..automations import automate
from ..conftest import SetUp
from .test_sensor import settle, shop_id

pytestmark = pytest.mark.usefixtures("noon")


def entity_id(
    hass: HomeAssistant, entry: MockConfigEntry, node_id: int, domain: str, key: str
) -> str:
    """Return the entity id of a place's entity."""
    found = er.async_get(hass).async_get_entity_id(
        domain, "netrex", f"{entry.unique_id}_{node_id}_{key}"
    )
    assert found
    return found


def state(hass: HomeAssistant, name: str) -> str:
    """Return a state."""
    found = hass.states.get(name)
    assert found
    return found.state


@contextmanager
def reading(people: float | None) -> Generator[None]:
    """Let the portal report so many people inside."""

    def read(_: KpiCoordinator, key: KpiKey) -> Reading:
        return Reading(people if key.metric == "occupancy" else 1, 0, 1)

    with patch.object(KpiCoordinator, "reading", read):
        yield


class People:
    """The number of people inside, as the portal would report it."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry) -> None:
        self.hass = hass
        self.kpi: KpiCoordinator = entry.runtime_data.kpi

    async def are(self, people: float | None) -> None:
        """Set the number and update all entities."""
        with reading(people):
            self.kpi.async_update_listeners()
            await self.hass.async_block_till_done(wait_background_tasks=True)


async def test_a_place_becomes_full_and_empties_with_hysteresis(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    shop = shop_id(cloud)
    people = People(hass, entry)
    full = entity_id(hass, entry, shop, "binary_sensor", "full")
    limit = entity_id(hass, entry, shop, "number", "occupancy_limit")
    target = entity_id(hass, entry, shop, "number", "visitors_target")
    await people.are(500)
    assert [state(hass, name) for name in (full, limit, target)] == ["unknown"] * 3
    runs = await automate(
        hass,
        triggers=[
            {"trigger": "netrex.place_became_full", "target": {"entity_id": full}}
        ],
    )
    await people.are(10)
    await hass.services.async_call(
        "number", "set_value", {"entity_id": limit, "value": 100}, blocking=True
    )
    for number, expected in (
        (99, "off"),
        (100, "on"),
        (99, "on"),
        (None, "on"),
        (96, "on"),
        (95, "off"),
        (99, "off"),
        (101, "on"),
    ):
        await people.are(number)
        assert state(hass, full) == expected, number
    assert len(runs) == 2
    await hass.services.async_call(
        "number", "set_value", {"entity_id": limit, "value": 0}, blocking=True
    )
    assert state(hass, limit) == "unknown"
    assert state(hass, full) == "unknown"


async def test_a_restart_keeps_limit_and_full(
    hass: HomeAssistant, cloud: Simulator, config_entry: MockConfigEntry, set_up: SetUp
) -> None:
    shop = shop_id(cloud)
    registry = er.async_get(hass)
    config_entry.add_to_hass(hass)
    number, full = (
        registry.async_get_or_create(
            domain,
            "netrex",
            f"{config_entry.unique_id}_{shop}_{key}",
            config_entry=config_entry,
        ).entity_id
        for domain, key in (("number", "occupancy_limit"), ("binary_sensor", "full"))
    )
    stored = {
        "native_max_value": 1000,
        "native_min_value": 0,
        "native_step": 1,
        "native_unit_of_measurement": None,
        "native_value": 40,
    }
    mock_restore_cache_with_extra_data(
        hass, ((State(number, "40"), stored), (State(full, "on"), {}))
    )
    runs = await automate(
        hass,
        triggers=[
            {"trigger": "netrex.place_became_full", "target": {"entity_id": full}}
        ],
    )
    with reading(39):
        await hass.config_entries.async_setup(config_entry.entry_id)
        await hass.async_block_till_done()
        await settle(hass, config_entry)
    assert float(state(hass, number)) == 40
    people = People(hass, config_entry)
    await people.are(39)
    assert state(hass, full) == "on"
    await people.are(38)
    assert state(hass, full) == "off"
    assert not runs


async def test_the_change_from_last_year_compares_the_same_part_of_the_day(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    weeks, quarters = entry.runtime_data.weeks, entry.runtime_data.kpi.quarter_hours
    series = weeks._series(shop_id(cloud))
    assert series is not None
    span = weeks._today(series)
    assert span is not None
    weeks._year_ago_day = span.start
    first = weeks._year_start(span.start)

    # The whole day of last year, of which the rest does not count yet.
    weeks._year_ago = {series: {first + hour * HOUR: 10.0 for hour in range(24)}}
    before = 10.0 * (span.end - span.start) / HOUR
    now = quarters.total(series, *span)
    assert now
    assert weeks.year_change(series) == pytest.approx(100 * (now - before) / before)

    # Nothing to compare with: no visitors, another day, and no history.
    weeks._year_ago = {series: {first: 0.0}}
    assert weeks.year_change(series) is None
    weeks._year_ago = {series: {first: 10.0}}
    assert weeks.year_change(series) is not None
    weeks._year_ago_day -= 24 * HOUR
    assert weeks.year_change(series) is None
    weeks._year_ago_day, weeks._year_ago = span.start, {}
    assert weeks.year_change(series) is None
