"""Recordings kept for playing, as many as an option allows. Blocking."""

import contextlib
from dataclasses import dataclass
import logging
import os
from pathlib import Path
import re
import time

from .clip import Clip, Saved
from .errors import RecordingError
from .jobs import Fetched
from .partial import PREFIX, SUFFIX, publish, write_errors

_LOGGER = logging.getLogger(__name__)

_NAME = re.compile(r"(\d+)p-(\d+)s\.mp4")


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of our own; the names of its files tell all that is to be known.

    Attributes:
        folder: Belongs to one account.
        limit: Bytes.
    """

    folder: Path
    limit: int

    def find(self, clip: Clip) -> Saved | None:
        """Return what is there of a clip, and remember that it was used."""
        start = _prefix(clip)
        for path in self.folder.glob(f"{start}*"):
            if (told := _NAME.fullmatch(path.name.removeprefix(start))) is None:
                continue
            # It may be cleared away at any time.
            with contextlib.suppress(OSError):
                status = path.stat()
                # Not the time of its last change: players compare that, and take a
                # film that seems to have changed for another one.
                os.utime(path, ns=(time.time_ns(), status.st_mtime_ns))
                return Saved(path, status.st_size, float(told[2]), int(told[1]))
        return None

    def store(self, clip: Clip, fetched: Fetched, *, last: bool) -> Saved:
        """Take a file in; those that were not used for longest make room.

        Raises:
            RecordingError: It is larger than the whole cache may be, or the disk does
                not take it.
        """
        if fetched.size > self.limit:
            raise RecordingError("cache_too_small", limit=f"{self.limit / 1e9:g}")
        name = f"{fetched.height}p-{round(fetched.duration or clip.seconds)}s.mp4"
        path = self.folder / (_prefix(clip) + name)
        with write_errors(self.folder):
            self.clear(self.limit - fetched.size)
            publish(fetched.path, path, overwrite=True, last=last)
            os.utime(path)
        return Saved(path, fetched.size, fetched.duration, fetched.height)

    def clear(self, size: int) -> None:
        """Remove the files that were not used for longest until `size` bytes are left.

        Who plays one just now goes on: an open file outlives its name.
        """
        files = []
        for path in self.folder.glob("*.mp4"):
            with contextlib.suppress(OSError):
                files.append((path.stat(), path))
        total = sum(status.st_size for status, _ in files)
        for status, path in sorted(files, key=lambda item: item[0].st_atime):
            if total <= size:
                return
            path.unlink(missing_ok=True)
            total -= status.st_size

    def tidy(self) -> None:
        """Make the folder as it should be at a start: nothing half, not too much.

        Where the disk refuses, that is logged: the account works all the same.
        """
        try:
            for path in self.folder.glob(f"{PREFIX}*{SUFFIX}"):
                path.unlink(missing_ok=True)
            self.clear(self.limit)
        except OSError as err:
            _LOGGER.warning("The recordings kept for playing stay untidy: %s", err)


def _prefix(clip: Clip) -> str:
    height = "best" if clip.height is None else clip.height
    return f"{clip.node_id}_{clip.start}_{clip.end}_{height}_"
