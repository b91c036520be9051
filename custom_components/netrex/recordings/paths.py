"""Where a downloaded file may be, and what it may be called.

Everything comes from outside: the pattern from whoever calls the action. All here is
checked before anything is asked or written, and again before the file gets its name.
"""

from collections.abc import Mapping
from datetime import datetime
import os
from pathlib import Path
import re

from homeassistant.core_config import Config
from homeassistant.util import dt as dt_util

from .clip import Clip
from .errors import InvalidClipError, RecordingError

DEFAULT_PATTERN = "netrex/{camera}/{date}_{time}.mp4"
SUFFIX = ".mp4"

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
# What Windows and its network shares do not take, and what is not to be seen.
_FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f\x7f-\x9f]')
_DEVICES = re.compile(
    r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?"
)
# Bytes of a name on most file systems; the temporary file's own name is shorter.
_LONGEST_NAME = 255
_LONGEST_PATH = 4000


def fill_in(pattern: str, camera: str, clip: Clip) -> str:
    """Return the file name of a pattern.

    Placeholders are {camera}, {node_id}, {date}, {time}, {start}, {end} and
    {duration}; times are the beginning's in Home Assistant's time zone.

    Args:
        pattern: From a person.
        camera: The camera's name in file names.
        clip: What will be in the file.

    Raises:
        InvalidClipError: There is another placeholder, or a lone brace.
    """
    start, end = (_local(moment) for moment in (clip.start, clip.end))
    values: Mapping[str, str] = {
        "camera": camera,
        "node_id": str(clip.node_id),
        "date": f"{start:%Y-%m-%d}",
        "time": f"{start:%H-%M-%S}{_zone(start)}",
        "start": f"{start:%Y%m%d_%H%M%S}{_zone(start)}",
        "end": f"{end:%Y%m%d_%H%M%S}{_zone(end)}",
        "duration": str(clip.seconds),
    }

    def value(match: re.Match[str]) -> str:
        try:
            return values[match[1]]
        except KeyError:
            raise _unknown(match[0]) from None

    filled = _PLACEHOLDER.sub(value, pattern)
    if match := re.search(r"[{}]", filled):
        raise _unknown(match[0])
    return filled


def target_of(config: Config, name: str) -> Path:
    """Return the path of a file name; a relative one is below the media folder.

    Raises:
        InvalidClipError: The name is none that every file system takes.
    """
    path = Path(name)
    if not path.is_absolute():
        folders = config.media_dirs
        folder = folders.get("local") or next(iter(folders.values()), None)
        if folder is None:
            raise _not_allowed(name)
        path = Path(folder) / path
    # Not a question of escape, which the next check answers, but a name is what
    # somebody wanted, and `..` in it is hardly that.
    inside = name
    for allowed in config.allowlist_external_dirs:
        # What lies above is not the caller's choice, such as a hidden folder.
        if name.startswith(f"{allowed}/"):
            inside = min(inside, name.removeprefix(f"{allowed}/"), key=len)
    parts = inside.removeprefix("/").split("/")
    if not all(map(_is_good, parts)) or len(os.fsencode(path)) > _LONGEST_PATH:
        raise InvalidClipError("invalid_file_name", path=_shown(name))
    if path.suffix.lower() != SUFFIX:
        path = path.with_name(path.name + SUFFIX)
        if not _is_good(path.name):
            raise InvalidClipError("invalid_file_name", path=_shown(name))
    return path


def check_target(config: Config, path: Path, *, overwrite: bool) -> None:
    """Check that a file may be written here and now; blocking.

    Home Assistant's own rule follows links, so that none leads out of what is allowed.

    Raises:
        InvalidClipError: It may not.
        RecordingError: There is a file already.
    """
    try:
        # Of a link that leads nowhere Home Assistant's rule sees the folder only.
        allowed = (
            path.is_absolute()
            and ".." not in path.parts
            and not path.is_symlink()
            and config.is_allowed_path(str(path))
        )
        taken = allowed and (path.is_dir() or (not overwrite and path.exists()))
    except OSError, ValueError:
        allowed = taken = False
    if not allowed:
        raise _not_allowed(str(path))
    if taken:
        raise RecordingError("file_exists", path=str(path))


def _is_good(name: str) -> bool:
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        return False
    return (
        0 < length <= _LONGEST_NAME
        and not name.startswith(".")
        and name == name.strip()
        and not name.endswith(".")
        and _FORBIDDEN.search(name) is None
        and _DEVICES.fullmatch(name) is None
    )


def _local(moment: int) -> datetime:
    return dt_util.as_local(dt_util.utc_from_timestamp(moment))


def _zone(moment: datetime) -> str:
    """Return what tells the two hours of the same name apart, else nothing."""
    twice = moment.utcoffset() != moment.replace(fold=1 - moment.fold).utcoffset()
    return f"_{moment:%Z}" if twice else ""


def _unknown(placeholder: str) -> InvalidClipError:
    return InvalidClipError("unknown_placeholder", placeholder=_shown(placeholder))


def _not_allowed(path: str) -> InvalidClipError:
    return InvalidClipError("path_not_allowed", path=_shown(path))


def _shown(text: str) -> str:
    """Return a text of somebody else that a log can take."""
    clean = text.encode("unicode_escape", "replace").decode("ascii")
    return clean if len(clean) <= 200 else f"{clean[:200]}…"  # noqa: PLR2004 - here only
