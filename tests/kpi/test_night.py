"""Zero, nothing, and not read: through nights, closed days, and around the clock.

Every state of a shop's KPI sensors is observed on the virtual clock.
"""

import asyncio
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.setup import async_setup_component
import pytest

from custom_components.netrex.client.days import HOUR, day_bounds
from custom_components.netrex.const import (
    CONF_KPI_CAMERA_SENSORS,
    CONF_KPI_WINDOWS,
)
from custom_components.netrex.kpi import BY_KEY
from custom_components.netrex.kpi.metrics import Kind
from custom_components.netrex.kpi.selection import SENSORS
from simulator import Simulator, Switches

from ..virtual import run_virtually
from .test_sensor import sensor, shop_id, state
from .virtual_shop import GONE, Observer, Shown, add_account

# Sales are read for today alone; people inside also need yesterday.
OPTIONS: dict[str, Any] = {
    CONF_KPI_WINDOWS: ["today", "week", "quarter"],
    CONF_KPI_CAMERA_SENSORS: [],
}
# 0 where nothing was counted; ratios and changes are unknown then.
ADDED = {
    key
    for key, (description, _) in SENSORS.items()
    if description.kind in (Kind.COUNT, Kind.MONEY)
}
TOTALS = ("people_in", "visitors", "sales")
METER = "sensor.people"


@dataclass
class Night:
    """The states of a shop's sensors, and what they should have been.

    Attributes:
        truth: The true totals by metric and local midnight.
        before: The people of the day when the observation starts.
        metered: The totals of finished days in a utility meter, as a user sees them.
    """

    states: dict[str, list[Shown]]
    before: float
    truth: dict[tuple[str, float], float] = field(default_factory=dict)
    metered: list[float] = field(default_factory=list)


def switches(nothing: str) -> Switches:
    """Return a cloud that answers 0 or null where there is nothing."""
    found = Switches()
    for name in ("kpi_nothing", "kpi_future", "kpi_unfinished"):
        found.set(name, nothing)
    return found


def open_always(cloud: Simulator) -> None:
    """Keep the shop open around the clock."""
    for node_id, sources in cloud.world.sources.items():
        cloud.world.sources[node_id] = tuple(
            replace(
                source,
                shop=replace(source.shop, opens=0.0, closes=24.0, sunday=(0.0, 24.0)),
            )
            for source in sources
        )


async def meter(hass: HomeAssistant, entity_id: str, metered: list[float]) -> None:
    """Add a daily utility meter, and record the totals of the days that it counted."""
    config = {"people": {"source": entity_id, "cycle": "daily"}}
    assert await async_setup_component(hass, "utility_meter", {"utility_meter": config})

    @callback
    def changed(event: Event[EventStateChangedData]) -> None:
        new = event.data["new_state"]
        assert new
        period = float(new.attributes.get("last_period", 0))
        if not metered or metered[-1] != period:
            metered.append(period)

    async_track_state_change_event(hass, METER, changed)


async def observe(hass: HomeAssistant, cloud: Simulator, hours: int) -> Night:
    """Observe a shop for some hours after a first one that reads everything."""
    shop = shop_id(cloud)
    entry = await add_account(hass, cloud, OPTIONS)
    await asyncio.sleep(HOUR)
    observer = Observer(hass, entry, shop)
    stop = observer.start()
    night = Night(observer.states, float(state(hass, entry, shop, "people_in_today")))
    await meter(hass, sensor(hass, entry, shop, "people_in_today") or "", night.metered)
    await asyncio.sleep(hours * HOUR)
    stop()
    zone = entry.runtime_data.kpi.quarter_hours.zone
    await hass.config_entries.async_unload(entry.entry_id)
    for metric in TOTALS:
        for shown in night.states[f"{metric}_today"]:
            assert shown.reset
            truth = cloud.truth(
                shop, str(BY_KEY[metric].metric), *day_bounds(shown.reset, zone)
            )
            night.truth[metric, shown.reset] = truth or 0.0
    return night


def assert_right(night: Night) -> None:
    """Assert that no number was missing, and that days end with their true totals."""
    for key in ADDED & night.states.keys():
        assert not [shown for shown in night.states[key] if shown.state in GONE], key
    for metric in TOTALS:
        shown = night.states[f"{metric}_today"]
        resets = 0
        for last, first in pairwise(shown):
            if last.reset == first.reset:
                assert float(last.state) <= float(first.state)
                continue
            resets += 1
            assert last.reset is not None
            # Known only after midnight, but part of the day that has ended.
            assert float(last.state) == pytest.approx(night.truth[metric, last.reset])
            assert float(first.state) == 0
        assert resets == len({one.reset for one in shown}) - 1


@pytest.mark.parametrize("nothing", ["zero", "null"])
@pytest.mark.parametrize(
    "always", [False, True], ids=["closed_at_night", "open_always"]
)
def test_midnight_is_zero_and_no_quarter_hour_is_lost(
    freezer: FrozenDateTimeFactory, tmp_path: Path, nothing: str, *, always: bool
) -> None:
    freezer.move_to("2026-11-19T17:30:00+01:00")

    async def act(hass: HomeAssistant, cloud: Simulator) -> Night:
        if always:
            open_always(cloud)
        return await observe(hass, cloud, 8)

    night = run_virtually(freezer, tmp_path, act, switches=switches(nothing))
    assert_right(night)
    assert len({shown.reset for shown in night.states["people_in_today"]}) == 2
    if not always:
        # "Nobody inside" becomes true once and stays so.
        assert [float(shown.state) for shown in night.states["occupancy"]][-1] == 0
        last = max(float(shown.state) for shown in night.states["people_in_today"])
        assert max(night.metered) == last - night.before


def test_closed_days_are_zero_where_the_portal_has_nothing(
    freezer: FrozenDateTimeFactory, tmp_path: Path
) -> None:
    # Closed on both days.
    freezer.move_to("2026-12-25T20:00:00+01:00")
    night = run_virtually(
        freezer,
        tmp_path,
        lambda hass, cloud: observe(hass, cloud, 13),
        switches=switches("null"),
    )
    assert_right(night)
    # Written for the new last reset alone.
    [shown] = night.states["people_in_today"]
    assert float(shown.state) == 0
    assert set(night.metered) == {0}
