"""Thousands of entities: how long a refresh blocks the event loop.

    python -m benchmarks.entities [--sensors 5000]

A real Home Assistant runs with its recorder, 1,000 cameras, and 5,000 enabled KPI
sensors; the cloud is another process. The spacing of requests is off, so that all
answers arrive as quickly as possible. One refresh after a quarter hour of a Friday noon
is measured, from its first query until the last sensor is written.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
import sys
import time
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import (
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from custom_components.netrex.client import Pacer
from custom_components.netrex.client.days import QUARTER
from custom_components.netrex.const import CONF_HISTORY_DAYS
from custom_components.netrex.kpi.sensor import KpiSensor

from .cloud import open_cloud
from .core import ZONE, make_entry, open_core, run, watched

# Seconds.
GOAL = 0.05
RELOAD_DELAY = 1
PATIENCE = 900
# Queries; the benchmark's own.
ALLOWANCE = 10_000

type Shown = dict[str, tuple[str, object]]


def _next_noon() -> datetime:
    """Return the next Friday at 12:20, when shops are open."""
    now = dt_util.now(dt_util.get_time_zone(ZONE))
    noon = now.replace(hour=12, minute=20, second=0, microsecond=0)
    return noon + timedelta(days=(4 - noon.weekday()) % 7 or 7)


class Shift:
    """A running clock that is ahead of time."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._utcnow = dt_util.utcnow

    def utcnow(self) -> datetime:
        """Return the shifted time."""
        return self._utcnow() + timedelta(seconds=self.seconds)


async def _idle(hass: HomeAssistant) -> None:
    """Wait until no task is running, including background tasks."""
    async with asyncio.timeout(PATIENCE):
        await hass.async_block_till_done(wait_background_tasks=True)


def _enable(hass: HomeAssistant, entry: ConfigEntry, wanted: int) -> int:
    """Enable this many KPI sensors; return how many are enabled."""
    registry = er.async_get(hass)
    sensors = [
        found
        for found in er.async_entries_for_config_entry(registry, entry.entry_id)
        if found.domain == "sensor" and not found.entity_category
    ]
    enabled = [found for found in sensors if found.disabled_by is None]
    disabled = [found for found in sensors if found.disabled_by is not None]
    more = disabled[: wanted - len(enabled)]
    for found in more:
        registry.async_update_entity(found.entity_id, disabled_by=None)
    return len(enabled) + len(more)


def _shown(hass: HomeAssistant) -> Shown:
    return {
        state.entity_id: (state.state, state.attributes.get("last_reset"))
        for state in hass.states.async_all("sensor")
    }


async def _run(sensors: int) -> bool:
    shift = Shift()
    async with AsyncExitStack() as stack:
        control = await stack.enter_async_context(open_cloud("large"))
        await control.post("switches", rate_limit=False)
        noon = _next_noon().timestamp() - time.time()

        async def pass_time(seconds: float) -> None:
            shift.seconds += seconds
            await control.post("clock", seconds=seconds)

        for patched in (
            patch("homeassistant.util.dt.utcnow", shift.utcnow),
            patch(
                "homeassistant.config_entries.RELOAD_AFTER_UPDATE_DELAY", RELOAD_DELAY
            ),
            patch("custom_components.netrex.pacing.Pacer", partial(Pacer, interval=0)),
        ):
            stack.enter_context(patched)
        await pass_time(noon)
        hass = await stack.enter_async_context(open_core())
        world = await control.get("world")
        token = (await control.post("tokens"))["token"]
        entry = make_entry(
            control.url,
            token,
            world["nodes"][0]["node_id"],
            {CONF_HISTORY_DAYS: 0, "daily_allowance": ALLOWANCE},
        )
        with watched() as turns:
            await hass.config_entries.async_add(entry)
            await _idle(hass)
        print(f"found: {len(world['cameras'])} cameras; {turns}", flush=True)
        enabled = _enable(hass, entry, sensors)
        with watched() as turns:
            # Home Assistant reloads the account because of them.
            await asyncio.sleep(2 * RELOAD_DELAY)
            await _idle(hass)
        print(f"set up: {enabled} KPI sensors; {turns}", flush=True)
        return await _refresh(hass, entry, partial(pass_time, QUARTER), enabled)


async def _refresh(
    hass: HomeAssistant,
    entry: ConfigEntry,
    quarter: Callable[[], Awaitable[None]],
    enabled: int,
) -> bool:
    """Measure one refresh of all sensors; return whether the goals are reached."""
    before = _shown(hass)
    writes: Counter[str] = Counter()
    changes: Counter[str] = Counter()
    write = KpiSensor.async_write_ha_state

    def counted(sensor: KpiSensor) -> None:
        writes[sensor.entity_id] += 1
        write(sensor)

    @callback
    def changed(event: Event[EventStateChangedData]) -> None:
        changes[event.data["entity_id"]] += 1

    ledger = entry.runtime_data.pacer.ledger
    await quarter()
    queries = ledger.used
    with patch.object(KpiSensor, "async_write_ha_state", counted), watched() as turns:
        stop = hass.bus.async_listen(EVENT_STATE_CHANGED, changed)
        await entry.runtime_data.kpi.async_refresh()
        await _idle(hass)
        stop()
    after = _shown(hass)
    different = {name for name, shown in after.items() if before.get(name) != shown}
    different &= writes.keys()
    again = writes.total() - len(writes)
    print(f"refresh: {ledger.used - queries} queries; {turns}")
    print(
        f"written: {writes.total()} states of {len(writes)} sensors, {again} of them"
        f" twice; {len(different)} of {enabled} sensors changed;"
        f" {changes.total()} changes in total"
    )
    return turns.longest < GOAL and writes.total() == len(different)


def main() -> int:
    """Run the measurement; return exit code 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sensors", type=int, default=5000)
    return int(not run(_run(parser.parse_args().sensors)))


if __name__ == "__main__":
    sys.exit(main())
