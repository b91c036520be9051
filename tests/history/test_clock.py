"""A clock that was wrong once neither stops the import nor leaves a hole."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import NetrexPermissionError
from simulator import Simulator

from .conftest import Portal, ReadBack, settle
from .few import assert_days, few_series, percent, set_up

WRONG = [
    timedelta(hours=2),
    timedelta(days=5),
    timedelta(hours=-1),
    timedelta(days=-1),
]
QUARTER = timedelta(minutes=15)


@pytest.fixture
def history_options(cloud: Simulator) -> dict[str, Any]:
    """Return the options of the entry: few series, to be quick."""
    return few_series(cloud)


class WrongClock:
    """Sets the clock of Home Assistant, but not that of the cloud."""

    def __init__(self, clock: FrozenDateTimeFactory, cloud: Simulator) -> None:
        self._clock = clock
        self._cloud = cloud
        self._error = timedelta()

    def set(self, error: timedelta) -> None:
        """Make the clock wrong by this much."""
        self._cloud.clock.jump(-(error - self._error).total_seconds())
        self._clock.tick(error - self._error)
        self._error = error


@pytest.fixture
def wrong_clock(clock: FrozenDateTimeFactory, cloud: Simulator) -> WrongClock:
    """Return the means to make the clock wrong."""
    return WrongClock(clock, cloud)


@pytest.mark.parametrize("future", ["null", "zero"])
@pytest.mark.parametrize("error", WRONG)
async def test_the_first_import_with_a_wrong_clock(
    hass: HomeAssistant,
    cloud: Simulator,
    clock: FrozenDateTimeFactory,
    wrong_clock: WrongClock,
    config_entry: MockConfigEntry,
    read_back: ReadBack,
    error: timedelta,
    future: str,
) -> None:
    cloud.switches.set("kpi_future", future)
    wrong_clock.set(error)
    await set_up(hass, config_entry)
    wrong_clock.set(timedelta())
    await hass.config_entries.async_reload(config_entry.entry_id)
    await settle(hass, config_entry)
    for _ in range(6):
        clock.tick(timedelta(hours=5))
        await settle(hass, config_entry)
    # The newest hours are read once a day.
    await assert_days(cloud, config_entry, read_back, 5, until=1)
    assert percent(config_entry) == 100


@pytest.mark.parametrize("error", WRONG)
async def test_a_running_import_with_a_wrong_clock(
    hass: HomeAssistant,
    cloud: Simulator,
    clock: FrozenDateTimeFactory,
    wrong_clock: WrongClock,
    config_entry: MockConfigEntry,
    read_back: ReadBack,
    error: timedelta,
) -> None:
    await set_up(hass, config_entry)
    clock.tick(timedelta(days=1, minutes=1))
    wrong_clock.set(error)
    await settle(hass, config_entry)
    clock.tick(timedelta(minutes=20))
    await settle(hass, config_entry)
    wrong_clock.set(timedelta())
    # The portal does not answer until the clock would have caught up.
    cloud.faults.add("graphql", "cut", count=None, match="granularity:H)")
    for _ in range(12):
        clock.tick(timedelta(hours=12))
        await settle(hass, config_entry)
    cloud.faults.clear()
    clock.tick(timedelta(hours=1))
    await settle(hass, config_entry)
    await assert_days(cloud, config_entry, read_back, 11)
    assert percent(config_entry) == 100


@pytest.mark.parametrize("error", WRONG)
async def test_a_refusal_with_a_wrong_clock(
    hass: HomeAssistant,
    clock: FrozenDateTimeFactory,
    wrong_clock: WrongClock,
    config_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    error: timedelta,
) -> None:
    portal = Portal(monkeypatch)
    portal.refuse = lambda _: NetrexPermissionError("refused")
    wrong_clock.set(error)
    await set_up(hass, config_entry)
    assert portal.refused
    wrong_clock.set(timedelta())
    portal.refuse = None
    await hass.config_entries.async_reload(config_entry.entry_id)
    await settle(hass, config_entry)
    # The first delay is a quarter hour, whatever the clock showed.
    clock.tick(QUARTER + timedelta(seconds=1))
    await settle(hass, config_entry)
    assert percent(config_entry) == 100


@pytest.mark.parametrize("error", WRONG)
async def test_a_pause_with_a_wrong_clock(
    hass: HomeAssistant,
    cloud: Simulator,
    clock: FrozenDateTimeFactory,
    wrong_clock: WrongClock,
    config_entry: MockConfigEntry,
    error: timedelta,
) -> None:
    cloud.faults.add("graphql", "cut", count=1, match="granularity:H)")
    wrong_clock.set(error)
    await set_up(hass, config_entry)
    assert config_entry.runtime_data.history.last_error
    wrong_clock.set(timedelta())
    # Something looks at the clock every few minutes.
    await settle(hass, config_entry)
    clock.tick(QUARTER + timedelta(seconds=1))
    await settle(hass, config_entry)
    assert percent(config_entry) == 100
