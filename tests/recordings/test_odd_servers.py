"""Download servers that speak another dialect: a film is saved, else it says why."""

import asyncio
from dataclasses import replace
from pathlib import Path
import time
from typing import Any

from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.netrex.client import NetrexConnectionError
from custom_components.netrex.recordings import (
    Clip,
    JobEvent,
    RecordingManager,
    download as download_module,
)
from custom_components.netrex.recordings.partial import PartialFile
from simulator import Simulator

from .conftest import QUICK, Source, contents, files


def written(cloud: Simulator) -> bytes:
    """Return the only file of the cloud."""
    [file] = cloud.recordings._clips._files.values()
    return file.result().read_bytes()


@pytest.mark.parametrize(
    "odd",
    [
        {"download_type": "text/html"},
        {"download_type": "application/json"},
        {"download_tail": "\r\n"},
        {"download_tail": "<!-- 0.023 s -->    "},
        {"download_tail": "\0" * 20},
        {"download_tail": "x" * 5000},
        {"download_tail": "\n", "download_length": False},
        {"download_encoding": "label"},
        {"download_length_error": 1000},
        {"download_length_error": 1000, "download_range": False},
        {"download_length_error": 1000, "download_range_answer": "refused"},
        {"recording_layout": "end"},
        {"recording_layout": "fragments"},
        {"recording_layout": "fragments", "download_tail": "\r\n"},
    ],
    ids=str,
)
async def test_a_film_is_saved(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    source: Source,
    odd: dict[str, Any],
) -> None:
    for name, value in odd.items():
        cloud.switches.set(name, value)
    saved = await manager.async_download(clip, target)
    assert contents(target) == written(cloud)
    assert saved.size == len(contents(target))
    assert len(source.urls) <= 3


async def test_what_arrives_before_the_disk_is_ready_is_kept(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    source: Source,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server that announces too much and closes must not cost the received data."""

    def slow(self: PartialFile, size: int | None) -> None:
        time.sleep(0.3)

    monkeypatch.setattr(PartialFile, "check_free_space", slow)
    cloud.switches.set("download_length_error", 1000)
    cloud.switches.download_range = False
    await manager.async_download(clip, target)
    assert contents(target) == written(cloud)
    assert len(source.urls) <= 3


@pytest.mark.parametrize(
    "answer", ["right", "bare", "whole", "shifted", "unknown", "refused"]
)
async def test_a_cut_film_is_resumed_or_starts_again(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    source: Source,
    answer: str,
) -> None:
    cloud.switches.set("download_range_answer", answer)
    cloud.faults.add("download", "cut_body", 5000)
    await manager.async_download(clip, target)
    assert contents(target) == written(cloud)
    assert len(source.urls) <= 3


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        ({"download_answer": "page"}, "download_page"),
        ({"download_answer": "text"}, "download_text"),
        ({"download_answer": "json"}, "download_json"),
        ({"download_answer": "empty"}, "download_nothing"),
        ({"download_answer": "noise"}, "download_other"),
        ({"download_encoding": "gzip"}, "download_compressed"),
        ({"download_length_error": -100}, "download_incomplete"),
    ],
    ids=str,
)
async def test_something_else_is_final_when_it_comes_twice(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    source: Source,
    odd: dict[str, Any],
    reason: str,
) -> None:
    for name, value in odd.items():
        cloud.switches.set(name, value)
    with pytest.raises(HomeAssistantError) as caught:
        await manager.async_download(clip, target)
    assert caught.value.translation_key == reason
    assert len(source.urls) == 2
    assert files(target.parent) == []


@pytest.mark.parametrize("body", ["page", "text", "empty"])
async def test_an_expired_url_with_status_200_is_prepared_again(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    source: Source,
    body: str,
) -> None:
    cloud.switches.download_expired_status = 200
    cloud.switches.set("download_expired_body", body)
    expired: list[bool] = []

    def expire(event: JobEvent) -> None:
        if event.state == "ready" and not expired:
            expired.append(True)
            cloud.recordings._downloads.clear()

    manager.async_add_listener(clip.node_id, expire)
    await manager.async_download(clip, target)
    assert contents(target) == written(cloud)
    assert len(source.urls) == 2


@pytest.mark.parametrize("status", [204, 400, 403, 404, 410, 451])
async def test_a_refusal_is_final_after_three_requests(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    source: Source,
    status: int,
) -> None:
    cloud.faults.add("download", "status", status, count=None)
    with pytest.raises(HomeAssistantError):
        await manager.async_download(clip, target)
    assert len(source.urls) <= 3
    assert files(target.parent) == []


async def test_a_film_that_always_ends_at_one_place_is_read_twice(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    source: Source,
) -> None:
    cloud.switches.download_range = False
    cloud.faults.add("download", "cut_body", 5000, count=None)
    with pytest.raises(HomeAssistantError) as caught:
        await manager.async_download(clip, target)
    assert caught.value.translation_key == "cannot_connect"
    assert len(source.urls) == 2


@pytest.mark.parametrize("status", [500, 503])
async def test_a_server_that_recovers_gives_the_film(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    source: Source,
    status: int,
) -> None:
    cloud.faults.add("download", "status", status, count=2)
    await manager.async_download(clip, target)
    assert contents(target) == written(cloud)
    assert len(source.urls) == 3


async def test_an_endless_film_ends_at_the_limit(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    source: Source,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(download_module, "_MAX_EXTRA", 1 << 20)
    monkeypatch.setattr(download_module, "_MAX_RATE", 1 << 20)
    cloud.switches.download_answer = "endless"
    with pytest.raises(HomeAssistantError) as caught:
        await manager.async_download(clip, target)
    assert caught.value.translation_key == "download_too_large"
    assert len(source.urls) == 1


async def test_a_slow_server_does_not_hold_its_slot(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each connection brings a few bytes, which is no progress."""
    slow = replace(QUICK, progress_interval=0.3, progress_bytes=100_000)
    monkeypatch.setattr(manager._context.downloader, "_timing", slow)
    cloud.switches.download_rate = 1000
    with pytest.raises(HomeAssistantError) as caught:
        async with asyncio.timeout(10):
            await manager.async_download(clip, target)
    assert caught.value.translation_key == "cannot_connect"


def test_a_download_ends_at_its_deadline() -> None:
    meter = download_module._Meter(QUICK, time.monotonic() - 1)
    with pytest.raises(NetrexConnectionError, match="too long"):
        meter.add(QUICK.progress_bytes)


def test_progress_is_measured_in_each_interval() -> None:
    timing = replace(QUICK, progress_interval=0.0, progress_bytes=10)
    meter = download_module._Meter(timing, time.monotonic() + 60)
    meter.add(10)
    with pytest.raises(NetrexConnectionError, match="too slow"):
        meter.add(9)
