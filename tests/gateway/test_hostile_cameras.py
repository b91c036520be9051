"""Cameras with hostile answers: Home Assistant stays able to store its data."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest

from simulator import Simulator
from tests.conftest import SetUp
from tests.test_hostile_answers import SEEDS, check_loaded

from .conftest import Account

# With PTZ and ports, and without events, which would keep tasks running.
ACCOUNT = Account("documentation")


@pytest.mark.usefixtures("haste")
@pytest.mark.parametrize("seed", SEEDS)
async def test_any_answers_of_cameras_can_be_stored(
    hass: HomeAssistant,
    cloud: Simulator,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    seed: int,
) -> None:
    # Half of the accounts are set up well and get the answers afterward.
    if is_early := not seed % 2:
        cloud.faults.add("gateway", "hostile", seed, count=None)
    entry = await set_up()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is ConfigEntryState.LOADED
    if not is_early:
        cloud.faults.add("gateway", "hostile", seed, count=None)
        for stored in entry.runtime_data.store.data["capabilities"].values():
            stored["asked"] = 0
        await entry.runtime_data.gateway.capabilities.async_refresh()
        await hass.async_block_till_done(wait_background_tasks=True)
    asked = len(cloud.calls)
    await check_loaded(hass, entry)
    assert asked
    assert [r for r in caplog.records if r.exc_info and r.levelname == "ERROR"] == []
