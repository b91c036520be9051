"""The clock was wrong when something was stored, and is right again."""

import asyncio
from dataclasses import replace
from datetime import timedelta
import os
from pathlib import Path
import time
from types import SimpleNamespace
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from custom_components.netrex.client.days import DAY, HOUR
from custom_components.netrex.recordings import Clip, ClipFile, RecordingManager, jobs
from custom_components.netrex.recordings.cache import Cache
from custom_components.netrex.recordings.file_view import (
    DATA_LINKS,
    LIFETIME,
    STORAGE_KEY,
    FileLinks,
    async_link_file,
    async_setup_file_links,
)
from custom_components.netrex.recordings.partial import (
    PartialFile,
    own_prefix,
    remove_leftovers,
)
from simulator import Simulator
from tests.waiting import eventually

from .conftest import QUICK

# Seconds by which the clock was ahead.
WRONG = [2 * HOUR, 5 * DAY, -HOUR, -DAY]


def set_times(path: Path, moment: float) -> None:
    """Set when a file was last used and changed (unix seconds)."""
    os.utime(path, (moment, moment))


def store(cache: Cache, clip: Clip, folder: Path) -> Path:
    """Store a file of 100 bytes."""
    # A file that is moved may remain the same one under both names.
    source = folder / f"source-{clip.start}"
    source.write_bytes(bytes(100))
    return cache.store(clip, ClipFile(source, 100, None, 720), may_move=True).path


@pytest.mark.parametrize("ahead", WRONG)
def test_the_cache_evicts_a_file_that_was_used_with_a_wrong_clock(
    media: Path, ahead: int
) -> None:
    (folder := media / "cache").mkdir()
    cache = Cache(folder, 250)
    unused = store(cache, Clip(1, 0, 10), media)
    set_times(unused, time.time() + ahead)
    cache.clean_up()
    used = store(cache, Clip(1, 10, 20), media)
    set_times(used, time.time() + 1)

    store(cache, Clip(1, 20, 30), media)

    assert not unused.exists()
    assert used.exists()


@pytest.mark.parametrize("ahead", WRONG)
def test_partial_files_of_a_wrong_clock_become_stale(
    tmp_path: Path, freezer: FrozenDateTimeFactory, ahead: int
) -> None:
    partial = PartialFile(tmp_path, own_prefix("another"))
    partial.restart()
    set_times(partial.path, time.time() + ahead)

    # A day is enough from when the clock is right.
    remove_leftovers(own_prefix("this"), [tmp_path], [])
    assert partial.path.exists() or ahead == -DAY
    freezer.tick(DAY + 60)
    remove_leftovers(own_prefix("this"), [tmp_path], [])

    assert not partial.path.exists()
    partial.discard()


@pytest.mark.parametrize("timing", [replace(QUICK, grace=2.0)])
async def test_a_clock_set_back_during_a_job_does_not_delay_it(
    cloud: Simulator,
    manager: RecordingManager,
    camera_id: int,
    media: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The recording stays incomplete: another clock says when it is used as it is."""
    now = int(time.time())
    clip = Clip(camera_id, now - 20, now)
    job = asyncio.create_task(manager.async_download(clip, media / "x.mp4"))
    await eventually(lambda: any("recordings(" in one.query for one in cloud.queries))
    set_back = SimpleNamespace(time=lambda: time.time() - DAY, monotonic=time.monotonic)
    monkeypatch.setattr(jobs, "time", set_back)
    async with asyncio.timeout(20):
        assert (await job).duration


@pytest.mark.parametrize("is_restarted", [False, True])
@pytest.mark.parametrize("ahead", WRONG)
async def test_a_link_lives_for_a_day_at_most(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    hass_client_no_auth: ClientSessionGenerator,
    media: Path,
    freezer: FrozenDateTimeFactory,
    ahead: int,
    is_restarted: bool,
) -> None:
    assert await async_setup_component(hass, "http", {})
    await async_setup_file_links(hass)
    file = media / "x.mp4"
    file.write_bytes(b"x")
    freezer.tick(ahead)
    link = URL(async_link_file(hass, file)).relative()
    freezer.tick(-ahead)
    links = hass.data[DATA_LINKS]
    if is_restarted:
        hass_storage[STORAGE_KEY] = {
            "version": 1,
            "key": STORAGE_KEY,
            "data": links._data_to_save(),
        }
        links = hass.data[DATA_LINKS] = FileLinks(hass)
        await links.async_load()
    phone = await hass_client_no_auth()
    # To the second: a link of a day before expires now.
    assert (await phone.get(link)).status == 200

    freezer.tick(LIFETIME + timedelta(seconds=1))

    assert (await phone.get(link)).status == 410
