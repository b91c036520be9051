"""The media browser's tree: account, folders of the portal, camera, day, hour, slice.

Opening an item costs at most one query; items above the cameras cost none.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
import time

from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.components.media_player import MediaClass
from homeassistant.components.media_source import BrowseMediaSource
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import service
from homeassistant.util import dt as dt_util

from ..client import Camera, Node
from ..client.days import Span, day_span
from ..const import DOMAIN
from ..coordinator import InventoryData
from ..errors import command_errors, failed
from ..models import NetrexConfigEntry
from ..permissions import is_unrestricted, readable_inventory
from ..recordings.clip import MIME_TYPE
from .calendar import YEARS, elapsed, format_span, hours, slices
from .identifiers import (
    CameraDays,
    Day,
    Folder,
    Hour,
    MediaItem,
    Root,
    Slice,
)
from .thumbnails import async_thumbnail_path
from .titles import Texts
from .visitors import async_hour_visitors

TITLE = "Netrex"
# Days per page of a camera, which is one query.
DAYS_PER_PAGE = 31


class Browser:
    """Opens items for one request, as far as its user may see them."""

    def __init__(self, hass: HomeAssistant, texts: Texts, user: User | None) -> None:
        """Initialize; without a user, everything may be seen."""
        self._hass = hass
        self._texts = texts
        self._user = user
        self._zone: tzinfo = dt_util.get_default_time_zone()
        self._now = time.time()
        self.today = datetime.fromtimestamp(self._now, self._zone).date()

    async def async_open(self, item: MediaItem) -> BrowseMediaSource:
        """Return an item with its children.

        Raises:
            HomeAssistantError: The item does not exist, or the portal cannot list it.
        """
        if item.entry_id is not None:
            entry = async_get_entry(self._hass, item.entry_id)
            if entry not in self.entries():
                raise failed("place_gone")
        else:
            entries = self.entries()
            # The list of accounts is left out if there is only one.
            if len(entries) != 1:
                accounts = [self.item(Root(e.entry_id), e.title) for e in entries]
                return self.item(item, TITLE, accounts)
            entry = entries[0]
            item = Root(entry.entry_id)
        data = self.inventory(entry)
        if isinstance(item, Root):
            return self.item(item, entry.title, self._children(entry, *top_level(data)))
        if isinstance(item, Folder):
            folders, cameras = contents(data, item.node_id)
            node = data.tree.node(item.node_id)
            if node is None or not (folders or cameras):
                raise failed("place_gone")
            children = self._children(entry, folders, cameras)
            return self.item(item, node.name, children)
        if (camera := data.cameras.get(item.node_id)) is None:
            raise failed("place_gone")
        with command_errors(entry):
            if isinstance(item, CameraDays):
                return await self._open_camera(entry, item, camera.name)
            return await self._open_span(entry, item)

    def entries(self) -> list[NetrexConfigEntry]:
        """Return the loaded accounts, without those that the user may not see."""
        entries: list[NetrexConfigEntry]
        entries = self._hass.config_entries.async_loaded_entries(DOMAIN)
        if is_unrestricted(self._user, POLICY_READ):
            return entries
        return [entry for entry in entries if self.inventory(entry).cameras]

    def inventory(self, entry: NetrexConfigEntry) -> InventoryData:
        """Return the inventory with the cameras that the user may see."""
        return readable_inventory(self._hass, entry, self._user)

    def item(
        self,
        item: MediaItem,
        title: str,
        children: Iterable[BrowseMediaSource] | None = None,
        *,
        thumbnail: str | None = None,
    ) -> BrowseMediaSource:
        """Return an item in Home Assistant's form."""
        is_video = isinstance(item, Slice)
        return BrowseMediaSource(
            domain=DOMAIN,
            identifier=str(item),
            media_class=MediaClass.VIDEO if is_video else MediaClass.DIRECTORY,
            media_content_type=MIME_TYPE if is_video else "",
            title=title,
            can_play=is_video,
            can_expand=not is_video,
            can_search=isinstance(item, Root | Folder | CameraDays),
            children=None if children is None else list(children),
            children_media_class=(
                MediaClass.VIDEO if isinstance(item, Hour) else MediaClass.DIRECTORY
            ),
            thumbnail=thumbnail,
        )

    def camera(self, entry: NetrexConfigEntry, camera: Camera) -> BrowseMediaSource:
        """Return a camera with its last still, if there is one."""
        return self.item(
            CameraDays(entry.entry_id, camera.node_id),
            camera.name,
            thumbnail=async_thumbnail_path(entry, camera.node_id),
        )

    def slice(self, item: Slice, camera_name: str) -> BrowseMediaSource:
        """Return a slice for lists of several cameras and days.

        The title starts with the time, since tiles show little more of it.
        """
        day = datetime.fromtimestamp(item.start, self._zone).date()
        title = f"{format_span(item.span, self._zone)} {camera_name}, {day}"
        return self.item(item, title)

    def _children(
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

    async def _open_span(
        self, entry: NetrexConfigEntry, item: Day | Hour | Slice
    ) -> BrowseMediaSource:
        """Return a day with its recorded hours, or an hour with its recorded slices."""
        visitors: Mapping[int, int] = {}
        if isinstance(item, Day):
            title = self._texts.format_day(item.day, self.today)
            spans = hours(item.day, self._zone)
            child: type[Hour | Slice] = Hour
            visitors = await async_hour_visitors(
                self._hass,
                entry,
                self._user,
                item.node_id,
                day_span(item.day, self._zone),
            )
        else:
            title = format_span(item.span, self._zone)
            spans, child = slices(item.span), Slice
        if isinstance(item, Slice):
            return self.item(item, title)
        recorded = await entry.runtime_data.availability.async_recorded(
            item.node_id, elapsed(spans, self._now)
        )
        children = (
            self.item(
                child(item.entry_id, item.node_id, *span),
                self._span_title(span, visitors.get(span.start)),
            )
            for span in recorded
        )
        return self.item(item, title, list(children) or [self._empty(item)])

    def _span_title(self, span: Span, visitors: int | None) -> str:
        times = format_span(span, self._zone)
        if visitors is None:
            return times
        # The end of a whole hour is of less use than its visitors.
        start, end = times.split("-", maxsplit=1)
        zone = end.partition(" ")[2]
        return self._texts.format_visitors(f"{start} {zone}".strip(), visitors)

    async def _open_camera(
        self, entry: NetrexConfigEntry, item: CameraDays, name: str
    ) -> BrowseMediaSource:
        """Return a camera with its recorded days, latest first, and an older page."""
        ids = item.entry_id, item.node_id
        last = min(item.last or self.today, self.today)
        page = [last - timedelta(days=ago) for ago in range(DAYS_PER_PAGE)]
        days = {
            span: day
            for day in page
            for span in elapsed([day_span(day, self._zone)], self._now)
        }
        recorded = await entry.runtime_data.availability.async_recorded(
            item.node_id, list(days)
        )
        children = [
            self.item(
                Day(*ids, days[span]), self._texts.format_day(days[span], self.today)
            )
            for span in recorded
        ]
        if not recorded:
            children.append(self._empty(item, f"{page[-1]} - {last}"))
        # Recordings can be behind any gap: only the calendar ends.
        before = last - timedelta(days=DAYS_PER_PAGE)
        if before.year in YEARS:
            older = CameraDays(*ids, before)
            children.append(self.item(older, self._texts.earlier))
        return self.item(item, name, children)

    def _empty(self, item: MediaItem, period: str = "") -> BrowseMediaSource:
        """Return a line for an item without recordings, which cannot be opened."""
        line = self.item(item, f"{self._texts.words['no_recordings']} {period}".strip())
        line.can_expand = line.can_search = False
        return line


@callback
def async_get_entry(hass: HomeAssistant, entry_id: str) -> NetrexConfigEntry:
    """Return a loaded account; raises ServiceValidationError if there is none."""
    entry: NetrexConfigEntry = service.async_get_config_entry(hass, DOMAIN, entry_id)
    return entry


def contents(
    data: InventoryData, folder_id: int | None
) -> tuple[list[Node], list[Camera]]:
    """Return the folders and cameras in a folder; None is the top of the account.

    Folders without cameras are left out; the others are in the portal's order.
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


def top_level(data: InventoryData) -> tuple[list[Node], list[Camera]]:
    """Return the first folders and cameras to choose from, below any single folder."""
    folders, cameras = contents(data, None)
    while len(folders) == 1 and not cameras:
        folders, cameras = contents(data, folders[0].node_id)
    return folders, cameras
