"""The portal's recordings in the media browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import override

from homeassistant.components.media_player import (
    BrowseError,
    SearchMedia,
    SearchMediaQuery,
)
from homeassistant.components.media_source import (
    BrowseMediaSource,
    MediaSource,
    MediaSourceItem,
    PlayMedia,
    Unresolvable,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .const import DOMAIN
from .media.browse import MIME_TYPE, TITLE, Browser, Texts, async_get_entry, find_place
from .media.identifiers import Slice
from .media.player_view import recording_path
from .media.search import async_search
from .recordings.errors import RecordingError

# How long, in seconds, nothing happens for a person who pressed play, before they are
# told how far the recording is. Nothing on the way cuts a websocket command (a request
# for the video itself would be cut), so this is about people alone.
PATIENCE = 20.0


async def async_get_media_source(hass: HomeAssistant) -> NetrexMediaSource:
    """Return the source; Home Assistant keeps it for good, accounts come and go."""
    return NetrexMediaSource(hass)


class NetrexMediaSource(MediaSource):
    """Recordings of all accounts."""

    name = TITLE

    def __init__(self, hass: HomeAssistant) -> None:
        super().__init__(DOMAIN)
        self.hass = hass

    @override
    async def async_browse_media(self, item: MediaSourceItem) -> BrowseMediaSource:
        """Return a place and what is in it."""
        with _told_as(BrowseError):
            browser = Browser(self.hass, await Texts.async_load(self.hass))
            return await browser.async_open(find_place(item.identifier))

    @override
    async def async_search_media(
        self, item: MediaSourceItem, query: SearchMediaQuery
    ) -> SearchMedia:
        """Return what fits a camera's name and a time."""
        with _told_as(BrowseError):
            found = await async_search(
                self.hass, find_place(item.identifier), query.search_query
            )
        wanted = query.media_filter_classes
        return SearchMedia(
            result=[one for one in found if not wanted or one.media_class in wanted]
        )

    @override
    async def async_resolve_media(self, item: MediaSourceItem) -> PlayMedia:
        """Return where a slice can be played, when it can."""
        with _told_as(Unresolvable):
            place = find_place(item.identifier)
            if not isinstance(place, Slice):
                raise RecordingError("not_playable")
            entry = async_get_entry(self.hass, place.entry_id)
            if place.node_id not in entry.runtime_data.inventory.data.cameras:
                raise RecordingError("place_gone")
            path = await entry.runtime_data.playback.async_file(place.clip, PATIENCE)
        return PlayMedia(recording_path(place), MIME_TYPE, path=path)


@contextmanager
def _told_as(kind: type[HomeAssistantError]) -> Iterator[None]:
    """Raise what the media browser shows, with the same text."""
    try:
        yield
    except HomeAssistantError as err:
        raise kind(
            translation_domain=err.translation_domain,
            translation_key=err.translation_key,
            translation_placeholders=err.translation_placeholders,
        ) from err
