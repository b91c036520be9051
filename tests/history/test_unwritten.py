"""What the recorder does not take, and what changed while a query was under way."""

from collections.abc import Sequence
from typing import Any

from homeassistant.components.recorder import get_instance
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from sqlalchemy.exc import OperationalError

from custom_components.netrex.client import (
    Lane,
    NetrexClient,
    NetrexConnectionError,
    SeriesRequest,
)
from custom_components.netrex.client.days import DAY, HOUR
from custom_components.netrex.history import statistics
from custom_components.netrex.history.coverage import Coverage, newest_hour
from custom_components.netrex.history.plan import Block
from custom_components.netrex.history.state import ImportState
from custom_components.netrex.history.statistics import NodeStatistics
from custom_components.netrex.history.writer import NotWrittenError
from custom_components.netrex.kpi import SeriesKey
from custom_components.netrex.store import NetrexStore
from simulator import Simulator

from .conftest import NOON
from .few import few_series, set_up
from .test_import import shop_id

NEWEST = newest_hour(NOON.timestamp())
KEY = SeriesKey(1, "visitors")


@pytest.fixture
def history_options(cloud: Simulator) -> dict[str, Any]:
    """Return the options of the entry: few series, to be quick."""
    return few_series(cloud)


async def test_a_recorder_that_is_never_ready_is_not_awaited_for_ever(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "WAIT_SECONDS", 0)
    monkeypatch.setattr(get_instance(hass).async_recorder_ready, "is_set", lambda: 0)
    get_instance(hass).async_recorder_ready.clear()
    with pytest.raises(NotWrittenError):
        await NodeStatistics(hass, "portal.example").async_stored([KEY])
    get_instance(hass).async_recorder_ready.set()


async def test_a_database_that_cannot_be_read_is_an_error(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked() -> None:
        raise OperationalError("SELECT", {}, Exception("database is locked"))

    found = NodeStatistics(hass, "portal.example")
    monkeypatch.setattr(found._stored, "ranges", locked)
    with pytest.raises(NotWrittenError):
        await found.async_stored([KEY])


async def test_rows_that_are_never_stored_are_an_error(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = NodeStatistics(hass, "portal.example")
    attempts = []

    def lost(*_: object) -> bool:
        attempts.append(1)
        return False

    monkeypatch.setattr(found._stored, "is_written", lost)
    with pytest.raises(NotWrittenError):
        await found.async_write(1, "Shop", {"visitors": {NEWEST - HOUR: 5.0}})
    assert len(attempts) == statistics.ATTEMPTS


async def test_a_series_without_values_writes_nothing(hass: HomeAssistant) -> None:
    found = NodeStatistics(hass, "portal.example")
    assert await found.async_write(1, "Shop", {"visitors": {}}) == 0
    assert await found.async_stored([KEY]) == {}


async def test_an_answer_older_than_a_correction_is_not_written(
    hass: HomeAssistant,
    cloud: Simulator,
    config_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await set_up(hass, config_entry)
    history = config_entry.runtime_data.history
    key = SeriesKey(shop_id(cloud), "people_in")
    block = Block(key, NEWEST - 8 * DAY, NEWEST - 7 * DAY)
    results = NetrexClient.kpi_results

    async def corrected_meanwhile(
        client: NetrexClient, requests: Sequence[SeriesRequest], *, lane: Lane
    ) -> dict[SeriesRequest, object]:
        found = await results(client, requests, lane=lane)
        if lane is Lane.BACKFILL:
            correction = await history.reader.async_read(
                [block], Lane.COMMAND, NOON.timestamp()
            )
            assert correction.rows > 0
        return dict(found)

    monkeypatch.setattr(NetrexClient, "kpi_results", corrected_meanwhile)
    result = await history.reader.async_read([block], Lane.BACKFILL, NOON.timestamp())
    assert result.rows == 0


async def test_an_error_of_the_account_ends_a_read(
    hass: HomeAssistant,
    cloud: Simulator,
    config_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What has arrived is written before."""
    await set_up(hass, config_entry)
    history = config_entry.runtime_data.history
    shop = shop_id(cloud)
    blocks = [
        Block(SeriesKey(shop, metric), NEWEST - 8 * DAY, NEWEST - 7 * DAY)
        for metric in ("people_in", "people_out")
    ]
    results = NetrexClient.kpi_results

    async def half_lost(
        client: NetrexClient, requests: Sequence[SeriesRequest], *, lane: Lane
    ) -> dict[SeriesRequest, object]:
        arrived = await results(client, requests[:1], lane=lane)
        return {**arrived, requests[1]: NetrexConnectionError("lost")}

    monkeypatch.setattr(NetrexClient, "kpi_results", half_lost)
    with pytest.raises(NetrexConnectionError):
        await history.reader.async_read(blocks, Lane.COMMAND, NOON.timestamp())
    stored = await history._statistics.async_stored([block.series for block in blocks])
    assert stored[blocks[0].series][0] == blocks[0].start
    assert stored[blocks[1].series][0] > blocks[1].start


async def test_blocks_apart_from_the_coverage_do_not_count(
    hass: HomeAssistant,
) -> None:
    store = NetrexStore(hass, "entry")
    await store.async_load()
    old = Coverage(NEWEST - 5 * DAY, NEWEST - 2 * DAY, 0).as_list()
    people_in = SeriesKey(1, "people_in")
    gone = SeriesKey(1, "a_metric_of_another_version")
    store.data["history"] = {str(people_in): old, str(gone): old, "x": old}
    state = ImportState(store, 365)
    assert list(state.coverages) == [people_in]

    now = int(NOON.timestamp())
    # Of a series without any hours, only a block up to now starts a coverage.
    state.accept(Block(KEY, NEWEST - 3 * DAY, NEWEST - 2 * DAY), {}, now)
    assert KEY not in state.coverages
    # Hours in between are missing on either side.
    state.accept(Block(people_in, NEWEST - DAY, NEWEST), {}, now)
    state.accept(Block(people_in, NEWEST - 9 * DAY, NEWEST - 8 * DAY), {}, now)
    assert state.coverages[people_in].as_list() == old
    state.accept(Block(people_in, NEWEST - 2 * DAY, NEWEST), {}, now)
    assert state.coverages[people_in].end == NEWEST
