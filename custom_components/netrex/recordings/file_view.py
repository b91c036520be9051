"""Serves downloaded files through links that need no sign-in until they expire."""

from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
import secrets
import time

from aiohttp import web
from homeassistant.components.http import KEY_HASS, HomeAssistantView
from homeassistant.components.http.auth import async_sign_path
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from .clip import MIME_TYPE

LIFETIME = timedelta(hours=24)

# File and expiry (unix seconds) by key. Not stored, since the signatures of Home
# Assistant expire with a restart anyway.
DATA_FILES: HassKey[dict[str, tuple[Path, float]]] = HassKey(f"{DOMAIN}_files")


@callback
def async_sign_file(hass: HomeAssistant, path: Path) -> str:
    """Return a link to a file that expires after `LIFETIME` or with a restart.

    It is a URL if Home Assistant knows its own, so that it works in any message, else a
    path.
    """
    now = time.time()
    files = hass.data.setdefault(DATA_FILES, {})
    for key, (_, expires_at) in tuple(files.items()):
        if expires_at < now:
            del files[key]
    key = secrets.token_urlsafe(16)
    files[key] = (path, now + LIFETIME.total_seconds())
    # Signed by the content user: a link that was sent to others must outlive the
    # session of the user who called the action.
    signed = async_sign_path(
        hass, FileView.url.format(key=key), LIFETIME, use_content_user=True
    )
    try:
        return f"{get_url(hass, prefer_external=True)}{signed}"
    except NoURLAvailableError:
        return signed


class FileView(HomeAssistantView):
    """Serves a downloaded file, with ranges, to requests with a signed link."""

    url = "/api/netrex/files/{key}"
    name = "api:netrex:files"
    requires_auth = True

    async def get(self, request: web.Request, key: str) -> web.StreamResponse:
        """Send the file or the requested range of it."""
        hass = request.app[KEY_HASS]
        path, expires_at = hass.data.get(DATA_FILES, {}).get(key, (None, 0.0))
        if path is None or expires_at < time.time():
            return web.Response(status=HTTPStatus.NOT_FOUND)
        # The file can have been replaced, for example by a link to another one.
        if not await hass.async_add_executor_job(_is_served, hass, path):
            return web.Response(status=HTTPStatus.NOT_FOUND)
        return web.FileResponse(path, headers={"Content-Type": MIME_TYPE})

    head = get


def _is_served(hass: HomeAssistant, path: Path) -> bool:
    return path.is_file() and hass.config.is_allowed_path(str(path))
