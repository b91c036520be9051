"""The stored file: saved in time, not postponed, and loaded again."""

from datetime import timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.netrex.client import Lane, Ledger
from custom_components.netrex.store import (
    FIRST_SAVE_DELAY_SECONDS,
    SAVE_DELAY_SECONDS,
    NetrexStore,
)

from .conftest import SetUp
from .ledgers import restored


async def test_a_missing_file_counts_as_empty(hass: HomeAssistant) -> None:
    assert await NetrexStore(hass, "id").async_load() == {}


async def test_changes_do_not_postpone_a_save(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    store = NetrexStore(hass, "id")
    await store.async_load()
    store.ledger = Ledger()
    start = dt_util.utcnow()
    for minute in range(SAVE_DELAY_SECONDS // 60 + 1):
        store.ledger.record(Lane.STATUS)
        store.async_changed()
        async_fire_time_changed(hass, start + timedelta(minutes=minute, seconds=1))
        await hass.async_block_till_done()

    assert restored(hass_storage["netrex.id"]["data"]["ledger"]).used >= 5


@pytest.mark.parametrize("state", [CoreState.final_write, CoreState.stopped])
async def test_no_save_is_due_after_the_final_write(
    hass: HomeAssistant, state: CoreState
) -> None:
    """A request that ends this late must not leave a timer behind."""
    store = NetrexStore(hass, "a")
    hass.set_state(state)

    store.async_changed()

    assert store._delay_handle is None


async def test_a_flush_saves_the_ledger_immediately(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    store = NetrexStore(hass, "id")
    await store.async_load()
    store.ledger = Ledger()
    store.ledger.record(Lane.STATUS)
    await store.async_flush()

    again = NetrexStore(hass, "id")
    assert restored((await again.async_load())["ledger"]).used == 1


@pytest.mark.parametrize("wrong", [[], None, "x", 1, True], ids=repr)
@pytest.mark.parametrize(
    "section",
    ["ledger", "schema", "kpi", "history", "links", "relay", "capabilities"],
)
async def test_a_section_of_a_wrong_type_costs_only_itself(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    config_entry: MockConfigEntry,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    section: str,
    wrong: object,
) -> None:
    hass_storage[f"netrex.{config_entry.entry_id}"] = {
        "version": 1,
        "minor_version": 1,
        "key": f"netrex.{config_entry.entry_id}",
        "data": {section: wrong},
    }
    entry = await set_up()
    assert entry.state is ConfigEntryState.LOADED
    text = f"The stored section {section} cannot be read and is left out"
    assert caplog.text.count(text) == 1


async def test_wrong_items_of_a_section_cost_only_themselves(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    hass_storage["netrex.id"] = {
        "version": 1,
        "minor_version": 1,
        "key": "netrex.id",
        "data": {
            "history": {"1:people_in": [0, 3600, 7200, True], "2:people_in": 1},
            "kpi": {"delay": "x", "probe": {"asked": {"people": {"1": 5, "y": 6}}}},
            "relay": {"secret": 1, "port": 20_000},
        },
    }
    assert await NetrexStore(hass, "id").async_load() == {
        "history": {"1:people_in": [0, 3600, 7200, True]},
        "kpi": {"probe": {"asked": {"people": {"1": 5}}}},
    }


async def test_the_queries_of_a_start_are_saved_soon(
    hass: HomeAssistant, hass_storage: dict[str, Any], entry: MockConfigEntry
) -> None:
    soon = dt_util.utcnow() + timedelta(seconds=FIRST_SAVE_DELAY_SECONDS + 1)
    async_fire_time_changed(hass, soon)
    await hass.async_block_till_done()
    stored = hass_storage[f"netrex.{entry.entry_id}"]["data"]["ledger"]
    assert restored(stored).used == entry.runtime_data.pacer.ledger.used > 0
