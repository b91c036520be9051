"""One refused place changes nothing elsewhere; a clock once ahead freezes nothing."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import (
    NetrexClient,
    NetrexPermissionError,
    SeriesRequest,
)
from simulator import Simulator

from .test_restart import today
from .test_sensor import NOON, numbers, settle, shop_id, state


@pytest.fixture(autouse=True)
async def _noon(
    hass: HomeAssistant, cloud: Simulator, freezer: FrozenDateTimeFactory
) -> None:
    await hass.config.async_set_time_zone("Europe/Prague")
    freezer.move_to(NOON)


async def test_a_refused_place_is_asked_seldom_and_changes_no_other(
    hass: HomeAssistant,
    cloud: Simulator,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await settle(hass, entry)
    kpi, shop = entry.runtime_data.kpi, shop_id(cloud)
    refused = next(node for node in kpi.nodes if node != shop)
    others = set(numbers(hass, entry))
    asked = 0
    results = NetrexClient.kpi_results

    async def refuse(
        self: NetrexClient, requests: list[SeriesRequest], **lane: object
    ) -> dict[SeriesRequest, object]:
        nonlocal asked
        found: dict[SeriesRequest, object] = {
            request: NetrexPermissionError("no right")
            for request in requests
            if request.node_id == refused
        }
        asked += bool(found)
        rest = [request for request in requests if request not in found]
        return found | (await results(self, rest) if rest else {})

    with monkeypatch.context() as patched:
        patched.setattr(NetrexClient, "kpi_results", refuse)
        for quarter in range(1, 13):
            freezer.tick(timedelta(minutes=15))
            for _ in range(4):
                await settle(hass, entry)
                assert kpi.last_update_success
            assert float(state(hass, entry, shop, "people_in_today")) == today(
                cloud, 15 * quarter
            )
        assert set(kpi.refused.by_reason()) == {"no_permission"}
        assert set(numbers(hass, entry)) == others
    # Three hours with delays of a quarter hour, one, and two hours.
    assert asked <= 4

    freezer.tick(timedelta(hours=4))
    await settle(hass, entry)
    assert not kpi.refused.by_reason()


@pytest.mark.parametrize("ahead", [timedelta(hours=2), timedelta(days=5)])
async def test_a_clock_once_ahead_freezes_no_number(
    hass: HomeAssistant,
    cloud: Simulator,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    ahead: timedelta,
) -> None:
    await settle(hass, entry)
    freezer.move_to(NOON + ahead)
    await settle(hass, entry)
    freezer.move_to(NOON + timedelta(minutes=15))
    await settle(hass, entry)
    assert float(state(hass, entry, shop_id(cloud), "people_in_today")) == today(
        cloud, 15
    )
