"""Failures: the file is complete or absent, and the event has the reason."""

import asyncio
from collections.abc import Callable
import errno
import os
from pathlib import Path
import shutil
import threading
import time
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import NetrexRateLimitedError
from custom_components.netrex.recordings import (
    Clip,
    JobEvent,
    JobState,
    RecordingManager,
)
from custom_components.netrex.recordings.partial import RESERVE, PartialFile
from simulator import Simulator

from .conftest import MEGABYTE, Events, ReadSource, Source, contents, files, remove

# Large enough for several blocks.
SIZE = 12 * MEGABYTE

pytestmark = pytest.mark.switches(recording_size=SIZE)


@pytest.fixture
def target(media: Path) -> Path:
    """Return the path of the file."""
    return media / "clip.mp4"


def when(
    manager: RecordingManager, clip: Clip, state: JobState, do: Callable[[], object]
) -> None:
    """Call a function once, when the download reaches a state."""
    left = [do]

    def call_once(event: JobEvent) -> None:
        if event.state is state and left:
            left.pop()()

    manager.async_add_listener(clip.node_id, call_once)


async def assert_fails(
    manager: RecordingManager, clip: Clip, target: Path, events: Events, reason: str
) -> None:
    """Check that a download fails with a reason and leaves no file."""
    with pytest.raises(HomeAssistantError) as caught:
        await manager.async_download(clip, target)
    assert caught.value.translation_key == reason
    assert events.types[0] == "requested"
    assert events.types[-1] == "failed"
    assert events.last["reason"] == reason
    assert files(target.parent) == []


@pytest.mark.parametrize("resumes", [True, False])
@pytest.mark.parametrize("sends_length", [True, False])
@pytest.mark.parametrize("percent", [10, 50, 99])
async def test_a_lost_connection_is_resumed(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    events: Events,
    source: Source,
    read_source: ReadSource,
    percent: int,
    sends_length: bool,
    resumes: bool,
) -> None:
    cloud.switches.download_range = resumes
    cloud.switches.download_length = sends_length
    cloud.faults.add("download", "cut_body", SIZE * percent // 100)
    saved = await manager.async_download(clip, target)

    assert contents(target) == await read_source()
    assert saved.size == SIZE
    assert files(target.parent) == [target]
    assert events.types == [
        "requested",
        "preparing",
        "ready",
        "downloading",
        "downloaded",
    ]
    # The second request continued where the first one stopped.
    assert source.offsets[0] == 0
    assert len(source.offsets) == 2
    assert 0 < source.offsets[1] <= SIZE * percent // 100


async def test_a_connection_that_is_always_lost_at_the_same_offset(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    events: Events,
) -> None:
    cloud.switches.download_range = False
    cloud.faults.add("download", "cut_body", MEGABYTE, count=None)
    await assert_fails(manager, clip, target, events, "cannot_connect")


async def test_a_retry_waits_as_long_as_the_server_says(
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    archive = manager._client.archive
    real = archive.download
    calls: list[float] = []

    def refuse_the_first(url: str, **options: Any) -> Any:  # noqa: ANN401 - passed on
        calls.append(time.monotonic())
        if len(calls) == 1:
            raise NetrexRateLimitedError("busy", retry_after=0.3)
        return real(url, **options)

    monkeypatch.setattr(archive, "download", refuse_the_first)
    await manager.async_download(clip, target)
    assert len(calls) == 2
    assert calls[1] - calls[0] >= 0.3


async def test_many_lost_connections(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    read_source: ReadSource,
) -> None:
    cloud.faults.add("download", "cut_body", SIZE // 20, count=19)
    await manager.async_download(clip, target)
    assert contents(target) == await read_source()


async def test_an_expired_url(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    source: Source,
    read_source: ReadSource,
) -> None:
    when(
        manager,
        clip,
        JobState.READY,
        # A lambda, because the cloud replaces the dictionary.
        lambda: cloud.recordings._downloads.clear(),  # noqa: PLW0108
    )
    await manager.async_download(clip, target)
    assert contents(target) == await read_source()
    first, second = source.urls
    assert first != second


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_refused_url(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    events: Events,
    status: int,
) -> None:
    # After 401 the request is repeated with the token: two requests per URL.
    cloud.faults.add("download", "status", status, count=2 if status == 401 else 1)
    await manager.async_download(clip, target)
    assert files(target.parent) == [target]

    remove(target)
    cloud.faults.add("download", "status", status, count=None)
    await assert_fails(manager, clip, target, events, "not_found")


async def test_a_url_that_expires_during_the_download(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    source: Source,
    read_source: ReadSource,
) -> None:
    cloud.faults.add("download", "cut_body", SIZE // 2)
    cloud.faults.add("download", "status", 404)
    await manager.async_download(clip, target)
    assert contents(target) == await read_source()
    # Another preparation need not give the same bytes, so the file starts over.
    assert source.offsets[0] == 0
    assert source.offsets[1] > 0
    assert source.offsets[2:] == [0]


async def test_an_expired_recording_id(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    read_source: ReadSource,
) -> None:
    when(
        manager,
        clip,
        JobState.PREPARING,
        lambda: cloud.recordings._recordings.clear(),  # noqa: PLW0108 - as above
    )
    await manager.async_download(clip, target)
    assert contents(target) == await read_source()
    assert sum("recordings(" in query.query for query in cloud.queries) == 2


async def test_a_recording_id_that_always_expires(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    events: Events,
) -> None:
    cloud.switches.recording_id_lifetime = 0
    await assert_fails(manager, clip, target, events, "not_found")


@pytest.mark.parametrize("answer", ["false", "error"])
async def test_a_preparation_that_is_refused(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    events: Events,
    answer: str,
) -> None:
    cloud.switches.set("prepare_answer", answer)
    await assert_fails(manager, clip, target, events, "preparation_refused")


@pytest.mark.parametrize("answer", ["true", "false", "error"])
async def test_a_preparation_whose_response_was_lost(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
) -> None:
    """It is running, and the second request only says so."""
    cloud.switches.set("prepare_twice", answer)
    prepare = cloud.recordings.prepare
    lost: list[bool] = []

    def lose_the_first(recording_id: str, height: int) -> bool:
        accepted = prepare(recording_id, height)
        if not lost:
            lost.append(True)
            raise ConnectionError
        return accepted

    monkeypatch.setattr(cloud.recordings, "prepare", lose_the_first)
    await manager.async_download(clip, target)
    assert files(target.parent) == [target]


@pytest.mark.parametrize("shown", ["null", "zero", "minus", "error"])
async def test_a_preparation_that_fails(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    events: Events,
    shown: str,
) -> None:
    cloud.switches.prepare_fails = True
    cloud.switches.set("failed_progress", shown)
    await assert_fails(manager, clip, target, events, "preparation_failed")


async def test_repeated_503_responses(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    events: Events,
) -> None:
    cloud.faults.add("graphql", "status", 503, count=4, match="recordings(")
    cloud.faults.add("graphql", "status", 503, count=4, match="recordingPrepare")
    cloud.faults.add("graphql", "status", 503, count=4, match="recording(")
    cloud.faults.add("download", "status", 503, count=4)
    await manager.async_download(clip, target)
    assert files(target.parent) == [target]

    remove(target)
    cloud.faults.add("download", "status", 503, count=None)
    await assert_fails(manager, clip, target, events, "cannot_connect")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("html", "download_page"),
        ("garbage", "download_other"),
        ("empty", "download_nothing"),
    ],
)
async def test_a_response_that_is_not_the_file(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    events: Events,
    kind: str,
    reason: str,
) -> None:
    cloud.faults.add("download", kind)
    await manager.async_download(clip, target)
    assert files(target.parent) == [target]

    remove(target)
    cloud.faults.add("download", kind, count=None)
    await assert_fails(manager, clip, target, events, reason)


async def test_a_truncated_file_with_a_matching_length(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    events: Events,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The Content-Length matches: only the MP4 boxes show that data is missing."""
    monkeypatch.setattr(
        "simulator.media.clip._fill_up", lambda path, _: os.truncate(path, 20_000)
    )
    await assert_fails(manager, clip, target, events, "download_incomplete")


async def test_a_full_disk_is_detected_before_the_download(
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    events: Events,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usage = shutil.disk_usage(target.parent)._replace(free=RESERVE + SIZE // 2)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    await assert_fails(manager, clip, target, events, "disk_full")


async def test_a_full_disk_takes_no_query(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    events: Events,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usage = shutil.disk_usage(target.parent)._replace(free=RESERVE - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    await assert_fails(manager, clip, target, events, "disk_full")
    assert not [one for one in cloud.queries if "recording" in one.query]


async def test_a_disk_that_reports_no_free_space(
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    events: Events,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: Path) -> None:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    monkeypatch.setattr(shutil, "disk_usage", fail)
    await assert_fails(manager, clip, target, events, "cannot_write")


async def test_the_folder_is_removed_during_the_download(
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    events: Events,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finish = PartialFile.finish

    def remove_and_finish(partial: PartialFile) -> bool:
        shutil.rmtree(partial.path.parent)
        return finish(partial)

    monkeypatch.setattr(PartialFile, "finish", remove_and_finish)
    inside = target.parent / "sub" / target.name
    await assert_fails(manager, clip, inside, events, "cannot_write")


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


@pytest.mark.parametrize(
    ("number", "reason"),
    [(errno.ENOSPC, "disk_full"), (errno.EIO, "cannot_write")],
)
async def test_a_disk_that_fails_during_the_download(
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    events: Events,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    reason: str,
) -> None:
    write = os.write

    def fail(descriptor: int, data: bytes) -> int:
        if len(data) > 1000:
            raise OSError(number, os.strerror(number))
        return write(descriptor, data)

    monkeypatch.setattr("custom_components.netrex.recordings.partial.os.write", fail)
    await assert_fails(manager, clip, target, events, reason)


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
        # There is no event for a new file.
        while not await hass.async_add_executor_job(  # noqa: ASYNC110
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
        while (job := manager.job(clip)) is canceled_job:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)
    may_finish.set()
    await asyncio.wait([canceled])
    # The end of the canceled job does not remove the new one.
    assert manager.job(clip) is job
    await new
    assert files(target.parent) == [target]
