"""Recordings for players: files of the cache, with ranges (RFC 9110, section 14)."""

from datetime import datetime
from http import HTTPStatus
import re
from typing import Final
from urllib.parse import quote

from aiohttp import hdrs, web
from homeassistant.components.http import KEY_HASS, HomeAssistantView
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from ..recordings.errors import RecordingError
from .browse import MIME_TYPE, async_get_entry
from .identifiers import Slice, parse_place
from .playback import NotReadyError

PATH: Final = "/api/netrex/recordings/{entry_id}/{node_id}/{name}"

# A player comes here when its file is ready. Only when that has been cleared away
# meanwhile does it wait, and shorter than what stands between (often 60 s) would.
PATIENCE = 25.0
_RETRY_AFTER = "10"
_NAME = re.compile(r"(\d+)-(\d+)\.mp4")


def recording_path(place: Slice) -> str:
    """Return the path at which a player gets a slice; Home Assistant signs it."""
    start, end = place.span
    return PATH.format(
        entry_id=place.entry_id, node_id=place.node_id, name=f"{start}-{end}.mp4"
    )


class RecordingView(HomeAssistantView):
    """Serves slices to players.

    Nothing is kept on the view: all requests share it.
    """

    url = PATH
    name = "api:netrex:recordings"
    requires_auth = True

    async def get(
        self, request: web.Request, entry_id: str, node_id: str, name: str
    ) -> web.StreamResponse:
        """Send the file, or the part of it that is wanted."""
        hass = request.app[KEY_HASS]
        try:
            if (found := _NAME.fullmatch(name)) is None:
                raise RecordingError("place_gone")
            place = _slice(entry_id, node_id, *found.groups())
            entry = async_get_entry(hass, entry_id)
            cameras = entry.runtime_data.inventory.data.cameras
            if (camera := cameras.get(place.node_id)) is None:
                raise RecordingError("place_gone")
            path = await entry.runtime_data.playback.async_file(place.clip, PATIENCE)
        except NotReadyError as err:
            return _refusal(err, HTTPStatus.SERVICE_UNAVAILABLE, _RETRY_AFTER)
        except HomeAssistantError as err:
            return _refusal(err, HTTPStatus.NOT_FOUND)
        start = datetime.fromtimestamp(place.span[0], dt_util.get_default_time_zone())
        title = quote(f"{camera.name} {start:%Y-%m-%d %H.%M}.mp4", safe="")
        return web.FileResponse(
            path,
            headers={
                hdrs.CONTENT_TYPE: MIME_TYPE,
                # What a browser calls the file if somebody saves it (RFC 6266).
                hdrs.CONTENT_DISPOSITION: f"inline; filename*=UTF-8''{title}",
            },
        )

    # Some players ask first, for instance of DLNA.
    head = get


def _slice(entry_id: str, node_id: str, start: str, end: str) -> Slice:
    try:
        place = parse_place(f"{entry_id}/clip/{node_id}/{start}/{end}")
    except ValueError:
        place = None
    if not isinstance(place, Slice):
        raise RecordingError("place_gone")
    return place


def _refusal(
    err: HomeAssistantError, status: HTTPStatus, retry_after: str | None = None
) -> web.Response:
    headers = {hdrs.RETRY_AFTER: retry_after} if retry_after else None
    return web.Response(text=str(err), status=status, headers=headers)
