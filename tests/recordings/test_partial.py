"""The temporary file of a download."""

import errno
import os
from pathlib import Path

from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.netrex.recordings.partial import PartialFile

BLOCK = os.urandom(1 << 20)
BLOCKS = 200


def _fill(folder: Path) -> bytes:
    """Write 200 MiB and return the contents of the file."""
    partial = PartialFile(folder)
    partial.restart()
    for _ in range(BLOCKS // 4):
        partial.write([BLOCK] * 4)
    partial.finish()
    content = partial.path.read_bytes()
    partial.discard()
    return content


def test_written_data_is_flushed_at_intervals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    advised: list[tuple[int, int]] = []

    def advise(descriptor: int, offset: int, length: int, advice: int) -> None:
        assert advice == os.POSIX_FADV_DONTNEED
        assert os.fstat(descriptor).st_size == offset + length
        advised.append((offset, length))

    monkeypatch.setattr(os, "posix_fadvise", advise)
    assert _fill(tmp_path) == BLOCK * BLOCKS
    size = 64 << 20
    assert advised == [(0, size), (size, size), (2 * size, size)]


def test_a_restart_resets_the_flushes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partial = PartialFile(tmp_path)
    partial.restart()
    partial.write([BLOCK] * 100)
    partial.restart()
    advised: list[int] = []
    monkeypatch.setattr(
        os, "posix_fadvise", lambda _, offset, *__: advised.append(offset)
    )
    partial.write([BLOCK] * 64)
    assert advised == [0]
    assert partial.size == partial.path.stat().st_size == 64 << 20
    partial.discard()


def test_a_system_without_fadvise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "posix_fadvise")
    assert _fill(tmp_path) == BLOCK * BLOCKS


def test_a_file_system_that_refuses_fadvise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: int) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(os, "posix_fadvise", refuse)
    assert _fill(tmp_path) == BLOCK * BLOCKS


def test_a_restart_after_discard_creates_no_file(tmp_path: Path) -> None:
    partial = PartialFile(tmp_path)
    partial.discard()
    partial.restart()
    assert not partial.path.exists()


def test_discard_on_a_missing_folder_does_not_raise(tmp_path: Path) -> None:
    folder = tmp_path / "media" / "share"
    partial = PartialFile(folder)
    partial.restart()
    partial.path.unlink()
    folder.rmdir()
    folder.touch()
    with pytest.raises(HomeAssistantError) as caught:
        partial.finish()
    assert caught.value.translation_key == "cannot_write"
    partial.discard()


def test_a_descriptor_is_closed_once_even_if_close_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partial = PartialFile(tmp_path)
    partial.restart()
    closed: list[int] = []
    close = os.close

    def fail(descriptor: int) -> None:
        closed.append(descriptor)
        close(descriptor)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "close", fail)
        partial.discard()
        partial.discard()
    assert len(closed) == 1
    assert not partial.path.exists()
