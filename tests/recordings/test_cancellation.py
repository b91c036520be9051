"""Downloads that end early: canceled, unloaded, or stopped with Home Assistant."""

import asyncio
import os
from pathlib import Path
import threading
import time

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.recordings import (
    Clip,
    JobState,
    RecordingManager,
)
from custom_components.netrex.recordings.partial import PartialFile
from simulator import Simulator

from .conftest import (
    SIZE,
    Events,
    assert_fails,
    files,
    when,
)

pytestmark = pytest.mark.switches(recording_size=SIZE)


async def test_the_download_is_canceled_while_the_file_is_created(
    hass: HomeAssistant,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    created, resume = threading.Event(), threading.Event()
    opened: list[int] = []
    os_open = os.open

    def slow(path: Path, flags: int, mode: int = 0o777, **options: int | None) -> int:
        descriptor = os_open(path, flags, mode, **options)
        if flags & os.O_EXCL:
            opened.append(descriptor)
            created.set()
            resume.wait(5)
        return descriptor

    monkeypatch.setattr(os, "open", slow)
    download = asyncio.create_task(manager.async_download(clip, target))
    assert await hass.async_add_executor_job(created.wait, 5)
    download.cancel()
    hass.loop.call_later(0.1, resume.set)
    with pytest.raises(asyncio.CancelledError):
        await download
    assert files(target.parent) == []
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(opened[0])


async def test_home_assistant_stops_during_the_download(
    hass: HomeAssistant,
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    events: Events,
) -> None:
    when(
        manager,
        clip,
        JobState.DOWNLOADING,
        lambda: hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP),
    )
    cloud.faults.add("download", "delay", 1)
    await assert_fails(manager, clip, target, events, "stopped")
    with pytest.raises(HomeAssistantError):
        await manager.async_download(clip, target)


async def test_the_account_is_unloaded_during_the_download(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    events: Events,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    discard = PartialFile.discard

    def slow(partial: PartialFile) -> None:
        time.sleep(0.1)
        discard(partial)

    monkeypatch.setattr(PartialFile, "discard", slow)
    cloud.faults.add("download", "delay", 1)
    when(
        manager,
        clip,
        JobState.DOWNLOADING,
        lambda: hass.async_create_task(
            hass.config_entries.async_unload(entry.entry_id)
        ),
    )
    with pytest.raises(HomeAssistantError) as caught:
        await manager.async_download(clip, target)
    assert caught.value.translation_key == "stopped"
    await hass.async_block_till_done()
    assert "failed" in events.types
    assert files(target.parent) == []


async def test_the_download_is_canceled(
    hass: HomeAssistant,
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    events: Events,
) -> None:
    cloud.faults.add("download", "cut_body", SIZE // 2)
    cloud.faults.add("download", "delay", 5)
    download = asyncio.create_task(manager.async_download(clip, target))
    async with asyncio.timeout(5):
        while not await hass.async_add_executor_job(  # noqa: ASYNC110 - there is no event
            files, target.parent
        ):
            await asyncio.sleep(0.02)
    download.cancel()
    with pytest.raises(asyncio.CancelledError):
        await download

    assert manager.job(clip) is None
    assert files(target.parent) == []
    assert events.last["reason"] == "stopped"
    # The semaphores are released: the next download runs.
    cloud.faults.clear()
    await manager.async_download(clip, target)
    assert files(target.parent) == [target]


async def test_a_request_during_the_cancellation_starts_a_new_job(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    discarding, may_finish = threading.Event(), threading.Event()
    discard = PartialFile.discard

    def slow_discard(partial: PartialFile) -> None:
        if not discarding.is_set():
            discarding.set()
            may_finish.wait(5)
        discard(partial)

    monkeypatch.setattr(PartialFile, "discard", slow_discard)
    canceled = asyncio.create_task(manager.async_download(clip, target))
    when(manager, clip, JobState.DOWNLOADING, canceled.cancel)
    assert await asyncio.to_thread(discarding.wait, 5)
    canceled_job = manager.job(clip)

    cloud.switches.prepare_duration = 0.5
    new = asyncio.create_task(manager.async_download(clip, target))
    async with asyncio.timeout(5):
        while (job := manager.job(clip)) is canceled_job:  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0.01)
    may_finish.set()
    await asyncio.wait([canceled])
    # The end of the canceled job does not remove the new one.
    assert manager.job(clip) is job
    await new
    assert files(target.parent) == [target]
