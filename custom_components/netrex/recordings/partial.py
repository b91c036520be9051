"""A file that is not whole yet. Blocking: everything here runs in a thread."""

from collections.abc import Iterator, Sequence
import contextlib
import errno
import os
from pathlib import Path
import secrets
import shutil
import threading
import time

from .errors import RecordingError
from .mp4 import is_whole

PREFIX = ".netrex-"
SUFFIX = ".part"
# What stays free on the disk for everything else, in bytes.
RESERVE = 256 << 20
# What a killed Home Assistant left behind is removed when it is as old as this.
_STALE = 24 * 3600
# After so many bytes the disk is asked to begin, and whether it has room for more.
_STRIDE = 64 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT)


class PartialFile:
    """A temporary file in the folder of its target.

    Its name is hidden and random, so it never meets a file of somebody else. There is
    none before `restart` and after `discard`, whichever thread comes first.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"{PREFIX}{secrets.token_hex(8)}{SUFFIX}"
        self.size = 0
        self._descriptor = -1
        self._discarded = False
        self._stride_at = 0
        # A number that was given back may belong to somebody else's file by now.
        self._lock = threading.Lock()

    def restart(self) -> None:
        """Begin with an empty file; what others left over long ago goes.

        Raises:
            RecordingError: The folder cannot be written to.
        """
        folder = self.path.parent
        with self._lock, write_errors(folder):
            if self._discarded:
                return
            if self._descriptor < 0:
                folder.mkdir(parents=True, exist_ok=True)
                _sweep(folder)
                self._descriptor = os.open(
                    self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644
                )
            os.ftruncate(self._descriptor, 0)
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            self.size = self._stride_at = 0

    def expect(self, size: int | None) -> None:
        """Check that the disk has room for a file of `size` bytes.

        Raises:
            RecordingError: It has not, or does not tell.
        """
        missing = 0 if size is None else size - self.size
        with write_errors(self.path.parent):
            free = shutil.disk_usage(self.path.parent).free
        if free < missing + RESERVE:
            raise disk_full(self.path.parent)

    def write(self, blocks: Sequence[bytes]) -> int:
        """Append; return the size so far.

        Block by block: joining them, or writing them by one system call, was measured
        to cost half as much time again.
        """
        with self._lock, write_errors(self.path.parent):
            for block in blocks:
                view = memoryview(block)
                while view:
                    written = os.write(self._descriptor, view)
                    self.size += written
                    view = view[written:]
            full = self.size - self._stride_at >= _STRIDE
            if full:
                self._spill()
        if full:
            self.expect(None)
        return self.size

    def _spill(self) -> None:
        """Let the system write what it holds of the file, and then forget it.

        Otherwise a sync of gigabytes comes at the end, which holds up everybody who
        uses the disk, the recorder's database too.
        """
        start, self._stride_at = self._stride_at, self.size
        # macOS has none, and it is no more than advice.
        if hasattr(os, "posix_fadvise"):
            with contextlib.suppress(OSError):
                os.posix_fadvise(
                    self._descriptor, start, self.size - start, os.POSIX_FADV_DONTNEED
                )

    def finish(self) -> bool:
        """Bring all to the disk and tell whether it is a whole MP4 file."""
        with self._lock, write_errors(self.path.parent):
            os.fsync(self._descriptor)
            return is_whole(self.path)

    def discard(self) -> None:
        """Close and remove it; may be called at any time, also again."""
        with self._lock:
            self._discarded = True
            descriptor, self._descriptor = self._descriptor, -1
            # A disk that has gone would hide the error that led here.
            if descriptor >= 0:
                with contextlib.suppress(OSError):
                    os.close(descriptor)
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)


def publish(source: Path, target: Path, *, overwrite: bool, last: bool) -> None:
    """Give a whole file its name, in one step.

    A link costs nothing and cannot take the place of another file. Where the disk has
    none, or on another disk, the file is copied, or renamed if nobody else needs it.

    Args:
        source: The whole file.
        target: Its name, in a folder that is made if it is missing.
        overwrite: Whether it may take the place of a file.
        last: Whether nobody needs `source` any more.

    Raises:
        RecordingError: The target exists and is not to be overwritten, or it cannot be
            written.
    """
    with write_errors(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir() or (not overwrite and os.path.lexists(target)):
            raise _exists(target)
        if not overwrite and _link(source, target):
            return
        beside = target.parent / f"{PREFIX}{secrets.token_hex(8)}{SUFFIX}"
        try:
            if not _link(source, beside):
                if last and source.parent == target.parent:
                    beside = source
                else:
                    _copy(source, beside)
            if not overwrite and os.path.lexists(target):
                raise _exists(target)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)


def _link(source: Path, target: Path) -> bool:
    """Give a file a second name, never that of another; False where that fails."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise _exists(target) from None
    except OSError:
        return False
    return True


def _exists(target: Path) -> RecordingError:
    return RecordingError("file_exists", path=str(target))


def _copy(source: Path, beside: Path) -> None:
    if shutil.disk_usage(beside.parent).free < source.stat().st_size + RESERVE:
        raise disk_full(beside.parent)
    shutil.copyfile(source, beside)
    with beside.open("rb+") as file:
        os.fsync(file.fileno())


def _sweep(folder: Path) -> None:
    """Remove what a killed Home Assistant left in a folder."""
    now = time.time()
    for path in folder.glob(f"{PREFIX}*{SUFFIX}"):
        with contextlib.suppress(OSError):
            if now - path.stat().st_mtime > _STALE:
                path.unlink()


def disk_full(folder: Path) -> RecordingError:
    """Return the error of a full disk."""
    return RecordingError("disk_full", path=str(folder))


@contextlib.contextmanager
def write_errors(folder: Path) -> Iterator[None]:
    """Say of a failure to write what a person can mend."""
    try:
        yield
    except OSError as err:
        if err.errno in _FULL:
            raise disk_full(folder) from err
        raise RecordingError(
            "cannot_write", path=str(folder), reason=err.strerror or str(err.errno)
        ) from err
