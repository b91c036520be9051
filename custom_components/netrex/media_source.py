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
from .errors import failed
from .media.browse import TITLE, Browser, async_get_entry
from .media.identifiers import Slice, parse_identifier
from .media.player_view import slice_path
from .media.search import async_search
from .media.titles import Texts
from .permissions import async_current_user, may_see_camera
from .recordings.clip import MIME_TYPE

# How long playback waits before it reports the progress instead. The websocket
# command has no timeout, so the only limit is how long a user will wait (decision
# 0013).
MAX_WAIT_SECONDS = 20.0


async def async_get_media_source(hass: HomeAssistant) -> NetrexMediaSource:
    """Return the media source, which serves accounts as they are loaded."""
    return NetrexMediaSource(hass)


class NetrexMediaSource(MediaSource):
    """Recordings of all accounts."""

    name = TITLE

    def __init__(self, hass: HomeAssistant) -> None:
        super().__init__(DOMAIN)
        self.hass = hass

    @override
    async def async_browse_media(self, item: MediaSourceItem) -> BrowseMediaSource:
        """Return an item with its children."""
        with _raise_as(BrowseError):
            texts = await Texts.async_load(self.hass)
            browser = Browser(self.hass, texts, async_current_user())
            return await browser.async_open(parse_identifier(item.identifier))

    @override
    async def async_search_media(
        self, item: MediaSourceItem, query: SearchMediaQuery
    ) -> SearchMedia:
        """Return the cameras, days, and slices below an item that match a query."""
        with _raise_as(BrowseError):
            found = await async_search(
                self.hass,
                parse_identifier(item.identifier),
                query.search_query,
                async_current_user(),
            )
        classes = query.media_filter_classes
        return SearchMedia(
            result=[one for one in found if not classes or one.media_class in classes]
        )

    @override
    async def async_resolve_media(self, item: MediaSourceItem) -> PlayMedia:
        """Return the path of a slice once its file is ready."""
        with _raise_as(Unresolvable):
            media = parse_identifier(item.identifier)
            if not isinstance(media, Slice):
                raise failed("not_playable")
            entry = async_get_entry(self.hass, media.entry_id)
            if not may_see_camera(
                self.hass, entry, async_current_user(), media.node_id
            ):
                raise failed("place_gone")
            path = await entry.runtime_data.playback.async_fetch(
                media.clip, MAX_WAIT_SECONDS
            )
        return PlayMedia(slice_path(media), MIME_TYPE, path=path)


@contextmanager
def _raise_as(error_class: type[HomeAssistantError]) -> Iterator[None]:
    """Convert errors to the class that the media browser shows, with the same text."""
    try:
        yield
    except HomeAssistantError as err:
        raise error_class(
            translation_domain=err.translation_domain,
            translation_key=err.translation_key,
            translation_placeholders=err.translation_placeholders,
        ) from err
