"""Every window equals the cloud's truth, also after late values and outages."""

from datetime import datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from custom_components.netrex.kpi import SeriesKey
from custom_components.netrex.kpi.coordinator import KpiCoordinator
from custom_components.netrex.kpi.metrics import BASE, RATIOS
from simulator import Simulator

from ..conftest import SetUp
from ..kpi_options import ALL_SENSORS
from .test_sensor import settle, shop_id, state

PRAGUE = dt_util.get_time_zone("Europe/Prague")
METRICS = (*BASE, *RATIOS)


def truths(cloud: Simulator, node_id: int, kpi: KpiCoordinator) -> dict[str, float]:
    """Return the true value of each sensor by its key."""
    return {
        f"{metric.key}_{window}": truth
        for metric in METRICS
        for window, span in kpi.data.windows.items()
        if (truth := cloud.truth(node_id, str(metric.metric), *span)) is not None
    }


@pytest.mark.parametrize("entry_options", [ALL_SENSORS])
@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
async def test_windows_equal_the_truth_around_a_clock_change(
    hass: HomeAssistant,
    cloud: Simulator,
    freezer: FrozenDateTimeFactory,
    set_up: SetUp,
    day: str,
) -> None:
    await hass.config.async_set_time_zone("Europe/Prague")
    evening = datetime.fromisoformat(f"{day}T23:50").replace(tzinfo=PRAGUE)
    freezer.move_to(evening - timedelta(days=1))
    entry = await set_up()
    await settle(hass, entry)
    shop = shop_id(cloud)

    def wrong() -> dict[str, tuple[str, float]]:
        return {
            key: (shown, truth)
            for key, truth in truths(cloud, shop, entry.runtime_data.kpi).items()
            if (shown := state(hass, entry, shop, key)) == "unknown"
            or float(shown) != pytest.approx(truth)
        }

    assert not wrong()
    # Some counters deliver two hours late; the first query of each reading fails.
    cloud.switches.kpi_late_share = 0.2
    for hours in (1, 13, 5, 2):
        freezer.tick(timedelta(hours=hours))
        cloud.faults.add("graphql", "cut", count=1, match="ByGranularity")
        await settle(hass, entry)
        await settle(hass, entry)
    cloud.switches.kpi_late_share = 0
    freezer.move_to(evening)
    await settle(hass, entry)
    assert not wrong()

    await hass.config_entries.async_reload(entry.entry_id)
    freezer.tick(timedelta(days=2))
    await settle(hass, entry)
    kpi = entry.runtime_data.kpi
    assert kpi.quarter_hours.reach(SeriesKey(shop, "people_in"))
    assert not wrong()
