"""The markers of the fixtures that every test uses."""

from homeassistant.core import HomeAssistant
import pytest

from custom_components.netrex.client import Ledger, Pacer
from custom_components.netrex.pacing import async_get_pacer
from simulator import Simulator


async def test_requests_are_neither_spaced_nor_limited(
    hass: HomeAssistant, cloud: Simulator
) -> None:
    assert async_get_pacer(hass, "account").interval == 0
    assert not cloud.switches.rate_limit


@pytest.mark.spaced
async def test_a_spaced_test_has_the_spacing_and_the_limit_of_the_product(
    hass: HomeAssistant, cloud: Simulator
) -> None:
    assert async_get_pacer(hass, "account").interval == Pacer(Ledger()).interval > 1
    assert cloud.switches.rate_limit
    assert cloud.switches.query_interval == 1


@pytest.mark.spaced(interval=0.5)
@pytest.mark.switches(query_interval=0.4, prepare_duration=7.0)
async def test_a_marker_sets_the_spacing_and_the_switches(
    hass: HomeAssistant, cloud: Simulator
) -> None:
    assert async_get_pacer(hass, "account").interval == 0.5
    assert cloud.switches.rate_limit
    assert cloud.switches.query_interval == 0.4
    assert cloud.switches.prepare_duration == 7
