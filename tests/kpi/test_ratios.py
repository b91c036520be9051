"""Ratios are compared with the portal's own, and replaced if they differ."""

from collections.abc import Sequence
from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import (
    NetrexError,
    NetrexQueryError,
    ValueRequest,
)
from custom_components.netrex.kpi.ratios import differs
from custom_components.netrex.kpi.values import KpiKey
from custom_components.netrex.kpi.windows import Window
from simulator import Simulator
from simulator.world.kpi import _RATIOS

from .test_sensor import settle, shop_id, state


@pytest.mark.parametrize(
    ("own", "portal", "expected"),
    [(28.57, 28.57, False), (28.57, 29, False), (28.57, 31.2, True), (0.3, 1, True)],
)
def test_rounding_is_not_a_difference(
    own: float, portal: float, expected: bool
) -> None:
    assert differs(own, portal) is expected


async def replace(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Let the portal compute a ratio in another way until it is replaced."""
    ratios = entry.runtime_data.kpi.ratios
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


async def test_a_ratio_that_differs_is_read_from_the_portal(
    hass: HomeAssistant,
    cloud: Simulator,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await settle(hass, entry)
    shop = shop_id(cloud)
    kpi = entry.runtime_data.kpi
    ratios = kpi.ratios
    assert ratios.replaced == frozenset()
    own = float(state(hass, entry, shop, "conversion_today"))

    await replace(hass, noon, entry, monkeypatch)
    shown = float(state(hass, entry, shop, "conversion_today"))
    today = kpi.data.windows[Window.TODAY].start
    assert shown == pytest.approx(
        ratios.value(KpiKey(shop, "conversion", Window.TODAY), today)
    )
    assert shown > 1.5 * own

    monkeypatch.undo()
    noon.tick(timedelta(hours=24))
    await settle(hass, entry)
    assert ratios.replaced == frozenset()


async def test_a_replaced_ratio_survives_a_short_outage(
    hass: HomeAssistant,
    cloud: Simulator,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await settle(hass, entry)
    await replace(hass, noon, entry, monkeypatch)
    shop = shop_id(cloud)
    kpi = entry.runtime_data.kpi
    quarter = KpiKey(shop, "conversion", Window.QUARTER)
    kpi.async_add_listener(lambda: None, quarter)
    await settle(hass, entry)
    today, last = state(hass, entry, shop, "conversion_today"), kpi.reading(quarter)
    assert last.value is not None

    # For an hour, an outage changes no value, as for series of quarter hours.
    cloud.faults.add("graphql", "cut", count=None, match="conversionCount")
    noon.tick(timedelta(minutes=30))
    await settle(hass, entry)
    assert state(hass, entry, shop, "conversion_today") == today
    assert kpi.reading(quarter) == last
    noon.tick(timedelta(minutes=60))
    await settle(hass, entry)
    assert state(hass, entry, shop, "conversion_today") == STATE_UNKNOWN
    assert kpi.reading(quarter).value is None

    # But today must not show the value of yesterday: it is 00:20 in Prague.
    noon.move_to(noon().replace(hour=23, minute=20))
    await settle(hass, entry)
    assert state(hass, entry, shop, "conversion_today") == STATE_UNKNOWN

    cloud.faults.clear()
    noon.tick(timedelta(hours=12))
    await settle(hass, entry)
    assert state(hass, entry, shop, "conversion_today") != STATE_UNKNOWN


async def test_an_error_of_one_ratio_keeps_its_value_until_it_is_not_read(
    hass: HomeAssistant,
    cloud: Simulator,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await settle(hass, entry)
    kpi = entry.runtime_data.kpi
    ratios, windows = kpi.ratios, kpi.data.windows
    key = KpiKey(shop_id(cloud), "conversion", Window.TODAY)
    assert ratios.known_until(key) == 0
    await replace(hass, noon, entry, monkeypatch)
    windows = kpi.data.windows
    start = windows[Window.TODAY].start
    value, until = ratios.value(key, start), ratios.known_until(key)
    assert value is not None
    assert until == windows[Window.QUARTER].end

    async def refuse(
        requests: Sequence[ValueRequest], **_: object
    ) -> dict[ValueRequest, float | NetrexError]:
        return dict.fromkeys(requests, NetrexQueryError("no"))

    monkeypatch.setattr(ratios._client, "kpi_value_results", refuse)
    noon.tick(timedelta(minutes=15))
    await ratios.async_refresh([key], kpi.quarter_hours, windows)
    assert ratios.value(key, start) == value
    assert ratios.known_until(key) == until

    await ratios.async_refresh([], kpi.quarter_hours, windows)
    assert ratios.value(key, start) is None
    assert ratios.known_until(key) == 0
