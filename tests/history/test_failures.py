"""Failed queries of the import: retries, shorter blocks, reauthentication."""

from collections.abc import Sequence
from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import (
    MAX_SERIES_PER_QUERY,
    Granularity,
    Lane,
    NetrexAuthError,
    NetrexClient,
    NetrexPermissionError,
    NetrexResponseError,
    SeriesRequest,
)
from custom_components.netrex.client.days import DAY
from custom_components.netrex.history import importer
from custom_components.netrex.history.plan import newest_hour
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
    monkeypatch.setattr(importer, "SHORTEST_SPAN", 2 * DAY)
    # A quarter of a quarter … of a year is less than two days.
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
    # Five days in blocks of two.
    batches = -(-len(history.series()) // MAX_SERIES_PER_QUERY)
    assert series_queries(cloud) == 3 * batches
    end = newest_hour(NOON.timestamp() + failures * RETRY.total_seconds())
    await assert_truth(cloud, config_entry, read_back, end - 5 * DAY, end)


async def test_refused_series_are_retried_hours_later(
    hass: HomeAssistant,
    clock: FrozenDateTimeFactory,
    config_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kpi_series = NetrexClient.kpi_series
    refused = 0

    async def refuse(
        client: NetrexClient, requests: Sequence[SeriesRequest], *, lane: Lane
    ) -> object:
        nonlocal refused
        if requests[0].granularity is Granularity.H:
            refused += 1
            raise NetrexPermissionError("refused")
        return await kpi_series(client, requests, lane=lane)

    monkeypatch.setattr(NetrexClient, "kpi_series", refuse)
    config_entry.add_to_hass(hass)
    await hass.config_entries.async_setup(config_entry.entry_id)
    await settle(hass, config_entry)
    history = config_entry.runtime_data.history
    assert refused
    assert isinstance(history.last_error, NetrexPermissionError)

    before = refused
    clock.tick(timedelta(hours=5))
    await settle(hass, config_entry)
    assert refused == before
    clock.tick(timedelta(hours=2))
    await settle(hass, config_entry)
    # All batches are tried: a refusal concerns only the series of one.
    batches = -(-len(history.series()) // MAX_SERIES_PER_QUERY)
    assert refused == before + batches > before + 1
