"""The media browser's tree: account, folders of the portal, camera, day, hour, slices.

What is opened costs one query at most, and nothing that is above the camera costs any.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
import time

from homeassistant.components.media_player import MediaClass
from homeassistant.components.media_source import BrowseMediaSource
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import service
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from ..client import Camera, Node
from ..const import DOMAIN
from ..coordinator import InventoryData
from ..errors import command_errors
from ..models import NetrexConfigEntry
from ..recordings.errors import RecordingError
from .calendar import day_span, hours, slices, span_text, until
from .identifiers import (
    AccountPlace,
    CameraDays,
    Day,
    Folder,
    Hour,
    Place,
    Root,
    Slice,
    parse_place,
)
from .thumbnails import async_thumbnail_path

TITLE = "Netrex"
MIME_TYPE = "video/mp4"
# Days by one query, and by one page; the page before is one of its items.
DAYS = 31

_WEEKDAYS = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
# Texts by how many days ago they mean.
_RECENT = ("today", "yesterday")


@dataclass(frozen=True, slots=True)
class Texts:
    """Words in Home Assistant's language."""

    words: Mapping[str, str]

    @classmethod
    async def async_load(cls, hass: HomeAssistant) -> Texts:
        """Read them; Home Assistant keeps them in memory."""
        prefix = f"component.{DOMAIN}.common."
        found = await async_get_translations(
            hass, hass.config.language, "common", [DOMAIN]
        )
        return cls({key.removeprefix(prefix): text for key, text in found.items()})

    @property
    def recent(self) -> Mapping[str, int]:
        """The words for days, and how many days ago they mean."""
        return {self.words[key]: ago for ago, key in enumerate(_RECENT)}

    @property
    def earlier(self) -> str:
        """The title of the page before."""
        return self.words["earlier"]

    def day(self, day: date, today: date) -> str:
        """Return the title of a day."""
        ago = (today - day).days
        names = _RECENT if 0 <= ago < len(_RECENT) else _WEEKDAYS
        index = ago if names is _RECENT else day.weekday()
        return f"{self.words[names[index]]} {day}"


class Browser:
    """Opens places for one request."""

    def __init__(self, hass: HomeAssistant, texts: Texts) -> None:
        self._hass = hass
        self._texts = texts
        self._zone: tzinfo = dt_util.get_default_time_zone()
        self._now = time.time()
        self.today = datetime.fromtimestamp(self._now, self._zone).date()

    async def async_open(self, place: Place) -> BrowseMediaSource:
        """Return a place with what is in it.

        Raises HomeAssistantError with a translated text.
        """
        if isinstance(place, Root):
            entries = async_loaded_entries(self._hass)
            # With one account there is nothing to choose.
            if len(entries) != 1:
                accounts = [
                    self.item(AccountPlace(e.entry_id), e.title) for e in entries
                ]
                return self.item(place, TITLE, accounts)
            place = AccountPlace(entries[0].entry_id)
        entry = async_get_entry(self._hass, place.entry_id)
        data = entry.runtime_data.inventory.data
        if isinstance(place, AccountPlace):
            return self.item(place, entry.title, self._inside(entry, *top(data)))
        if isinstance(place, Folder):
            if (node := data.tree.node(place.node_id)) is None:
                raise RecordingError("place_gone")
            inside = self._inside(entry, *contents(data, place.node_id))
            return self.item(place, node.name, inside)
        if place.node_id not in data.cameras:
            raise RecordingError("place_gone")
        with command_errors(self._hass, entry):
            return await self._open_time(entry, place)

    def item(
        self,
        place: Place,
        title: str,
        children: Iterable[BrowseMediaSource] | None = None,
        *,
        thumbnail: str | None = None,
    ) -> BrowseMediaSource:
        """Return how a place is shown."""
        is_video = isinstance(place, Slice)
        return BrowseMediaSource(
            domain=DOMAIN,
            identifier=str(place),
            media_class=MediaClass.VIDEO if is_video else MediaClass.DIRECTORY,
            media_content_type=MIME_TYPE if is_video else "",
            title=title,
            can_play=is_video,
            can_expand=not is_video,
            can_search=isinstance(place, Root | AccountPlace | Folder | CameraDays),
            children=None if children is None else list(children),
            children_media_class=(
                MediaClass.VIDEO if isinstance(place, Hour) else MediaClass.DIRECTORY
            ),
            thumbnail=thumbnail,
        )

    def camera(self, entry: NetrexConfigEntry, camera: Camera) -> BrowseMediaSource:
        """Return how a camera is shown: with its last picture, if there is one."""
        return self.item(
            CameraDays(entry.entry_id, camera.node_id),
            camera.name,
            thumbnail=async_thumbnail_path(entry, camera.node_id),
        )

    def slice(self, place: Slice, name: str | None = None) -> BrowseMediaSource:
        """Return how a slice is shown; with a name and a day where they are not clear.

        The time comes first: a tile has room for little more.
        """
        title = span_text(place.span, self._zone)
        if name is not None:
            day = datetime.fromtimestamp(place.span[0], self._zone).date()
            title += f" {name}, {day}"
        return self.item(place, title)

    def _inside(
        self,
        entry: NetrexConfigEntry,
        folders: Iterable[Node],
        cameras: Iterable[Camera],
    ) -> list[BrowseMediaSource]:
        return [
            *(
                self.item(Folder(entry.entry_id, node.node_id), node.name)
                for node in folders
            ),
            *(self.camera(entry, camera) for camera in cameras),
        ]

    async def _open_time(
        self, entry: NetrexConfigEntry, place: CameraDays | Day | Hour | Slice
    ) -> BrowseMediaSource:
        """Return a time with what of it was recorded."""
        if isinstance(place, Slice):
            return self.slice(place)
        if isinstance(place, CameraDays):
            return await self._open_camera(entry, place)
        ids = entry.entry_id, place.node_id
        if isinstance(place, Day):
            spans = until(hours(place.day, self._zone), self._now)
            title = self._texts.day(place.day, self.today)
        else:
            spans = until(slices(place.span), self._now)
            title = span_text(place.span, self._zone)
        recorded = await entry.runtime_data.availability.async_recorded(
            place.node_id, spans
        )
        if isinstance(place, Hour):
            return self.item(
                place, title, (self.slice(Slice(*ids, span)) for span in recorded)
            )
        return self.item(
            place,
            title,
            (
                self.item(Hour(*ids, span), span_text(span, self._zone))
                for span in recorded
            ),
        )

    async def _open_camera(
        self, entry: NetrexConfigEntry, place: CameraDays
    ) -> BrowseMediaSource:
        """Return the days of a camera, the last one first, and the page before."""
        ids = entry.entry_id, place.node_id
        last = min(place.last or self.today, self.today)
        days = {
            span: day
            for ago in range(DAYS)
            for day in [last - timedelta(days=ago)]
            for span in until([day_span(day, self._zone)], self._now)
        }
        recorded = await entry.runtime_data.availability.async_recorded(
            place.node_id, list(days)
        )
        children = [
            self.item(Day(*ids, days[span]), self._texts.day(days[span], self.today))
            for span in recorded
        ]
        if recorded or place.last is None:
            before = CameraDays(*ids, last - timedelta(days=DAYS))
            children.append(self.item(before, self._texts.earlier))
        name = entry.runtime_data.inventory.data.cameras[place.node_id].name
        return self.item(place, name, children)


@callback
def async_loaded_entries(hass: HomeAssistant) -> list[NetrexConfigEntry]:
    """Return the accounts whose recordings can be seen now."""
    entries: list[NetrexConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    return entries


@callback
def async_get_entry(hass: HomeAssistant, entry_id: str) -> NetrexConfigEntry:
    """Return a loaded account; raises ServiceValidationError with a translated text."""
    entry: NetrexConfigEntry = service.async_get_config_entry(hass, DOMAIN, entry_id)
    return entry


def find_place(identifier: str | None) -> Place:
    """Return the place of an identifier; raises RecordingError if it names none.

    Home Assistant gives none for the top, whatever its type says.
    """
    try:
        return parse_place(identifier or "")
    except ValueError:
        raise RecordingError("place_gone") from None


def contents(
    data: InventoryData, folder_id: int | None
) -> tuple[list[Node], list[Camera]]:
    """Return the folders with cameras, and the cameras, right below a folder.

    Without a folder: those at the top. Folders come in the portal's order.
    """
    folders: set[int] = set()
    cameras: list[Camera] = []
    for camera in data.cameras.values():
        above = [
            node.node_id
            for node in data.tree.path(camera.node_id)[:-1]
            if node.node_id not in data.cameras
        ]
        if folder_id is not None:
            if folder_id not in above:
                continue
            del above[: above.index(folder_id) + 1]
        if above:
            folders.add(above[0])
        else:
            cameras.append(camera)
    return [node for node in data.tree if node.node_id in folders], cameras


def top(data: InventoryData) -> tuple[list[Node], list[Camera]]:
    """Return what is at the top, below folders that leave no choice."""
    folders, cameras = contents(data, None)
    while len(folders) == 1 and not cameras:
        folders, cameras = contents(data, folders[0].node_id)
    return folders, cameras
