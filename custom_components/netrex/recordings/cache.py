"""The cache of recordings for playback. Blocking: call it in an executor."""

import contextlib
from dataclasses import dataclass, replace
import logging
import os
from pathlib import Path
import re
import time

from ..client.days import not_in_future
from ..errors import failed
from .clip import Clip, ClipFile
from .partial import PREFIX, SUFFIX, publish, write_errors

_LOGGER = logging.getLogger(__name__)

_NAME = re.compile(r"(\d+)p-(\d+)s\.mp4")


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder whose file names hold all metadata; it evicts the least recently used.

    Attributes:
        folder: Belongs to one account.
        limit: Bytes.
    """

    folder: Path
    limit: int

    def find(self, clip: Clip) -> ClipFile | None:
        """Return the file of a clip and mark it as used; None if there is none."""
        prefix = _prefix(clip)
        for path in self.folder.glob(f"{prefix}*"):
            if (match := _NAME.fullmatch(path.name.removeprefix(prefix))) is None:
                continue
            # The file can be evicted at any time.
            with contextlib.suppress(OSError):
                status = path.stat()
                # Keep the modification time: it is part of the HTTP validators, and
                # players take a file with new validators for another one.
                os.utime(path, ns=(time.time_ns(), status.st_mtime_ns))
                return ClipFile(path, status.st_size, float(match[2]), int(match[1]))
        return None

    def store(self, clip: Clip, file: ClipFile, *, may_move: bool) -> ClipFile:
        """Add a file, and evict others if necessary; for `may_move` see `publish`.

        Raises:
            HomeAssistantError: The file is larger than the limit, or the disk refuses
                it.
        """
        if file.size > self.limit:
            raise failed("cache_too_small", limit=f"{self.limit / 1e9:g}")
        name = f"{file.height}p-{round(file.duration or clip.seconds)}s.mp4"
        path = self.folder / (_prefix(clip) + name)
        with write_errors(self.folder):
            self.evict(self.limit - file.size)
            publish(file.path, path, overwrite=True, may_move=may_move)
            os.utime(path)
        return replace(file, path=path)

    def evict(self, limit: int) -> None:
        """Remove the least recently used files until at most `limit` bytes are left.

        Players that have an evicted file open can still read it.
        """
        files = []
        for path in self.folder.glob("*.mp4"):
            with contextlib.suppress(OSError):
                files.append((path.stat(), path))
        total = sum(status.st_size for status, _ in files)
        now = time.time()
        for status, path in sorted(
            files, key=lambda item: not_in_future(item[0].st_atime, now)
        ):
            if total <= limit:
                return
            path.unlink(missing_ok=True)
            total -= status.st_size

    def clean_up(self) -> None:
        """Remove partial files, and evict others if the limit was lowered.

        Errors are only logged, because the account works without it.
        """
        try:
            for path in self.folder.glob(f"{PREFIX}*{SUFFIX}"):
                path.unlink(missing_ok=True)
            self._cut_times()
            self.evict(self.limit)
        except OSError as err:
            _LOGGER.warning("The cache of recordings could not be cleaned up: %s", err)

    def _cut_times(self) -> None:
        """Let files that were used while the clock was ahead age from now on."""
        now = time.time_ns()
        for path in self.folder.glob("*.mp4"):
            with contextlib.suppress(OSError):
                status = path.stat()
                if status.st_atime_ns > now:
                    os.utime(path, ns=(now, status.st_mtime_ns))


def _prefix(clip: Clip) -> str:
    height = "best" if clip.height is None else clip.height
    return f"{clip.node_id}_{clip.start}_{clip.end}_{height}_"
