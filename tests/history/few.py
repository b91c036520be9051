"""An account with two series, so that tests are quick."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
import time
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client.days import DAY, HOUR
from custom_components.netrex.const import CONF_KPI_METRICS, CONF_KPI_NODES
from simulator import Simulator

from .conftest import PRAGUE, ReadBack, settle, statistic_id, truth
from .test_import import shop_id

METRICS = {"people_in": "peopleCountIn", "people_out": "peopleCountOut"}


def few_series(cloud: Simulator) -> dict[str, Any]:
    """Return the options for two metrics of the shop."""
    return {
        CONF_KPI_METRICS: list(METRICS),
        CONF_KPI_NODES: [str(shop_id(cloud))],
    }


async def assert_days(
    cloud: Simulator,
    entry: MockConfigEntry,
    read_back: ReadBack,
    days: float,
    *,
    until: float = 0,
) -> None:
    """Compare the shop's statistics of the last days (until some days ago)."""
    end = int((time.time() - HOUR) // HOUR) * HOUR
    first, last = end - int(days * DAY), end - int(until * DAY)
    rows = await read_back(
        datetime.fromtimestamp(first - 60 * DAY, PRAGUE),
        datetime.fromtimestamp(end + DAY, PRAGUE),
    )
    node_id = shop_id(cloud)
    for key, metric in METRICS.items():
        found = rows.get(statistic_id(entry, node_id, key), [])
        total = 0.0
        for row in found:
            # The rows' sums are those of all rows before.
            total += row["state"]
            assert row["sum"] == pytest.approx(total)
        expected = truth(cloud, node_id, metric, first, last)
        assert expected
        states = {
            row["start"]: row["state"]
            for row in found
            if first * 1000 <= row["start"] < last * 1000
        }
        assert states == pytest.approx(expected)


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set up the account and wait until nothing is due."""
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass, entry)


def percent(entry: MockConfigEntry) -> float:
    """Return the progress of the import."""
    progress = entry.runtime_data.history.progress
    assert progress
    return float(progress.percent)


# Seconds between two looks at a condition.
STEP = 0.01


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition while the clock, and with it every timer, stands still."""
    loop = asyncio.get_running_loop()
    while not condition():
        await loop.run_in_executor(None, time.sleep, STEP)


async def let_time_pass[T](
    clock: FrozenDateTimeFactory, work: Coroutine[Any, Any, T]
) -> T:
    """Move the frozen clock until work that waits for a timer is done."""
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    while not task.done():
        await loop.run_in_executor(None, time.sleep, STEP)
        clock.tick(STEP)
    return await task
