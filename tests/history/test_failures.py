"""Failed queries of the import: retries, shorter blocks, reauthentication."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import (
    MAX_SERIES_PER_QUERY,
    NetrexAuthError,
    NetrexResponseError,
)
from custom_components.netrex.client.days import DAY
from custom_components.netrex.history import importer, spans
from custom_components.netrex.history.coverage import newest_hour
from simulator import Simulator

from .conftest import NOON, ReadBack, settle
from .test_import import assert_truth, series_queries

RETRY = timedelta(seconds=importer.RETRY_SECONDS + 1)


async def test_a_refusal_of_one_query_does_not_ask_to_sign_in(
    hass: HomeAssistant, cloud: Simulator, config_entry: MockConfigEntry
) -> None:
    cloud.faults.add("graphql", "status", value=401, count=1, match="granularity:H)")
    config_entry.add_to_hass(hass)
    await hass.config_entries.async_setup(config_entry.entry_id)
    await settle(hass, config_entry)

    history = config_entry.runtime_data.history
    assert isinstance(history.last_error, NetrexAuthError)
    assert not hass.config_entries.flow.async_progress()


async def test_unusable_answers_make_the_blocks_shorter(
    hass: HomeAssistant,
    cloud: Simulator,
    clock: FrozenDateTimeFactory,
    config_entry: MockConfigEntry,
    read_back: ReadBack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spans, "LENGTHS", (spans.YEAR, 3 * DAY, 2 * DAY, DAY))
    monkeypatch.setattr(importer, "SHORTEST_UNUSABLE", 2 * DAY)
    failures = 5
    cloud.faults.add("graphql", "html", count=failures, match="granularity:H)")
    config_entry.add_to_hass(hass)
    await hass.config_entries.async_setup(config_entry.entry_id)
    history = config_entry.runtime_data.history
    for _ in range(failures):
        await settle(hass, config_entry)
        assert isinstance(history.last_error, NetrexResponseError)
        clock.tick(RETRY)
    assert series_queries(cloud) == 0
    await settle(hass, config_entry)

    assert history.last_error is None
    assert history.progress
    assert history.progress.percent == 100
    # Five days in blocks of two, but only for the series of the failed queries.
    batches = -(-len(history.series()) // MAX_SERIES_PER_QUERY)
    assert batches < series_queries(cloud) <= batches + 4
    end = newest_hour(NOON.timestamp() + failures * RETRY.total_seconds())
    await assert_truth(cloud, config_entry, read_back, end - 5 * DAY, end)
