"""Links to downloaded files that open without a sign-in, for a while."""

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

LIFETIME = timedelta(hours=24)

# What a key opens, and until when (unix seconds). Home Assistant's signatures end with
# a restart, so nothing of this needs to outlive one.
DATA_FILES: HassKey[dict[str, tuple[Path, float]]] = HassKey(f"{DOMAIN}_files")


@callback
def async_sign_file(hass: HomeAssistant, path: Path) -> str:
    """Return a link that opens a file for `LIFETIME`, or until the next restart.

    It is a whole address where Home Assistant knows its own, so that it works in any
    message, else a path.
    """
    now = time.time()
    files = hass.data.setdefault(DATA_FILES, {})
    for key, (_, until) in tuple(files.items()):
        if until < now:
            del files[key]
    key = secrets.token_urlsafe(16)
    files[key] = (path, now + LIFETIME.total_seconds())
    # Signed for Home Assistant, not for the person who called the action: a link that
    # is sent to others must not end with that person's session.
    signed = async_sign_path(
        hass, FileView.url.format(key=key), LIFETIME, use_content_user=True
    )
    try:
        return f"{get_url(hass, prefer_external=True)}{signed}"
    except NoURLAvailableError:
        return signed


class FileView(HomeAssistantView):
    """Serves a downloaded file, with ranges, to whoever has a signed link."""

    url = "/api/netrex/files/{key}"
    name = "api:netrex:files"
    requires_auth = True

    async def get(self, request: web.Request, key: str) -> web.StreamResponse:
        """Send the file or the wanted part of it."""
        hass = request.app[KEY_HASS]
        path, until = hass.data.get(DATA_FILES, {}).get(key, (None, 0.0))
        if path is None or until < time.time():
            return web.Response(status=HTTPStatus.NOT_FOUND)
        # Somebody may have put something else in its place meanwhile.
        if not await hass.async_add_executor_job(_is_served, hass, path):
            return web.Response(status=HTTPStatus.NOT_FOUND)
        return web.FileResponse(path, headers={"Content-Type": "video/mp4"})

    head = get


def _is_served(hass: HomeAssistant, path: Path) -> bool:
    return path.is_file() and hass.config.is_allowed_path(str(path))
