"""Places learn their week from the imported history, without a query."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import Metric
from custom_components.netrex.client.days import QUARTER
from simulator import Simulator
from simulator.world.model import Column

from ..automations import automate
from ..history.conftest import (  # noqa: F401 - fixtures with a recorder
    NOON,
    _integration,
    _prague,
    clock,
    config_entry,
    history_options,
    now,
    settle,
)
from .test_sensor import shop_id


@pytest.fixture
def history_days() -> int:
    """Return two weeks."""
    return 15


def entity(hass: HomeAssistant, entry: MockConfigEntry, domain: str, key: str) -> str:
    """Return the state of an entity of the shop."""
    [place] = {
        found.entity_id
        for found in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if found.domain == domain and found.unique_id.endswith(f"_{key}")
    }
    return place


async def read(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """Read the next quarter hour."""
    freezer.tick(QUARTER)
    await entry.runtime_data.kpi.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_a_place_knows_its_week(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    cloud: Simulator,
    entry: MockConfigEntry,
) -> None:
    await settle(hass, entry)
    await entry.runtime_data.kpi.async_refresh()
    weeks = entry.runtime_data.weeks
    cloud.queries.clear()
    weeks._async_learn_again()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not cloud.queries
    shop = shop_id(cloud)
    midnight = NOON.replace(hour=0, minute=0)
    total = cloud.truth(
        shop,
        str(Metric.PEOPLE_COUNT_AVERAGE),
        midnight.timestamp(),
        (midnight + timedelta(days=1)).timestamp(),
    )
    expected = hass.states.get(entity(hass, entry, "sensor", "visitors_expected_today"))
    assert expected
    # The cloud does not tell the rest of the day yet, but its source is known.
    assert total is None or float(expected.state) >= total
    for key, state in (("counting", "off"), ("open", "on")):
        found = hass.states.get(entity(hass, entry, "binary_sensor", key))
        assert found
        assert found.state == state

    # The doors count nothing for an hour; a single shop needs no other.
    runs = await automate(
        hass,
        triggers=[
            {
                "trigger": "netrex.counting_stopped",
                "target": {
                    "entity_id": entity(hass, entry, "binary_sensor", "counting")
                },
            }
        ],
    )
    start = int(NOON.timestamp()) // QUARTER * QUARTER
    for camera in cloud.world.sources:
        for quarter in range(start, start + 6 * QUARTER, QUARTER):
            cloud.correct(camera, quarter, {Column.PEOPLE_IN: 0, Column.PEOPLE_OUT: 0})
    for _ in range(4):
        await read(hass, entry, freezer)
    assert len(runs) == 1
    assert weeks.stopped_days(shop) == [NOON.date()]
    expected = hass.states.get(entity(hass, entry, "sensor", "visitors_expected_today"))
    assert expected
    assert expected.state == "unknown"

    # A reload keeps the state and does not fire again; neither does the next reading.
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await read(hass, entry, freezer)
    found = hass.states.get(entity(hass, entry, "binary_sensor", "counting"))
    assert found
    assert found.state == "on"
    assert len(runs) == 1
    # Visitors again.
    for _ in range(3):
        await read(hass, entry, freezer)
    found = hass.states.get(entity(hass, entry, "binary_sensor", "counting"))
    assert found
    assert found.state == "off"
    assert len(runs) == 1
