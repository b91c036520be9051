"""A slow or incomplete refresh shows no inconsistent values."""

from collections import Counter
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_STATE_CHANGED, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.kpi import BY_KEY
from custom_components.netrex.kpi.windows import Window, Windows
from simulator import Simulator

from ..conftest import SetUp
from ..kpi_options import ALL_SENSORS
from .conftest import NOON
from .test_sensor import sensor, settle, state

METRICS = ("people_in", "transactions", "visitors", "conversion")
KEYS = {
    f"{metric}_{window}": (metric, window) for metric in METRICS for window in Window
}


@pytest.fixture
def entry_options() -> dict[str, Any]:
    """Return the options with all sensors."""
    return ALL_SENSORS


@pytest.fixture
async def entry(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, set_up: SetUp
) -> MockConfigEntry:
    """Return the entry with the sensors of all windows, on a Friday noon."""
    await hass.config.async_set_time_zone("Europe/Prague")
    freezer.move_to(NOON)
    entry = await set_up()
    await settle(hass, entry)
    registry = er.async_get(hass)
    # Home Assistant would reload the account again when the time passes.
    with patch("homeassistant.config_entries.RELOAD_AFTER_UPDATE_DELAY", 1e6):
        for found in er.async_entries_for_config_entry(registry, entry.entry_id):
            if found.translation_key in KEYS and found.disabled_by:
                registry.async_update_entity(found.entity_id, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass, entry)
    return entry


def truth(cloud: Simulator, node_id: int, key: str, windows: Windows) -> float | None:
    """Return the true value of a window."""
    metric, window = KEYS[key]
    return cloud.truth(node_id, str(BY_KEY[metric].metric), *windows[window])


async def test_a_kpi_whose_series_lag_shows_the_previous_window(
    hass: HomeAssistant,
    cloud: Simulator,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
) -> None:
    kpi = entry.runtime_data.kpi
    before = kpi.data.windows
    cloud.faults.add("graphql", "half", count=None, match="granularity:HQ")
    freezer.tick(timedelta(minutes=15))
    await settle(hass, entry)
    after = kpi.data.windows
    assert after[Window.QUARTER].start == before[Window.QUARTER].end

    lagging = 0
    for node_id in kpi.nodes:
        for key in KEYS:
            if sensor(hass, entry, node_id, key) is None:
                continue
            shown = float(state(hass, entry, node_id, key))
            new, old = (truth(cloud, node_id, key, spans) for spans in (after, before))
            if shown != pytest.approx(new):
                assert shown == pytest.approx(old)
                lagging += 1
    assert lagging

    # After a long outage nothing stands still as if it were fresh.
    freezer.tick(timedelta(hours=2))
    cloud.faults.clear()
    cloud.faults.add("graphql", "refuse", count=None)
    await settle(hass, entry)
    for node_id in kpi.nodes:
        if sensor(hass, entry, node_id, "people_in_quarter") is None:
            continue
        for key in ("people_in_quarter", "people_in_today"):
            assert state(hass, entry, node_id, key) in (
                STATE_UNAVAILABLE,
                STATE_UNKNOWN,
            )
        assert float(state(hass, entry, node_id, "people_in_yesterday"))


@pytest.mark.parametrize("scenario", ["chain"])
async def test_each_sensor_is_written_once(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
) -> None:
    changes: Counter[str] = Counter()

    @callback
    def changed(event: Event[EventStateChangedData]) -> None:
        name, new = event.data["entity_id"], event.data["new_state"]
        assert new
        assert new.state != STATE_UNKNOWN
        changes[name] += 1

    hass.bus.async_listen(EVENT_STATE_CHANGED, changed)
    freezer.tick(timedelta(minutes=15))
    await settle(hass, entry)

    assert len(changes) > 500
    assert set(changes.values()) == {1}
