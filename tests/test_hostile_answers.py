"""A whole account with hostile answers: Home Assistant stays able to store its data."""

from collections.abc import Generator
import os
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.json import json_bytes, prepare_save_json
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator import Simulator
from simulator.graphql import hostile

from .conftest import SetUp

# The nightly workflow sets the variable to try more.
SEEDS = range(int(os.environ.get("NETREX_HOSTILE_SEEDS", "12")))
MAX_NAME = 255


def check_stored(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Check that Home Assistant can store and send everything."""
    devices, entities = dr.async_get(hass), er.async_get(hass)
    prepare_save_json(devices._data_to_save())
    prepare_save_json(entities._data_to_save())
    prepare_save_json([one.as_storage_fragment for one in _entries(hass)])
    for state in hass.states.async_all():
        json_bytes(state.as_dict())
        assert len(state.entity_id) <= MAX_NAME
    for device in dr.async_entries_for_config_entry(devices, entry.entry_id):
        assert len(device.name or "") <= MAX_NAME


def _entries(hass: HomeAssistant) -> list[Any]:
    return list(hass.config_entries.async_entries())


async def check_account(
    hass: HomeAssistant, cloud: Simulator, set_up: SetUp, seed: int, *, is_late: bool
) -> None:
    """Check an account that gets hostile answers, from the start or afterward."""
    if not is_late:
        cloud.faults.add("graphql", "hostile", seed, count=None)
    entry = await set_up()
    if is_late:
        cloud.faults.add("graphql", "hostile", seed, count=None)
        data = entry.runtime_data
        for coordinator in (data.inventory, data.status, data.kpi):
            await coordinator.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)
    await check_loaded(hass, entry)


async def check_loaded(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Check that everything can be stored, and that the account can be unloaded."""
    check_stored(hass, entry)
    if entry.state is ConfigEntryState.LOADED:
        prepare_save_json(entry.runtime_data.store.data)
        await hass.config_entries.async_unload(entry.entry_id)
    else:
        assert entry.state in (
            ConfigEntryState.SETUP_RETRY,
            ConfigEntryState.SETUP_ERROR,
        )


@pytest.fixture(autouse=True)
def _no_traceback(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """Fail on an exception that nothing expected, which has a traceback."""
    yield
    records = caplog.get_records("call")
    assert [r for r in records if r.exc_info and r.levelname == "ERROR"] == []


@pytest.mark.parametrize("seed", SEEDS)
async def test_any_answers_can_be_stored(
    hass: HomeAssistant, cloud: Simulator, set_up: SetUp, seed: int
) -> None:
    # Half of the accounts are set up well and get the answers afterward.
    await check_account(hass, cloud, set_up, seed, is_late=bool(seed % 2))


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("index", range(len(hostile.VALUES)))
async def test_each_hostile_value_can_be_stored(
    hass: HomeAssistant,
    cloud: Simulator,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
    index: int,
    is_late: bool,
) -> None:
    """Few seeds have each value in each place."""
    monkeypatch.setattr(hostile, "VALUES", hostile.VALUES[index : index + 1])
    await check_account(hass, cloud, set_up, index, is_late=is_late)
