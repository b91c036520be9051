"""A disk that is full or fails, or a folder that disappears, during a download."""

from collections.abc import Callable
import errno
import os
from pathlib import Path
import shutil

import pytest

from custom_components.netrex.recordings import (
    Clip,
    RecordingManager,
)
from custom_components.netrex.recordings.partial import RESERVE, PartialFile
from simulator import Simulator

from .conftest import (
    SIZE,
    Events,
    assert_fails,
)

pytestmark = pytest.mark.switches(recording_size=SIZE)


@pytest.fixture
def set_free_space(
    media: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], None]:
    """Return a function that sets the free space of each disk in bytes."""
    usage = shutil.disk_usage(media)

    def set_free_space(free: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=free))

    return set_free_space


async def test_a_full_disk_is_detected_before_the_download(
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    events: Events,
    set_free_space: Callable[[int], None],
) -> None:
    set_free_space(RESERVE + SIZE // 2)
    await assert_fails(manager, clip, target, events, "disk_full")


async def test_a_full_disk_takes_no_query(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    target: Path,
    events: Events,
    set_free_space: Callable[[int], None],
) -> None:
    set_free_space(RESERVE - 1)
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
