"""Automations fire exactly as often as the truth crosses their limits.

Ten automations of a shop run on the virtual clock while answers are lost, the portal
fails for minutes, and the account is reloaded, at random. One day by default;
`NETREX_SHOP_DAYS=365` simulates a year.
"""

import asyncio
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta, tzinfo
import os
from pathlib import Path
import random
import time
from typing import Any, NamedTuple
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client.days import (
    DAY,
    HOUR,
    QUARTER,
    Span,
    day_bounds,
)
from custom_components.netrex.const import CONF_KPI_CAMERA_SENSORS
from custom_components.netrex.coordinator import StatusCoordinator
from custom_components.netrex.kpi import BY_KEY
from custom_components.netrex.kpi.metrics import OCCUPANCY, needs, ratio
from simulator import Simulator
from simulator.faults import Endpoint, Fault, FaultKind, Faults

from ..virtual import run_virtually
from .test_sensor import sensor, shop_id
from .virtual_shop import add_account

DAYS = int(os.environ.get("NETREX_SHOP_DAYS", "1"))
# A failing portal is repeated within the quarter hour, so that no value is skipped.
OUTAGE_SECONDS = 240
LOST = 0.05
FIRED = "crossed"


class Limit(NamedTuple):
    """The limit of an automation; `guarded` is a numeric_state with a condition."""

    key: str
    above: float | None = None
    below: float | None = None
    guarded: bool = False

    def holds(self, value: float) -> bool:
        """Return whether a value is beyond the limit."""
        return (self.above is None or value > self.above) and (
            self.below is None or value < self.below
        )


LIMITS = (
    Limit("visitors_today", above=300),
    Limit("visitors_today", above=600, guarded=True),
    Limit("people_in_today", above=450, guarded=True),
    Limit("people_out_today", above=100),
    Limit("occupancy", above=15),
    Limit("occupancy", below=1),
    Limit("occupancy", below=1, guarded=True),
    Limit("conversion_today", below=25),
    Limit("transactions_today", above=120, guarded=True),
    Limit("sales_today", above=50_000),
)


def automation(index: int, limit: Limit, entity_id: str) -> dict[str, Any]:
    """Return an automation that fires an event with the index of its limit."""
    limits = {"above": limit.above, "below": limit.below}
    side = "above" if limit.above is not None else "below"
    trigger: dict[str, Any] = {
        "trigger": "netrex.kpi_crossed_threshold",
        "target": {"entity_id": entity_id},
        "options": {"threshold": {"type": side, "value": {"number": limits[side]}}},
    }
    conditions = []
    if limit.guarded:
        trigger = {
            "trigger": "numeric_state",
            "entity_id": entity_id,
            side: limits[side],
        }
        # As in the blueprint.
        before = "trigger.from_state"
        conditions = [f"{{{{ {before} is not none and is_number({before}.state) }}}}"]
    return {
        "alias": f"Limit {index}",
        "mode": "queued",
        "triggers": [trigger],
        "conditions": conditions,
        "actions": [{"event": FIRED, "event_data": {"index": index}}],
    }


@contextmanager
def losing(share: float, rng: random.Random) -> Generator[list[float]]:
    """Lose a share of all answers, and all of them until the yielded time."""
    until = [0.0]
    take = Faults.take

    def lose(self: Faults, endpoint: Endpoint, request: str = "") -> Fault | None:
        if endpoint is Endpoint.GRAPHQL and (
            rng.random() < share or time.time() < until[0]
        ):
            return Fault(endpoint, FaultKind.CUT)
        return take(self, endpoint, request)

    with patch.object(Faults, "take", lose):
        yield until


def true_values(
    cloud: Simulator,
    shop: int,
    key: str,
    span: Span,
    zone: tzinfo,
) -> Iterator[float | None]:
    """Yield the true values at the ends of quarter hours, and at each reset."""
    description = BY_KEY[key.removesuffix("_today")]
    metrics = [str(BY_KEY[metric].metric) for metric in needs(description)]
    for end in range(span.start + QUARTER, span.end + 1, QUARTER):
        day = day_bounds(end - 1, zone)
        sums = [cloud.truth(shop, metric, day.start, end) or 0.0 for metric in metrics]
        if description.numerator:
            yield ratio(description, *sums)
        elif description is OCCUPANCY:
            yield max(0.0, sums[0] - sums[1])
        else:
            yield sums[0]
        if end == day.end:
            yield None if description.numerator else 0.0


def crossings(limit: Limit, values: Iterator[float | None]) -> int:
    """Return how often known values enter the range of a limit."""
    count, before = 0, None
    for value in values:
        if value is not None and before is not None:
            count += limit.holds(value) and not limit.holds(before)
        before = value
    return count


class Result(NamedTuple):
    """How often the automations fired, and how often they should have."""

    fired: list[int]
    expected: list[int]


async def trouble(
    hass: HomeAssistant, entry: MockConfigEntry, until: list[float], end: float
) -> None:
    """Reload the account and let the portal fail, about three times a day each."""
    rng = random.Random(3)  # noqa: S311 - a plan, not a secret
    while time.time() < end:
        await asyncio.sleep(rng.uniform(0, 8) * HOUR)
        if rng.random() < 1 / 2:
            until[0] = time.time() + OUTAGE_SECONDS
        else:
            until[0] = 0.0
            await hass.config_entries.async_reload(entry.entry_id)


async def run_automations(
    hass: HomeAssistant, cloud: Simulator, until: list[float]
) -> Result:
    """Run the automations and count their runs."""
    shop = shop_id(cloud)
    entry = await add_account(hass, cloud, {CONF_KPI_CAMERA_SENSORS: []})
    await asyncio.sleep(HOUR)
    configs = [
        automation(index, limit, sensor(hass, entry, shop, limit.key) or "")
        for index, limit in enumerate(LIMITS)
    ]
    assert await async_setup_component(hass, AUTOMATION, {AUTOMATION: configs})
    fired = Counter[int]()

    @callback
    def ran(event: Event) -> None:
        fired[event.data["index"]] += 1

    hass.bus.async_listen(FIRED, ran)
    kpi = entry.runtime_data.kpi
    start, zone = kpi.data.end, kpi.quarter_hours.zone
    end = time.time() + DAYS * DAY
    task = asyncio.create_task(trouble(hass, entry, until, end))
    await asyncio.sleep(DAYS * DAY)
    await task
    until[0] = 0.0
    await asyncio.sleep(HOUR)
    # The last reading is the one that the automations have seen.
    span = Span(start - QUARTER, entry.runtime_data.kpi.data.end)
    await hass.config_entries.async_unload(entry.entry_id)
    expected = [
        crossings(limit, true_values(cloud, shop, limit.key, span, zone))
        for limit in LIMITS
    ]
    return Result([fired[index] for index in range(len(LIMITS))], expected)


@pytest.mark.timeout(120 + 60 * DAYS)
def test_automations_fire_as_often_as_the_truth_crosses(
    freezer: FrozenDateTimeFactory, tmp_path: Path
) -> None:
    freezer.move_to("2026-11-19T06:00:00+01:00")
    rng = random.Random(7)  # noqa: S311 - a plan, not a secret
    with (
        losing(LOST, rng) as until,
        patch.object(StatusCoordinator, "_next_interval", lambda _: timedelta(hours=6)),
    ):
        result = run_virtually(
            freezer, tmp_path, lambda hass, cloud: run_automations(hass, cloud, until)
        )
    print(result)  # noqa: T201 - the documentation's figures
    assert result.fired == result.expected
    assert sum(result.expected) > 5 * DAYS
