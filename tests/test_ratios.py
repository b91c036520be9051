"""Ratios are compared with the portal's own, and given up where they differ."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.coordinators.ratios import differs
from custom_components.netrex.kpi import KpiKey, Window
from simulator import Simulator
from simulator.kpi import _RATIOS

from .test_sensor import NOON, settle, shop_id, state


@pytest.fixture
async def noon(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> FrozenDateTimeFactory:
    """Make it a Friday noon in Prague."""
    await hass.config.async_set_time_zone("Europe/Prague")
    freezer.move_to(NOON)
    return freezer


@pytest.mark.parametrize(
    ("own", "portal", "expected"),
    [(28.57, 28.57, False), (28.57, 29, False), (28.57, 31.2, True), (0.3, 1, True)],
)
def test_rounding_is_no_difference(own: float, portal: float, expected: bool) -> None:
    assert differs(own, portal) is expected


async def test_a_ratio_of_the_portals_own_making_is_asked_for(
    hass: HomeAssistant,
    cloud: Simulator,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await settle(hass, entry)
    shop = shop_id(cloud)
    ratios = entry.runtime_data.kpi.ratios
    assert ratios.replaced == frozenset()
    own = float(state(hass, entry, shop, "conversion_today"))

    monkeypatch.setitem(
        _RATIOS,
        "conversionCount",
        ("transactionCountPositive", "peopleCountIn", 300),
    )
    noon.tick(timedelta(hours=24))
    for _ in range(3):
        assert ratios.replaced == frozenset()
        noon.tick(timedelta(minutes=15))
        await settle(hass, entry)
    assert ratios.replaced == {"conversion"}
    shown = float(state(hass, entry, shop, "conversion_today"))
    assert shown == pytest.approx(
        ratios.value(KpiKey(shop, "conversion", Window.TODAY))
    )
    assert shown > 1.5 * own

    monkeypatch.undo()
    noon.tick(timedelta(hours=24))
    await settle(hass, entry)
    assert ratios.replaced == frozenset()
