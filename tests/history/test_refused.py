"""What the portal refuses costs only what it is about, and its limits are learned."""

from datetime import timedelta
import time
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import (
    NetrexError,
    NetrexNoDataError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexQueryError,
    NetrexResponseError,
)
from custom_components.netrex.client.days import DAY
from simulator import Simulator

from .conftest import Portal, ReadBack, settle
from .few import assert_days, few_series, percent, set_up
from .test_import import series_queries


@pytest.fixture
def history_days() -> int:
    """Return the length of the history."""
    return 20


@pytest.fixture
def history_options(cloud: Simulator) -> dict[str, Any]:
    """Return the options of the entry: few series, to be quick."""
    return few_series(cloud)


@pytest.mark.parametrize("error", [NetrexQueryError, NetrexNoDataError])
@pytest.mark.parametrize(("days", "most"), [(10, 8), (7, 8)])
async def test_a_limit_of_the_range_is_learned(
    hass: HomeAssistant,
    cloud: Simulator,
    config_entry: MockConfigEntry,
    read_back: ReadBack,
    portal: Portal,
    error: type[NetrexError],
    days: int,
    most: int,
) -> None:
    portal.refuse = lambda request: (
        error("too long") if request.end - request.start > days * DAY else None
    )
    await set_up(hass, config_entry)

    assert percent(config_entry) == 100
    assert config_entry.runtime_data.history.last_error is None
    assert series_queries(cloud) + max(portal.refused.values()) <= most
    await assert_days(cloud, config_entry, read_back, 20)


@pytest.mark.parametrize("error", [NetrexNotFoundError, NetrexNoDataError])
async def test_the_end_of_the_portals_hours_is_learned(
    hass: HomeAssistant,
    cloud: Simulator,
    clock: FrozenDateTimeFactory,
    config_entry: MockConfigEntry,
    read_back: ReadBack,
    portal: Portal,
    error: type[NetrexError],
) -> None:
    portal.refuse = lambda request: (
        error("no data") if request.start < time.time() - 10 * DAY else None
    )
    await set_up(hass, config_entry)

    assert percent(config_entry) == 100
    assert config_entry.runtime_data.history.last_error is None
    queries = series_queries(cloud) + portal.refused.total()
    assert queries <= 30
    await assert_days(cloud, config_entry, read_back, 9)

    # The end is stored: it is not searched again after a restart.
    await hass.config_entries.async_reload(config_entry.entry_id)
    await settle(hass, config_entry)
    assert series_queries(cloud) + portal.refused.total() == queries
    # A week later, the portal has more.
    portal.refuse = None
    for _ in range(9):
        clock.tick(timedelta(days=1, minutes=1))
        await settle(hass, config_entry)
    assert percent(config_entry) == 100
    await assert_days(cloud, config_entry, read_back, 20)


async def test_a_refused_period_costs_only_itself(
    hass: HomeAssistant,
    clock: FrozenDateTimeFactory,
    cloud: Simulator,
    config_entry: MockConfigEntry,
    read_back: ReadBack,
    portal: Portal,
) -> None:
    first, last = time.time() - 13 * DAY, time.time() - 8 * DAY
    portal.refuse = lambda request: (
        NetrexQueryError("refused")
        if request.metric == "peopleCountOut"
        and request.start < last
        and request.end > first
        else None
    )
    await set_up(hass, config_entry)

    assert percent(config_entry) == 100
    assert config_entry.runtime_data.history.last_error is None
    assert portal.refused.total() <= 12
    assert not portal.refused["peopleCountIn"]
    # Newer and older hours of all series are there.
    await assert_days(cloud, config_entry, read_back, 7)
    await assert_days(cloud, config_entry, read_back, 20, until=14)


@pytest.mark.parametrize(
    "error",
    [NetrexPermissionError, NetrexNotFoundError, NetrexQueryError, NetrexResponseError],
)
async def test_one_refused_series_blocks_no_other(
    hass: HomeAssistant,
    cloud: Simulator,
    clock: FrozenDateTimeFactory,
    config_entry: MockConfigEntry,
    read_back: ReadBack,
    portal: Portal,
    error: type[NetrexError],
    caplog: pytest.LogCaptureFixture,
) -> None:
    portal.refuse = lambda request: (
        error("refused") if request.metric == "peopleCountOut" else None
    )
    await set_up(hass, config_entry)
    history = config_entry.runtime_data.history
    assert percent(config_entry) == 50
    assert isinstance(history.last_error, error)
    assert sum(history.state.refused.by_reason().values()) == 1
    assert caplog.text.count("The portal refuses the history of 1 series") == 1
    refused = portal.refused["peopleCountOut"]
    assert refused <= 6

    # The delay survives restarts and grows.
    for _ in range(3):
        await hass.config_entries.async_reload(config_entry.entry_id)
        await settle(hass, config_entry)
    assert portal.refused["peopleCountOut"] == refused
    for _ in range(24):
        clock.tick(timedelta(hours=1))
        await settle(hass, config_entry)
    assert refused + 3 <= portal.refused["peopleCountOut"] <= refused + 6

    portal.refuse = None
    clock.tick(timedelta(hours=12, minutes=1))
    await settle(hass, config_entry)
    clock.tick(timedelta(days=1))
    await settle(hass, config_entry)
    assert percent(config_entry) == 100
    assert config_entry.runtime_data.history.last_error is None
    await assert_days(cloud, config_entry, read_back, 20)
