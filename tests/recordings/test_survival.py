"""Failures: the file is complete or absent, and the event has the reason."""

import os
from pathlib import Path
import time
from typing import Any

import pytest

from custom_components.netrex.client import NetrexRateLimitedError
from custom_components.netrex.recordings import (
    Clip,
    JobState,
    RecordingManager,
)
from simulator import Simulator

from .conftest import (
    MEGABYTE,
    SIZE,
    Events,
    ReadSource,
    Source,
    assert_fails,
    contents,
    files,
    remove,
    when,
)

pytestmark = pytest.mark.switches(recording_size=SIZE)


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
        lambda: cloud.recordings._downloads.clear(),  # noqa: PLW0108 - the cloud replaces it
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
        lambda: cloud.recordings._recordings.clear(),  # noqa: PLW0108 - the cloud replaces it
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
