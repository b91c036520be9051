"""Serves cached recordings to players, with ranges (RFC 9110, section 14)."""

from datetime import datetime
from http import HTTPStatus
import re
from typing import Final

from aiohttp import hdrs, web
from homeassistant.components.http import KEY_HASS, KEY_HASS_USER, HomeAssistantView
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from ..errors import failed
from ..permissions import readable_inventory
from ..recordings.clip import file_headers
from .browse import async_get_entry
from .identifiers import Slice, parse_slice
from .playback import NotReadyError

PATH: Final = "/api/netrex/recordings/{entry_id}/{node_id}/{name}"
_NAME = re.compile(r"(\d+)-(\d+)\.mp4")

# A player gets the URL when the file is ready, so it waits only if the file was evicted
# meanwhile. Shorter than the idle timeout of proxies, which is often 60 s.
MAX_WAIT_SECONDS = 25.0
_RETRY_AFTER_SECONDS = "10"


def slice_path(item: Slice) -> str:
    """Return the path at which a slice plays; Home Assistant signs it."""
    name = f"{item.start}-{item.end}.mp4"
    return PATH.format(entry_id=item.entry_id, node_id=item.node_id, name=name)


class RecordingView(HomeAssistantView):
    """Serves slices to players; all requests share it, so it keeps no state."""

    url = PATH
    name = "api:netrex:recordings"
    requires_auth = True

    async def get(
        self, request: web.Request, entry_id: str, node_id: str, name: str
    ) -> web.StreamResponse:
        """Send the file or the requested range of it."""
        try:
            if (match := _NAME.fullmatch(name)) is None:
                raise failed("place_gone")
            item = parse_slice(entry_id, node_id, *match.groups())
            hass = request.app[KEY_HASS]
            entry = async_get_entry(hass, entry_id)
            inventory = readable_inventory(hass, entry, request[KEY_HASS_USER])
            if (camera := inventory.cameras.get(item.node_id)) is None:
                raise failed("place_gone")
            path = await entry.runtime_data.playback.async_fetch(
                item.clip, MAX_WAIT_SECONDS
            )
        except NotReadyError as err:
            return web.Response(
                text=str(err),
                status=HTTPStatus.SERVICE_UNAVAILABLE,
                headers={hdrs.RETRY_AFTER: _RETRY_AFTER_SECONDS},
            )
        except HomeAssistantError as err:
            return web.Response(text=str(err), status=HTTPStatus.NOT_FOUND)
        local = datetime.fromtimestamp(item.start, dt_util.get_default_time_zone())
        title = f"{camera.name} {local:%Y-%m-%d %H.%M}.mp4"
        return web.FileResponse(path, headers=file_headers(title))

    # DLNA players, among others, send HEAD first.
    head = get
