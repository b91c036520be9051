"""The stored file: saved in time, not postponed, and loaded again."""

from copy import deepcopy
from datetime import timedelta
import json
import random
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers.json import json_bytes
from homeassistant.util import dt as dt_util
from hypothesis import HealthCheck, given, settings, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.netrex.client import Lane, Ledger
from custom_components.netrex.store import (
    BURST,
    DATA_RUNS,
    FIRST_SAVE_DELAY_SECONDS,
    SAVE_DELAY_SECONDS,
    STORAGE_VERSION,
    NetrexStore,
)

from .conftest import SetUp
from .ledgers import restored


async def test_a_missing_file_counts_as_empty(hass: HomeAssistant) -> None:
    assert await NetrexStore(hass, "id").async_load() == {}


@pytest.mark.parametrize("error", [AttributeError, KeyError, TypeError])
async def test_a_file_in_another_form_counts_as_empty(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, error: type[Exception]
) -> None:
    with patch("homeassistant.helpers.storage.Store.async_load", side_effect=error):
        assert await NetrexStore(hass, "id").async_load() == {}
    assert f"The stored file cannot be read: {error.__name__}" in caplog.text


async def test_nothing_is_due_before_the_ledger_is_known(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    store = NetrexStore(hass, "id")
    store.async_check(dt_util.utcnow())
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=1))
    await hass.async_block_till_done()
    assert store._due is None
    assert "netrex.id" not in hass_storage


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
            "history": {"1_people_in": [0, 3600, 7200, True], "2_people_in": 1},
            "kpi": {"delay": "x", "probe": {"asked": {"people": {"1": 5, "y": 6}}}},
            "relay": {"secret": 1, "port": 20_000},
        },
    }
    assert await NetrexStore(hass, "id").async_load() == {
        "history": {"1_people_in": [0, 3600, 7200, True]},
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


def file_of(entry_id: str, data: object, **header: object) -> dict[str, Any]:
    """Return a stored file as Home Assistant writes it."""
    key = f"netrex.{entry_id}"
    return {"version": 1, "minor_version": 1, "key": key, "data": data, **header}


# A file of the first release candidates: counts of requests without lanes, links as
# plain numbers, and sections that did not exist yet.
STAGE_ONE = {
    "ledger": {"hours": {"{hour}": 37}, "ahead_since": None},
    "schema": {"types": {}, "asked": 1_790_000_000},
    "kpi": {
        "asked": {"people_in": {"100": 1_790_000_000}},
        "metrics": {"100": ["people_in"]},
        "delay": 420.0,
    },
    "history": {"100_visitors_in": [1_760_000_400, 1_789_999_200, 1_790_000_000.5]},
    "links": {"{hour}": 4},
    "relay": {"secret": "kept", "port": 0},
}


@pytest.mark.parametrize("version", [0, 1, 2, 99])
async def test_a_file_of_another_version_is_read(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    config_entry: MockConfigEntry,
    set_up: SetUp,
    version: int,
) -> None:
    hour = str(int(dt_util.utcnow().timestamp() // 3600))
    data = json.loads(json.dumps(STAGE_ONE).replace("{hour}", hour))
    name = f"netrex.{config_entry.entry_id}"
    hass_storage[name] = file_of(config_entry.entry_id, data, version=version)
    entry = await set_up()
    assert entry.state is ConfigEntryState.LOADED
    # 37 earlier ones, and those of this start.
    assert 37 < entry.runtime_data.pacer.ledger.used < 37 + BURST
    assert entry.runtime_data.store.data["relay"]["secret"] == "kept"
    assert entry.runtime_data.store.data["history"] == data["history"]
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert hass_storage[name]["version"] == STORAGE_VERSION


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), inner)
    ),
    max_leaves=12,
)
SECTIONS = st.sampled_from(
    ["ledger", "schema", "kpi", "history", "links", "relay", "capabilities", "x"]
)
KEYS = st.sampled_from(
    ["hours", "open", "days", "probe", "asked", "metrics", "snapshot", "ratios", "1"]
)
NESTED = st.recursive(
    JSON, lambda inner: st.dictionaries(KEYS, inner, max_size=4), max_leaves=8
)


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=300)
@given(
    st.dictionaries(SECTIONS, NESTED)
    | st.builds(lambda data: file_of("id", data), st.dictionaries(SECTIONS, NESTED))
    | JSON
)
async def test_a_file_with_any_content_loads_and_can_be_saved(
    hass: HomeAssistant, content: object
) -> None:
    store = NetrexStore(hass, "id")
    with patch("homeassistant.util.json.load_json", return_value=deepcopy(content)):
        await store.async_load()
    assert isinstance(store.data, dict)
    ledger = Ledger()
    with patch.object(store, "_async_write_data") as write:
        await store.async_start(ledger)
        await store.async_close()
    assert ledger.used >= 0
    assert ledger.remaining >= 0
    for call in write.call_args_list:
        written = call.args[0]
        json_bytes(written["data"])


async def test_a_burst_of_requests_is_saved_soon(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    ledger = entry.runtime_data.pacer.ledger
    # Saves what the start sent.
    await entry.runtime_data.store.async_flush()
    for _ in range(BURST):
        ledger.record(Lane.STATUS)
    for _ in range(2):
        # The first one notices the burst.
        freezer.tick(FIRST_SAVE_DELAY_SECONDS + 1)
        async_fire_time_changed(hass)
        await hass.async_block_till_done()
    stored = hass_storage[f"netrex.{entry.entry_id}"]["data"]["ledger"]
    assert ledger.used - BURST < restored(stored).used <= ledger.used


@pytest.mark.parametrize("each", [1, 12, BURST])
async def test_a_crash_loop_forgets_no_request(
    hass: HomeAssistant, hass_storage: dict[str, Any], each: int
) -> None:
    sent = 0
    for _ in range(6):
        store, ledger = NetrexStore(hass, "id"), Ledger()
        await store.async_load()
        await store.async_start(ledger)
        assert ledger.used >= sent
        for _ in range(each):
            ledger.record(Lane.STATUS)
            sent += 1
        # Killed before the first save is due.
        hass.data.pop(DATA_RUNS)
        store._async_cleanup_delay_listener()
        store._async_cleanup_final_write_listener()
    assert hass_storage["netrex.id"]["data"]["ledger"]["open"] is True


@pytest.mark.parametrize("how", ["unload", "stop"])
async def test_an_orderly_end_adds_no_request(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    entry: MockConfigEntry,
    how: str,
) -> None:
    used = entry.runtime_data.pacer.ledger.used
    if how == "unload":
        assert await hass.config_entries.async_unload(entry.entry_id)
    else:
        hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
        await hass.async_block_till_done()
    stored = hass_storage[f"netrex.{entry.entry_id}"]["data"]["ledger"]
    assert stored["open"] is False
    assert restored(stored).used == used


ODD: tuple[object, ...] = (
    None,
    True,
    -1,
    2**63,
    1e308,
    "x",
    "",
    [],
    [[]],
    {},
    {"": {"": None}},
    ["1"],
)


@pytest.mark.parametrize("seed", range(6))
async def test_an_account_loads_with_any_content_of_its_file(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    config_entry: MockConfigEntry,
    set_up: SetUp,
    seed: int,
) -> None:
    """Every section, at every depth, has values of wrong types or out of range."""
    choose = random.Random(seed)  # noqa: S311 - test data
    keys = [
        *("1", "1_visitors_in", "visitors_in", "hours", "days", "probe", "asked"),
        *("metrics", "snapshot", "ratios", "refused", "secret", "port", "types"),
    ]

    def value(depth: int) -> object:
        if depth == 0 or choose.random() < 0.3:
            return choose.choice(ODD)
        return {key: value(depth - 1) for key in choose.sample(keys, 6)}

    sections = ("schema", "kpi", "history", "links", "relay", "capabilities", "areas")
    data = {name: {key: value(3) for key in keys} for name in sections}
    hass_storage[f"netrex.{config_entry.entry_id}"] = file_of(
        config_entry.entry_id, data | {"ledger": {key: value(2) for key in keys}}
    )
    entry = await set_up()
    assert entry.state is ConfigEntryState.LOADED
    assert await hass.config_entries.async_unload(entry.entry_id)
    json_bytes(hass_storage[f"netrex.{config_entry.entry_id}"])
