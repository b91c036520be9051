"""Errors of the media browser."""

import time

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex import media_source
from custom_components.netrex.media import playback
from simulator import Simulator
from simulator.world.model import Scope

from ..waiting import token_checked_twice
from .conftest import Ask

GONE = "This item of the media browser no longer exists"


async def error(ask: Ask, what: str, identifier: str, **fields: object) -> str:
    """Return the translated text of an error."""
    answer = await ask(what, identifier, **fields)
    assert not answer["success"], answer
    assert answer["error"]["code"] == f"{what}_media_failed"
    text: str = answer["error"]["message"]
    # A translation, not its key.
    assert " " in text
    return text


NOWHERE = (
    "{entry}/folder/1",
    "{entry}/camera/1",
    "{entry}/day/1/2026-07-01",
    "{entry}/hour/1/1000/2000",
    "{entry}/clip/1/1000/2000",
    "{entry}/camera/x",
    "{entry}/camera/1/2/3",
    "{entry}/camera/-1",
    "{entry}/day/{camera}/yesterday",
    "{entry}/day/{camera}/9999-12-31",
    "{entry}/day/{camera}/0001-01-01",
    "{entry}/hour/{camera}/2000/1000",
    "{entry}/hour/{camera}/0/99999999999",
    # The year 33658.
    "{entry}/hour/{camera}/999999996400/999999999999",
    "{entry}/clip/{camera}/999999999399/999999999999",
    "{entry}/attic/{camera}",
    "{entry}/camera/{camera}/",
    "{entry}/clip/{camera}/٣/٤",
)


async def test_items_that_do_not_exist(
    ask: Ask, entry: MockConfigEntry, camera_id: int
) -> None:
    for item in NOWHERE:
        identifier = item.format(entry=entry.entry_id, camera=camera_id)
        text = await error(ask, "browse", identifier)
        assert text.startswith(GONE), item
        text = await error(ask, "resolve", identifier)
        assert text.startswith((GONE, "This is a folder")), item


async def test_folders_cannot_be_played(
    ask: Ask, entry: MockConfigEntry, camera_id: int
) -> None:
    for item in ("", entry.entry_id, f"{entry.entry_id}/camera/{camera_id}"):
        assert (await error(ask, "resolve", item)).startswith("This is a folder")


async def test_an_account_that_is_not_loaded(
    hass: HomeAssistant, ask: Ask, entry: MockConfigEntry, camera_id: int
) -> None:
    assert await hass.config_entries.async_unload(entry.entry_id)
    days = f"{entry.entry_id}/camera/{camera_id}"
    clip = f"{entry.entry_id}/clip/{camera_id}/1000/1060"
    for what, item in (("browse", days), ("resolve", clip)):
        assert "not loaded" in await error(ask, what, item)
    assert "not loaded" in await error(ask, "search", days, search_query="x")
    # The root lists the loaded accounts: none.
    answer = await ask("browse")
    assert answer["result"]["children"] == []

    assert await hass.config_entries.async_setup(entry.entry_id)
    assert (await ask("browse", days))["success"]


async def test_an_account_that_was_removed(
    hass: HomeAssistant, ask: Ask, entry: MockConfigEntry, camera_id: int
) -> None:
    await hass.config_entries.async_remove(entry.entry_id)
    days = f"{entry.entry_id}/camera/{camera_id}"
    assert "not found" in await error(ask, "browse", days)


async def test_a_missing_right_is_reported(
    ask: Ask, cloud: Simulator, entry: MockConfigEntry, camera_id: int
) -> None:
    for token in cloud.world.tokens.values():
        token.scopes = frozenset({Scope.READ})
    now = int(time.time())
    for what, item in (
        ("browse", f"{entry.entry_id}/camera/{camera_id}"),
        ("resolve", f"{entry.entry_id}/clip/{camera_id}/{now - 60}/{now - 50}"),
    ):
        assert "permission" in await error(ask, what, item)
    assert entry.state is ConfigEntryState.LOADED


async def test_a_revoked_token_starts_reauthentication(
    hass: HomeAssistant,
    ask: Ask,
    cloud: Simulator,
    entry: MockConfigEntry,
    camera_id: int,
) -> None:
    cloud.world.tokens.clear()
    assert await error(ask, "browse", f"{entry.entry_id}/camera/{camera_id}")
    await token_checked_twice(hass, entry)
    assert list(entry.async_get_active_flows(hass, {"reauth"}))


async def test_an_unreachable_portal_is_reported(
    ask: Ask, cloud: Simulator, entry: MockConfigEntry, camera_id: int
) -> None:
    cloud.faults.add("graphql", "cut", count=None)
    text = await error(ask, "browse", f"{entry.entry_id}/camera/{camera_id}")
    assert text.startswith("The portal does not answer")


async def test_a_period_without_a_recording(
    ask: Ask, entry: MockConfigEntry, camera_id: int
) -> None:
    old = int(time.time()) - 60 * 86_400
    clip = f"{entry.entry_id}/clip/{camera_id}/{old}/{old + 10}"
    assert (await error(ask, "resolve", clip)).startswith("The portal has no recording")


async def test_long_clips_cannot_be_played(
    ask: Ask, entry: MockConfigEntry, camera_id: int
) -> None:
    start = int(time.time()) - 86_400
    clip = f"{entry.entry_id}/clip/{camera_id}/{start}/{start + 3601}"
    assert (await error(ask, "resolve", clip)).startswith("At most 60 minutes")


async def test_a_failed_preparation_is_reported_and_retried(
    ask: Ask,
    cloud: Simulator,
    clip: str,
) -> None:
    cloud.switches.prepare_fails = True
    assert "prepare" in await error(ask, "resolve", clip)
    # The next call starts a new job.
    cloud.switches.prepare_fails = False
    assert (await ask("resolve", clip))["success"]


async def test_a_failure_without_a_waiter_is_reported_to_the_next_call(
    hass: HomeAssistant,
    ask: Ask,
    cloud: Simulator,
    clip: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cloud.switches.prepare_fails = True
    cloud.switches.prepare_duration = 0.5
    monkeypatch.setattr(media_source, "MAX_WAIT_SECONDS", 0.05)
    assert "again in a minute" in await error(ask, "resolve", clip)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert "failed to prepare" in await error(ask, "resolve", clip)
    # It was reported once; the next call starts a new job.
    cloud.switches.prepare_fails = False
    monkeypatch.setattr(media_source, "MAX_WAIT_SECONDS", 10.0)
    assert (await ask("resolve", clip))["success"]


async def test_a_failure_with_a_waiter_is_reported_once(
    ask: Ask,
    cloud: Simulator,
    clip: str,
) -> None:
    cloud.switches.prepare_fails = True
    for _ in range(2):
        assert "failed to prepare" in await error(ask, "resolve", clip)
    cloud.switches.prepare_fails = False
    assert (await ask("resolve", clip))["success"]


async def test_a_second_failure_without_a_waiter_is_reported_too(
    hass: HomeAssistant,
    ask: Ask,
    cloud: Simulator,
    clip: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cloud.switches.prepare_fails = True
    assert "failed to prepare" in await error(ask, "resolve", clip)
    cloud.switches.prepare_duration = 0.5
    monkeypatch.setattr(media_source, "MAX_WAIT_SECONDS", 0.05)
    assert "again in a minute" in await error(ask, "resolve", clip)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert "failed to prepare" in await error(ask, "resolve", clip)


async def test_a_queued_recording_is_reported(
    ask: Ask, entry: MockConfigEntry, camera_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_source, "MAX_WAIT_SECONDS", 0.05)
    now = int(time.time())
    clip = f"{entry.entry_id}/clip/{camera_id}/{now - 60}/{now + 60}"
    assert "waiting for its turn" in await error(ask, "resolve", clip)


async def test_the_number_of_kept_failures_is_limited(
    hass: HomeAssistant,
    ask: Ask,
    cloud: Simulator,
    entry: MockConfigEntry,
    camera_id: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cloud.switches.prepare_fails = True
    cloud.switches.prepare_duration = 0.5
    monkeypatch.setattr(media_source, "MAX_WAIT_SECONDS", 0.05)
    monkeypatch.setattr(playback, "_MAX_FAILURES", 1)
    start = int(time.time()) - 3600
    clips = [
        f"{entry.entry_id}/clip/{camera_id}/{start}/{start + seconds}"
        for seconds in (4, 5)
    ]
    for clip in clips:
        assert "again in a minute" in await error(ask, "resolve", clip)
        await hass.async_block_till_done(wait_background_tasks=True)
    assert "again in a minute" in await error(ask, "resolve", clips[0])
    assert "failed to prepare" in await error(ask, "resolve", clips[1])


async def test_unloading_the_account_stops_the_wait(
    hass: HomeAssistant,
    ask: Ask,
    cloud: Simulator,
    entry: MockConfigEntry,
    clip: str,
) -> None:
    cloud.switches.prepare_duration = 60.0
    waiting = hass.async_create_task(error(ask, "resolve", clip))
    while not any("recordingPrepare" in query.query for query in cloud.queries):
        await hass.async_add_executor_job(time.sleep, 0.05)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert "stopped" in await waiting
