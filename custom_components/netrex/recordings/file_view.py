"""Serves downloaded files through links that need no sign-in until they expire."""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
import math
from pathlib import Path
import secrets
import time
from typing import Any

from aiohttp import web
from homeassistant.components.http import KEY_HASS, HomeAssistantView
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import instance_id
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN, LOGGER
from ..errors import failed
from .clip import file_headers
from .partial import own_prefix, remove_leftovers

LIFETIME = timedelta(hours=24)
# How long an expired key is kept, so that its link is called expired, not unknown.
_MEMORY = timedelta(days=7)

STORAGE_VERSION = 1
STORAGE_KEY = f"{DOMAIN}.files"
_SAVE_DELAY_SECONDS = 1


class FileLinks:
    """The keys of all links, stored so that links survive a restart.

    A key of 128 random bits is the only credential. Home Assistant's signed paths are
    no use in a notification: they become invalid at a restart or with any parameter
    that an app adds, and each failed request counts as a failed login of the phone.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        self._store: Store[dict[str, list[Any]]] = Store(
            hass, STORAGE_VERSION, STORAGE_KEY, private=True
        )
        # File and expiry (unix seconds) by key.
        self._files: dict[str, tuple[Path, float]] = {}

    async def async_load(self) -> None:
        """Read the stored keys; unusable ones are left out."""
        try:
            stored: object = await self._store.async_load()
        except (HomeAssistantError, NotImplementedError) as err:
            # The second is how Home Assistant reports the file of a newer version.
            LOGGER.warning("The links to recordings cannot be read: %s", err)
            return
        self._files = _parse(stored) | self._files
        self._cut_expiries()

    @callback
    def async_add(self, path: Path) -> str:
        """Return a new key for a file."""
        self._cut_expiries()
        now = time.time()
        oldest = now - _MEMORY.total_seconds()
        self._files = {
            key: file for key, file in self._files.items() if file[1] > oldest
        }
        key = secrets.token_urlsafe(16)
        self._files[key] = (path, now + LIFETIME.total_seconds())
        self._store.async_delay_save(self._data_to_save, _SAVE_DELAY_SECONDS)
        return key

    @callback
    def async_get(self, key: str) -> tuple[Path, float] | None:
        """Return the file of a key and the link's expiry (unix seconds)."""
        self._cut_expiries()
        return self._files.get(key)

    @callback
    def _cut_expiries(self) -> None:
        """Cut expiries that are too late because the clock was ahead."""
        latest = time.time() + LIFETIME.total_seconds()
        late = [key for key, (_, expiry) in self._files.items() if expiry > latest]
        for key in late:
            self._files[key] = (self._files[key][0], latest)
        if late:
            self._store.async_delay_save(self._data_to_save, _SAVE_DELAY_SECONDS)

    @property
    def folders(self) -> set[Path]:
        """The folders of files that were saved in the last days."""
        return {path.parent for path, _ in self._files.values()}

    async def async_remove(self) -> None:
        """Forget all links."""
        self._files = {}
        await self._store.async_remove()

    def _data_to_save(self) -> dict[str, list[Any]]:
        return {
            key: [str(path), expires_at]
            for key, (path, expires_at) in self._files.items()
        }


DATA_LINKS: HassKey[FileLinks] = HassKey(f"{DOMAIN}_files")
DATA_PARTIAL_PREFIX: HassKey[str] = HassKey(f"{DOMAIN}_partial_prefix")


async def async_setup_file_links(hass: HomeAssistant) -> None:
    """Load the links and serve them."""
    links = hass.data[DATA_LINKS] = FileLinks(hass)
    await links.async_load()
    # Another Home Assistant may be downloading to the same disk.
    prefix = own_prefix(await instance_id.async_get(hass))
    hass.data[DATA_PARTIAL_PREFIX] = prefix
    media = {Path(path) / DOMAIN for path in hass.config.media_dirs.values()}
    await hass.async_add_executor_job(remove_leftovers, prefix, media, links.folders)
    hass.http.register_view(FileView())


@callback
def async_link_file(hass: HomeAssistant, path: Path) -> str:
    """Return a link to a file that expires after `LIFETIME`.

    It is a URL if Home Assistant knows its own, so that it works in any message, else a
    path.
    """
    link = FileView.url.format(key=hass.data[DATA_LINKS].async_add(path))
    try:
        return f"{get_url(hass, prefer_external=True)}{link}"
    except NoURLAvailableError:
        return link


class FileView(HomeAssistantView):
    """Serves a downloaded file, with ranges, to requests with a valid key.

    It never answers 401, which Home Assistant counts toward a ban of the address.
    """

    url = "/api/netrex/files/{key}"
    name = "api:netrex:files"
    requires_auth = False

    async def get(self, request: web.Request, key: str) -> web.StreamResponse:
        """Send the file or the requested range of it."""
        hass = request.app[KEY_HASS]
        if (file := hass.data[DATA_LINKS].async_get(key)) is None:
            return _refuse(HTTPStatus.NOT_FOUND, "link_unknown")
        path, expires_at = file
        if expires_at < time.time():
            return _refuse(HTTPStatus.GONE, "link_expired")
        # The file can have been replaced, for example by a link to another one.
        if not await hass.async_add_executor_job(_is_served, hass, path):
            return _refuse(HTTPStatus.NOT_FOUND, "file_gone")
        return web.FileResponse(path, headers=file_headers(path.name))

    head = get


def _refuse(status: HTTPStatus, key: str) -> web.Response:
    return web.Response(text=str(failed(key)), status=status)


def _is_served(hass: HomeAssistant, path: Path) -> bool:
    return path.is_file() and hass.config.is_allowed_path(str(path))


def _parse(stored: object) -> dict[str, tuple[Path, float]]:
    """Return the usable links of a stored file."""
    if not isinstance(stored, Mapping):
        return {}
    files: dict[str, tuple[Path, float]] = {}
    for key, value in stored.items():
        match value:
            case [str(path), int() | float() as expires_at] if (
                "\0" not in path and math.isfinite(expires_at)
            ):
                files[str(key)] = (Path(path), expires_at)
    return files
