"""A recorder that is slow, locked, or restored from a backup."""

import asyncio
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder, get_instance, statistics
from homeassistant.components.recorder.db_schema import Statistics
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.recorder import session_scope
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from sqlalchemy import delete, func, or_, select, update

from custom_components.netrex.client.days import DAY
from custom_components.netrex.const import DOMAIN
from custom_components.netrex.history import writer
from custom_components.netrex.history.coverage import newest_hour
from custom_components.netrex.history.writer import NotWrittenError
from simulator import Simulator

from .conftest import NOON, ReadBack, settle
from .few import (
    METRICS,
    assert_days,
    few_series,
    let_time_pass,
    percent,
    set_up,
    until,
)

END = newest_hour(NOON.timestamp())


@pytest.fixture
def history_options(cloud: Simulator) -> dict[str, Any]:
    """Return the options of the entry: few series, to be quick."""
    return few_series(cloud)


async def keep_rows(hass: HomeAssistant, start: float, end: float) -> None:
    """Delete all other rows, as in a database that was restored from a backup.

    The sums of a backup start at its first row.
    """
    is_before = Statistics.start_ts < start

    def delete_rows() -> None:
        with session_scope(hass=hass) as session:
            before = session.execute(
                select(Statistics.metadata_id, func.max(Statistics.sum))
                .where(is_before)
                .group_by(Statistics.metadata_id)
            ).all()
            for metadata_id, total in before:
                session.execute(
                    update(Statistics)
                    .where(Statistics.metadata_id == metadata_id)
                    .values(sum=Statistics.sum - total)
                )
            session.execute(
                delete(Statistics).where(or_(is_before, Statistics.start_ts >= end))
            )

    await get_instance(hass).async_add_executor_job(delete_rows)


@pytest.mark.parametrize(
    ("start", "end"),
    [(END - 9 * DAY, END - 3 * DAY), (END - 2 * DAY, END), (END - 4 * DAY, END - DAY)],
)
async def test_an_older_database_is_filled_at_both_ends(
    hass: HomeAssistant,
    config_entry: MockConfigEntry,
    cloud: Simulator,
    read_back: ReadBack,
    start: float,
    end: float,
) -> None:
    await set_up(hass, config_entry)
    await hass.config_entries.async_unload(config_entry.entry_id)
    await keep_rows(hass, start, end)
    await hass.config_entries.async_setup(config_entry.entry_id)
    await settle(hass, config_entry)

    assert percent(config_entry) == 100
    await assert_days(cloud, config_entry, read_back, 5)


@pytest.fixture
def quick_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less long for the recorder."""
    monkeypatch.setattr(writer, "WAIT_SECONDS", 0.5)
    monkeypatch.setattr(writer, "SECONDS_PER_ROW", 0)
    monkeypatch.setattr(writer, "REPEAT_SECONDS", 0.1)


async def import_history(hass: HomeAssistant, entry: MockConfigEntry) -> Any:  # noqa: ANN401 - a response
    """Call the action for the last days."""
    return await hass.services.async_call(
        DOMAIN,
        "import_history",
        {
            "config_entry_id": entry.entry_id,
            "start": (NOON - timedelta(days=3)).isoformat(),
        },
        blocking=True,
        return_response=True,
    )


async def test_a_recorder_that_drops_everything_ends_no_import_for_ever(
    hass: HomeAssistant,
    clock: FrozenDateTimeFactory,
    cloud: Simulator,
    config_entry: MockConfigEntry,
    read_back: ReadBack,
    quick_limits: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(writer, "async_add_external_statistics", lambda *_: None)
        patched.setattr(
            Recorder, "async_update_statistics_metadata", lambda *_, **__: None
        )
        await let_time_pass(clock, set_up(hass, config_entry))
        history = config_entry.runtime_data.history
        assert isinstance(history.last_error, NotWrittenError)
        assert percent(config_entry) == 0
        with pytest.raises(HomeAssistantError, match="has not stored the hours"):
            await let_time_pass(clock, import_history(hass, config_entry))
    # The recorder works again: the import continues by itself.
    clock.tick(timedelta(minutes=15, seconds=1))
    await settle(hass, config_entry)
    assert history.last_error is None
    assert percent(config_entry) == 100
    await assert_days(cloud, config_entry, read_back, 5)


async def test_a_lost_confirmation_is_requested_again(
    hass: HomeAssistant,
    clock: FrozenDateTimeFactory,
    cloud: Simulator,
    config_entry: MockConfigEntry,
    read_back: ReadBack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writer, "REPEAT_SECONDS", 0.1)
    update = Recorder.async_update_statistics_metadata
    calls = 0

    def lose_every_other(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        nonlocal calls
        calls += 1
        if calls % 2 == 0:
            update(*args, **kwargs)

    monkeypatch.setattr(Recorder, "async_update_statistics_metadata", lose_every_other)
    await let_time_pass(clock, set_up(hass, config_entry))
    assert config_entry.runtime_data.history.last_error is None
    assert percent(config_entry) == 100
    await assert_days(cloud, config_entry, read_back, 5)


async def test_rows_that_the_recorder_lost_are_written_again(
    hass: HomeAssistant,
    cloud: Simulator,
    config_entry: MockConfigEntry,
    read_back: ReadBack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add = statistics.async_add_external_statistics
    calls = 0

    def lose_the_first(*args: Any) -> None:  # noqa: ANN401 - passed on
        nonlocal calls
        calls += 1
        if calls != 1:
            add(*args)

    monkeypatch.setattr(writer, "async_add_external_statistics", lose_the_first)
    await set_up(hass, config_entry)
    assert config_entry.runtime_data.history.last_error is None
    await assert_days(cloud, config_entry, read_back, 5)


async def test_the_action_does_not_wait_for_a_query_of_the_background(
    hass: HomeAssistant,
    clock: FrozenDateTimeFactory,
    cloud: Simulator,
    config_entry: MockConfigEntry,
) -> None:
    await set_up(hass, config_entry)
    clock.tick(timedelta(days=1, minutes=1))
    # The background's daily query hangs.
    cloud.faults.add("graphql", "delay", value=30, count=1, match="granularity:H)")
    config_entry.runtime_data.history.async_check()
    await until(lambda: not cloud.faults.as_list())
    # The clock stands still, so the background's query cannot end.
    response = await import_history(hass, config_entry)
    assert response["hours"] > 0
    assert response["left_out"] == []
    clock.tick(timedelta(seconds=31))
    await settle(hass, config_entry)


async def test_two_imports_of_one_portal_count_nothing_twice(
    hass: HomeAssistant,
    cloud: Simulator,
    config_entry: MockConfigEntry,
    read_back: ReadBack,
) -> None:
    await set_up(hass, config_entry)
    history = config_entry.runtime_data.history
    history.state.coverages.clear()
    await keep_rows(hass, END, END)
    history.async_check()
    await asyncio.gather(*(import_history(hass, config_entry) for _ in range(3)))
    await settle(hass, config_entry)
    assert len(METRICS) == 2
    await assert_days(cloud, config_entry, read_back, 5)
