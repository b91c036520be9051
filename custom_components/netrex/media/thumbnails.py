"""Thumbnails for the media browser: the last still of each camera, at no cost."""

from http import HTTPStatus
from typing import Final

from aiohttp import web
from homeassistant.components.http import KEY_HASS, KEY_HASS_USER, HomeAssistantView
from homeassistant.core import callback

from ..const import DOMAIN
from ..live import VideoSource
from ..models import NetrexConfigEntry
from ..permissions import may_see_camera
from .identifiers import parse_number

PATH: Final = "/api/netrex/thumbnails/{entry_id}/{node_id}"


@callback
def async_thumbnail_path(entry: NetrexConfigEntry, node_id: int) -> str | None:
    """Return the path of a camera's last still; None if there is none.

    The frontend shows an empty box for a path without an image.
    """
    if _async_last_still(entry, node_id) is None:
        return None
    return PATH.format(entry_id=entry.entry_id, node_id=node_id)


@callback
def _async_last_still(entry: NetrexConfigEntry, node_id: int) -> bytes | None:
    return entry.runtime_data.live.stills.last(str(VideoSource(node_id)))


class ThumbnailView(HomeAssistantView):
    """Serves the last still of a camera."""

    url = PATH
    name = "api:netrex:thumbnails"
    requires_auth = True

    async def get(
        self, request: web.Request, entry_id: str, node_id: str
    ) -> web.Response:
        """Send the image."""
        hass, user = request.app[KEY_HASS], request[KEY_HASS_USER]
        entries: list[NetrexConfigEntry]
        entries = hass.config_entries.async_loaded_entries(DOMAIN)
        number = parse_number(node_id)
        stills = (
            _async_last_still(entry, number)
            for entry in entries
            if entry.entry_id == entry_id
            and number is not None
            and may_see_camera(hass, entry, user, number)
        )
        if (image := next(stills, None)) is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        return web.Response(body=image, content_type="image/jpeg")
