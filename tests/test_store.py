"""The stored file: saved in time, not postponed, and loaded again."""

from datetime import timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.netrex.client import Lane, Ledger
from custom_components.netrex.store import SAVE_DELAY_SECONDS, NetrexStore

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
