"""Names and paths of downloaded files.

The pattern is untrusted: it comes from the caller of the action. Paths are checked
before any query or write, and again before the file gets its name.
"""

from collections.abc import Mapping
from datetime import datetime
import os
from pathlib import Path
import re

from homeassistant.core_config import Config
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import slugify

from ..errors import failed, invalid
from .clip import Clip, local_time

DEFAULT_PATTERN = "netrex/{place}/{camera}/{date}_{time}.mp4"
SUFFIX = ".mp4"

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
# Characters that Windows and its network shares refuse, and control characters.
_FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f\x7f-\x9f]')
_RESERVED = re.compile(
    r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?"
)
# Bytes; the limit of most file systems, for one name and for all of a path.
_MAX_NAME_LENGTH = 255
_MAX_PATH_LENGTH = 4000
# Folders that a name may create; deeper ones are hard to find, and to remove again.
_MAX_FOLDERS = 16


def format_name(pattern: str, place: str, camera: str, clip: Clip) -> str:
    """Return a file name with its placeholders filled in.

    Placeholders are {place}, {camera}, {node_id}, {date}, {time}, {start}, {end},
    and {duration} (seconds). {date} and {time} are those of the start, in Home
    Assistant's time zone.

    Args:
        pattern: The name with placeholders.
        place: The name of the camera's area or account.
        camera: The camera's name in file names.
        clip: The file's content.

    Raises:
        ServiceValidationError: A placeholder is unknown, or a brace has no match.
    """
    start, end = (local_time(moment) for moment in (clip.start, clip.end))
    values: Mapping[str, str] = {
        "place": slugify(place),
        "camera": camera,
        "node_id": str(clip.node_id),
        "date": f"{start:%Y-%m-%d}",
        "time": f"{start:%H-%M-%S}{_zone_suffix(start)}",
        "start": f"{start:%Y%m%d_%H%M%S}{_zone_suffix(start)}",
        "end": f"{end:%Y%m%d_%H%M%S}{_zone_suffix(end)}",
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


def resolve_target(config: Config, name: str, suffix: str = SUFFIX) -> Path:
    """Return the path of a file name; a relative one is below the media folder.

    The suffix is added if it is missing.

    Raises:
        ServiceValidationError: Some file systems would refuse the name, or there is no
            media folder.
    """
    path = Path(name)
    if not path.is_absolute():
        folders = config.media_dirs
        folder = folders.get("local") or next(iter(folders.values()), None)
        if folder is None:
            raise _not_allowed(name)
        path = Path(folder) / path
    # Refuses `..` as well, though `check_target` is what prevents an escape.
    inside = name
    for allowed in config.allowlist_external_dirs:
        # The caller did not choose the folders above, which can be hidden ones.
        if name.startswith(f"{allowed}/"):
            inside = min(inside, name.removeprefix(f"{allowed}/"), key=len)
    parts = inside.removeprefix("/").split("/")
    if not all(map(_is_valid, parts)) or len(os.fsencode(path)) > _MAX_PATH_LENGTH:
        raise invalid("invalid_file_name", path=_printable(name))
    if len(parts) > _MAX_FOLDERS + 1:
        raise invalid("too_many_folders", path=_printable(name), most=str(_MAX_FOLDERS))
    if path.suffix.lower() != suffix:
        path = path.with_name(path.name + suffix)
        if not _is_valid(path.name):
            raise invalid("invalid_file_name", path=_printable(name))
    return path


def check_target(config: Config, path: Path, *, overwrite: bool) -> None:
    """Check that a file may be written now; blocking.

    Home Assistant's own check resolves links, so none can lead out of allowed folders.

    Raises:
        ServiceValidationError: The path is not allowed.
        HomeAssistantError: The file exists and `overwrite` is false.
    """
    try:
        # For a dangling link, Home Assistant's check sees only the folder.
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
        raise failed("file_exists", path=str(path))


def _is_valid(name: str) -> bool:
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        return False
    return (
        0 < length <= _MAX_NAME_LENGTH
        and not name.startswith(".")
        and name == name.strip()
        and not name.endswith(".")
        and _FORBIDDEN.search(name) is None
        and _RESERVED.fullmatch(name) is None
    )


def _zone_suffix(moment: datetime) -> str:
    """Return the zone's name in an hour that the change of clocks repeats."""
    is_repeated = moment.utcoffset() != moment.replace(fold=1 - moment.fold).utcoffset()
    return f"_{moment:%Z}" if is_repeated else ""


def _unknown(placeholder: str) -> ServiceValidationError:
    return invalid("unknown_placeholder", placeholder=_printable(placeholder))


def _not_allowed(path: str) -> ServiceValidationError:
    return invalid("path_not_allowed", path=_printable(path))


def _printable(text: str) -> str:
    """Return untrusted text as printable ASCII, shortened for logs."""
    clean = text.encode("unicode_escape", "replace").decode("ascii")
    return clean if len(clean) <= 200 else f"{clean[:200]}…"  # noqa: PLR2004 - here only
