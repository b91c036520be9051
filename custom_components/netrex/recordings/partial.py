"""Files that are still incomplete. Blocking: call everything in an executor."""

from collections.abc import Iterable, Iterator, Sequence
import contextlib
import errno
import hashlib
import os
from pathlib import Path
import secrets
import shutil
import threading
import time

from ..client.days import DAY, not_in_future
from ..errors import failed
from .mp4 import film_size

PREFIX = ".netrex-"
SUFFIX = ".part"
_PATTERN = f"{PREFIX}*{SUFFIX}"
# Free space that downloads leave on the disk (bytes).
RESERVE = 256 << 20
# The age (seconds) from which another Home Assistant's partial files are leftovers.
_STALE_AGE = DAY
# Bytes between two flushes to the disk, each with a check of its free space.
_FLUSH_INTERVAL = 64 << 20
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


class PartialFile:
    """A temporary file in the folder of its target, under a hidden, random name.

    It exists only between `restart` and `discard`, in whichever order threads call
    them.

    Args:
        folder: The folder of the target.
        prefix: What the name starts with (see `own_prefix`).
    """

    def __init__(self, folder: Path, prefix: str = PREFIX) -> None:
        self.path = folder / f"{prefix}{secrets.token_hex(8)}{SUFFIX}"
        self.size = 0
        self._descriptor = -1
        self._discarded = False
        self._flushed = 0
        # A closed descriptor's number can be reused by another file.
        self._lock = threading.Lock()

    def restart(self) -> None:
        """Create or truncate the file; also removes stale ones from the folder.

        Raises:
            HomeAssistantError: The folder is not writable.
        """
        folder = self.path.parent
        with self._lock, write_errors(folder):
            if self._discarded:
                return
            if self._descriptor < 0:
                folder.mkdir(parents=True, exist_ok=True)
                _remove_stale(folder.glob(_PATTERN))
                self._descriptor = os.open(
                    self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644
                )
            os.ftruncate(self._descriptor, 0)
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            self.size = self._flushed = 0

    def check_free_space(self, size: int | None) -> None:
        """Check that the disk has room for the file to grow to `size` bytes.

        Raises:
            HomeAssistantError: The disk is full, or its free space is unknown.
        """
        with write_errors(self.path.parent):
            missing = 0 if size is None else size - self.size
            _check_free_space(self.path.parent, missing)

    def write(self, blocks: Sequence[bytes]) -> int:
        """Append blocks and return the new size (bytes).

        Blocks are written one by one: joining them, or a single system call, takes half
        as much time again (measured).
        """
        with self._lock, write_errors(self.path.parent):
            for block in blocks:
                view = memoryview(block)
                while view:
                    written = os.write(self._descriptor, view)
                    self.size += written
                    view = view[written:]
            is_due = self.size - self._flushed >= _FLUSH_INTERVAL
            if is_due:
                self._flush()
        if is_due:
            self.check_free_space(None)
        return self.size

    def _flush(self) -> None:
        """Start to write cached pages of the file to the disk, and drop them.

        Otherwise the final sync writes gigabytes at once, which blocks all users of the
        disk, including the recorder's database.
        """
        start, self._flushed = self._flushed, self.size
        # Only advice, and not available on macOS.
        if hasattr(os, "posix_fadvise"):
            with contextlib.suppress(OSError):
                os.posix_fadvise(
                    self._descriptor, start, self.size - start, os.POSIX_FADV_DONTNEED
                )

    def finish(self) -> bool:
        """Sync the file to the disk; return whether it is a complete MP4 file.

        What follows the MP4 file is cut off.
        """
        with self._lock, write_errors(self.path.parent):
            size = film_size(self.path)
            if size is not None and size < self.size:
                os.ftruncate(self._descriptor, size)
                self.size = size
            os.fsync(self._descriptor)
            return size is not None

    def discard(self) -> None:
        """Close and remove the file; can be called at any time, and repeatedly."""
        with self._lock:
            self._discarded = True
            descriptor, self._descriptor = self._descriptor, -1
            # An error of a disconnected disk would hide the one that led here.
            if descriptor >= 0:
                with contextlib.suppress(OSError):
                    os.close(descriptor)
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)


def publish(source: Path, target: Path, *, overwrite: bool, may_move: bool) -> None:
    """Give a complete file its name, atomically.

    A hard link is fast and cannot replace another file. If the disk has no hard links,
    or the target is on another disk, the file is copied, or moved if that is allowed.

    Args:
        source: The complete file.
        target: Its name; missing folders are created.
        overwrite: Whether to replace an existing file.
        may_move: Whether `source` is no longer needed.

    Raises:
        HomeAssistantError: The target exists and `overwrite` is false, or it cannot be
            written.
    """
    with write_errors(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir() or (not overwrite and os.path.lexists(target)):
            raise failed("file_exists", path=str(target))
        if not overwrite and _link(source, target):
            return
        temporary = target.parent / f"{PREFIX}{secrets.token_hex(8)}{SUFFIX}"
        try:
            if not _link(source, temporary):
                if may_move and source.parent == target.parent:
                    temporary = source
                else:
                    _copy(source, temporary)
            if not overwrite and os.path.lexists(target):
                raise failed("file_exists", path=str(target))
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def _link(source: Path, target: Path) -> bool:
    """Create a hard link, which never replaces a file; return False if that fails."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise failed("file_exists", path=str(target)) from None
    except OSError:
        return False
    return True


def _copy(source: Path, target: Path) -> None:
    _check_free_space(target.parent, source.stat().st_size)
    shutil.copyfile(source, target)
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def _check_free_space(folder: Path, size: int) -> None:
    if shutil.disk_usage(folder).free < size + RESERVE:
        raise failed("disk_full", path=str(folder))


def check_folder(folder: Path) -> None:
    """Check that a folder's disk is not full; the folder need not exist yet.

    Raises:
        HomeAssistantError: The disk is full, or its free space is unknown.
    """
    with write_errors(folder):
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        _check_free_space(existing, 0)


def own_prefix(instance_id: str) -> str:
    """Return the prefix of one Home Assistant's partial files; others may share a disk.

    Args:
        instance_id: Any text that identifies the Home Assistant across restarts.
    """
    return f"{PREFIX}{hashlib.sha256(instance_id.encode()).hexdigest()[:12]}-"


def remove_leftovers(
    prefix: str, trees: Iterable[Path], folders: Iterable[Path]
) -> None:
    """Remove what a killed Home Assistant left: files with a prefix, and stale ones.

    Call it before any download starts.

    Args:
        prefix: The prefix of this Home Assistant's partial files.
        trees: Folders to search with all their subfolders.
        folders: Folders to search alone.
    """
    for tree in trees:
        _remove_stale(tree.rglob(_PATTERN), prefix)
    for folder in folders:
        _remove_stale(folder.glob(_PATTERN), prefix)


def _remove_stale(paths: Iterator[Path], prefix: str | None = None) -> None:
    """Remove partial files that are old or have a prefix."""
    now = time.time()
    for path in paths:
        with contextlib.suppress(OSError):
            is_own = prefix is not None and path.name.startswith(prefix)
            changed_at = path.stat().st_mtime
            if is_own or now - changed_at > _STALE_AGE:
                path.unlink()
            elif not_in_future(changed_at, now) != changed_at:
                # The clock was ahead: from now on, the file gets older.
                os.utime(path, (now, now))


@contextlib.contextmanager
def write_errors(folder: Path) -> Iterator[None]:
    """Convert errors of writing to a folder to translated ones."""
    try:
        yield
    except OSError as err:
        if err.errno in _DISK_FULL:
            raise failed("disk_full", path=str(folder)) from err
        raise failed(
            "cannot_write", path=str(folder), reason=err.strerror or str(err.errno)
        ) from err
