"""Searches the media browser for cameras, days, and slices, without a query."""

from collections.abc import Iterator
from datetime import datetime
import time

from homeassistant.auth.models import User
from homeassistant.components.media_source import BrowseMediaSource
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..client import Camera
from ..client.days import Span
from ..models import NetrexConfigEntry
from .browse import Browser, async_get_entry
from .calendar import elapsed, hours, slices
from .identifiers import CameraDays, Day, Folder, Hour, MediaItem, Slice
from .query import SearchQuery, parse_query
from .titles import Texts

# Someone who sees so many results adds another word.
MAX_RESULTS = 100


async def async_search(
    hass: HomeAssistant, item: MediaItem, text: str, user: User | None
) -> list[BrowseMediaSource]:
    """Return the cameras below an item that match a text, or their days or slices.

    Cameras that the user may not see are left out.

    The results need not have recordings: only playing them queries the portal.

    Raises:
        HomeAssistantError: The item's account is not loaded.
    """
    texts = await Texts.async_load(hass)
    zone = dt_util.get_default_time_zone()
    now = time.time()
    query = parse_query(text, datetime.fromtimestamp(now, zone), texts.recent)
    spans = _spans(query, now)
    browser = Browser(hass, texts, user)
    results: list[BrowseMediaSource] = []
    for entry, camera in _cameras(hass, browser, item, query):
        ids = entry.entry_id, camera.node_id
        if query.day is None:
            results.append(browser.camera(entry, camera))
        elif query.time is None and query.day <= browser.today:
            title = f"{camera.name}, {texts.format_day(query.day, browser.today)}"
            results.append(browser.item(Day(*ids, query.day), title))
        else:
            results += [
                browser.slice(Slice(*ids, *span), camera.name) for span in spans
            ]
        if len(results) >= MAX_RESULTS:
            break
    return results[:MAX_RESULTS]


def _cameras(
    hass: HomeAssistant, browser: Browser, item: MediaItem, query: SearchQuery
) -> Iterator[tuple[NetrexConfigEntry, Camera]]:
    """Yield the cameras below an item that match the query's words."""
    entries = (
        browser.entries()
        if item.entry_id is None
        else [async_get_entry(hass, item.entry_id)]
    )
    for entry in entries:
        data = browser.inventory(entry)
        for camera in data.cameras.values():
            path = data.tree.path(camera.node_id)
            match item:
                case Folder(_, node_id):
                    inside = node_id in {node.node_id for node in path}
                case CameraDays(_, node_id) | Day(_, node_id) | Hour(_, node_id):
                    inside = node_id == camera.node_id
                case _:
                    inside = True
            names = [camera.name, *(node.name for node in path)]
            if inside and query.matches(names):
                yield entry, camera


def _spans(query: SearchQuery, now: float) -> list[Span]:
    """Return the slices that contain the time of the query: two in a repeated hour."""
    if query.day is None or query.time is None:
        return []
    zone = dt_util.get_default_time_zone()
    minute = query.time.hour * 60 + query.time.minute
    found = []
    for hour in hours(query.day, zone):
        for span in slices(hour):
            local = datetime.fromtimestamp(span.start, zone)
            start = local.hour * 60 + local.minute
            if start <= minute < start + (span.end - span.start) // 60:
                found.append(span)
    return elapsed(found, now)
