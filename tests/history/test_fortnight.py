"""A week around each clock change, with late values, outages, restarts and crashes.

Time passes in steps; in each of them the real coordinators query the simulated cloud
over its socket.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from copy import deepcopy
from datetime import datetime, timedelta
import time
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import Ledger
from custom_components.netrex.client.days import DAY, HOUR, QUARTER
from custom_components.netrex.history.coverage import newest_hour
from custom_components.netrex.kpi.coordinator import DEBOUNCE_SECONDS
from custom_components.netrex.kpi.metrics import BASE, RATIOS
from simulator import Simulator

from ..kpi_options import ALL_SENSORS
from .conftest import PRAGUE, ReadBack, settle
from .test_import import assert_truth, shop_id

# Longer than the delay of a late counter, seconds.
LATE = 2 * HOUR + QUARTER
DAYS = 7
SUNDAY = 6

type Check = Callable[[], Iterator[str]]


@pytest.fixture(params=["2026-03-24T09:12", "2026-10-20T09:12"])
def now(request: pytest.FixtureRequest) -> datetime:
    """Return the start of a week with a clock change; a Tuesday."""
    return datetime.fromisoformat(request.param).replace(tzinfo=PRAGUE)


@pytest.fixture
def recorder_config() -> dict[str, Any]:
    """Exclude the states from the recorder; these tests check its statistics."""
    return {"exclude": {"entity_globs": ["*.*"]}}


@pytest.fixture
def history_days() -> int:
    """Return the length of the history at the start."""
    return 3


@pytest.fixture(autouse=True)
def _frozen_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the ledger use the frozen time."""
    defaults = Ledger.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "clock", lambda: time.time())  # noqa: PLW0108 - looked up at each call


@pytest.fixture
async def shop(
    hass: HomeAssistant, cloud: Simulator, config_entry: MockConfigEntry
) -> AsyncGenerator[MockConfigEntry]:
    """Return the entry with all sensors of the shop enabled."""
    # Debug information about thousands of tasks would take half of the time.
    hass.loop.set_debug(False)
    cloud.switches.kpi_late_share = 0.15
    config_entry.add_to_hass(hass)
    options = {**config_entry.options, **ALL_SENSORS}
    hass.config_entries.async_update_entry(config_entry, options=options)
    # Home Assistant would reload the account again when the time passes.
    with patch("homeassistant.config_entries.RELOAD_AFTER_UPDATE_DELAY", 1e9):
        await hass.config_entries.async_setup(config_entry.entry_id)
        await settle(hass, config_entry)
        yield config_entry


def steps(start: datetime) -> Iterator[datetime]:
    """Yield the times of a week: hours, and quarter hours when the clock changes.

    Each is later than the longest settling delay after a quarter hour.
    """
    moment = start.timestamp()
    for _ in range(DAYS * 96):
        moment += QUARTER
        local = datetime.fromtimestamp(moment, PRAGUE)
        if local.minute < 15 or (local.weekday() == SUNDAY and local.hour < 5):
            yield local


def differences(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> Iterator[str]:
    """Yield the sensors of the shop that differ from the portal's present values.

    Those must equal the truth once no counter can deliver late values.
    """
    node_id = shop_id(cloud)
    registry = er.async_get(hass)
    sources = cloud.kpi.sources(node_id)
    for window, span in entry.runtime_data.kpi.data.windows.items():
        for metric in (*BASE, *RATIOS):
            entity_id = registry.async_get_entity_id(
                "sensor", "netrex", f"{entry.unique_id}_{node_id}_{metric.key}_{window}"
            )
            assert entity_id
            found = hass.states.get(entity_id)
            assert found
            name = str(metric.metric)
            expected = (
                cloud.kpi.total(sources, name, *span) if span.start < span.end else None
            )
            if span.end + LATE < time.time():
                assert expected == cloud.truth(node_id, name, *span)
            if expected is None and metric in BASE:
                # The window was read, and nothing was there (decision 0027).
                expected = 0.0
            if expected is None:
                if found.state != STATE_UNKNOWN:
                    yield f"{entity_id}: {found.state}, expected no value"
            elif found.state in (STATE_UNKNOWN, STATE_UNAVAILABLE) or (
                float(found.state) != pytest.approx(expected)
            ):
                yield f"{entity_id}: {found.state}, expected {expected}"


async def pass_by(hass: HomeAssistant) -> None:
    """Run everything that is due."""
    # The first turn of the event loop finds due timers, the next ones start tasks.
    for _ in range(3):
        await asyncio.sleep(0)
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.timeout(400)
async def test_every_window_and_every_hour_is_true(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    cloud: Simulator,
    clock: FrozenDateTimeFactory,
    shop: MockConfigEntry,
    read_back: ReadBack,
    now: datetime,
) -> None:
    key = f"netrex.{shop.entry_id}"
    first = newest_hour(now.timestamp()) - 3 * DAY
    checked = away = 0
    for number, moment in enumerate(steps(now)):
        clock.move_to(moment)
        # A portal outage of five hours, each day at another time.
        outage = number % 29 in range(5)
        if outage:
            cloud.faults.clear()
            cloud.faults.add("graphql", "cut", count=None)
        elif number % 31 == 0:
            # One answer lacks a part of its series.
            cloud.faults.add("graphql", "half", count=1, match="granularity:HQ")
        if number % 37 == 11:
            await hass.config_entries.async_reload(shop.entry_id)
        if number % 41 == 20:
            killed = deepcopy(hass_storage[key])
            await pass_by(hass)
            await hass.config_entries.async_unload(shop.entry_id)
            hass_storage[key] = killed
            await hass.config_entries.async_setup(shop.entry_id)
        await pass_by(hass)
        # Requests of new sensors are collected before the reading.
        clock.tick(timedelta(seconds=DEBOUNCE_SECONDS + 1))
        await pass_by(hass)
        if outage:
            cloud.faults.clear()
            away += 1
        else:
            assert not list(differences(hass, cloud, shop)), moment
            checked += 1
    assert checked > 140
    assert away > 28

    cloud.switches.kpi_late_share = 0
    clock.tick(timedelta(days=1, minutes=1))
    await settle(hass, shop)
    assert not list(differences(hass, cloud, shop))
    end = newest_hour(time.time())
    await assert_truth(cloud, shop, read_back, first, end)
    assert not shop.runtime_data.kpi.ratios.replaced
