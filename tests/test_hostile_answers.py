"""A whole account with hostile answers: Home Assistant stays able to store its data."""

import os
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.json import json_bytes, prepare_save_json
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator import Simulator

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


@pytest.mark.parametrize("seed", SEEDS)
async def test_any_answers_can_be_stored(
    hass: HomeAssistant,
    cloud: Simulator,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    seed: int,
) -> None:
    # Half of the accounts are set up well and get the answers afterward.
    is_late = seed % 2
    if not is_late:
        cloud.faults.add("graphql", "hostile", seed, count=None)
    entry = await set_up()
    if is_late:
        cloud.faults.add("graphql", "hostile", seed, count=None)
        data = entry.runtime_data
        for coordinator in (data.inventory, data.status, data.kpi):
            await coordinator.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)
    check_stored(hass, entry)
    if entry.state is ConfigEntryState.LOADED:
        prepare_save_json(entry.runtime_data.store.data)
        await hass.config_entries.async_unload(entry.entry_id)
    else:
        assert entry.state in (
            ConfigEntryState.SETUP_RETRY,
            ConfigEntryState.SETUP_ERROR,
        )
    # An exception that nothing expected has a traceback.
    assert [r for r in caplog.records if r.exc_info and r.levelname == "ERROR"] == []
