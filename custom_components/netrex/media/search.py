"""The search of the media browser: cameras by name or place, and a time. No query."""

from collections.abc import Iterator
from datetime import datetime
import time

from homeassistant.components.media_source import BrowseMediaSource
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..client import Camera
from ..models import NetrexConfigEntry
from .browse import Browser, Texts, async_get_entry, async_loaded_entries
from .calendar import Span, hours, slices, until
from .identifiers import CameraDays, Day, Folder, Hour, Place, Root, Slice
from .query import SearchQuery, parse_query

# More than anybody reads; who sees so many types another word.
MOST_RESULTS = 100


async def async_search(
    hass: HomeAssistant, place: Place, text: str
) -> list[BrowseMediaSource]:
    """Return what below a place fits a text: cameras, days of theirs, or slices.

    Nobody asks the portal whether there is a recording; playing does. Raises
    HomeAssistantError with a translated text.
    """
    texts = await Texts.async_load(hass)
    zone = dt_util.get_default_time_zone()
    now = time.time()
    wish = parse_query(text, datetime.fromtimestamp(now, zone), texts.recent)
    spans = _spans(wish, now)
    browser = Browser(hass, texts)
    results: list[BrowseMediaSource] = []
    for entry, camera in _cameras(hass, place, wish):
        ids = entry.entry_id, camera.node_id
        if wish.day is None:
            results.append(browser.camera(entry, camera))
        elif wish.time is None and wish.day <= browser.today:
            title = f"{camera.name}, {texts.day(wish.day, browser.today)}"
            results.append(browser.item(Day(*ids, wish.day), title))
        else:
            results += [browser.slice(Slice(*ids, span), camera.name) for span in spans]
        if len(results) >= MOST_RESULTS:
            break
    return results[:MOST_RESULTS]


def _cameras(
    hass: HomeAssistant, place: Place, wish: SearchQuery
) -> Iterator[tuple[NetrexConfigEntry, Camera]]:
    """Yield the cameras below a place that the words fit."""
    entries = (
        async_loaded_entries(hass)
        if isinstance(place, Root)
        else [async_get_entry(hass, place.entry_id)]
    )
    for entry in entries:
        data = entry.runtime_data.inventory.data
        for camera in data.cameras.values():
            path = data.tree.path(camera.node_id)
            match place:
                case Folder(_, node_id):
                    inside = node_id in {node.node_id for node in path}
                case CameraDays(_, node_id) | Day(_, node_id) | Hour(_, node_id):
                    inside = node_id == camera.node_id
                case _:
                    inside = True
            names = [camera.name, *(node.name for node in path)]
            if inside and wish.matches(names):
                yield entry, camera


def _spans(wish: SearchQuery, now: float) -> list[Span]:
    """Return the slices that show the wished time: two where an hour comes twice."""
    if wish.day is None or wish.time is None:
        return []
    zone = dt_util.get_default_time_zone()
    minutes = wish.time.hour * 60 + wish.time.minute
    found = []
    for hour in hours(wish.day, zone):
        for span in slices(hour):
            start = datetime.fromtimestamp(span[0], zone)
            begin = start.hour * 60 + start.minute
            if begin <= minutes < begin + (span[1] - span[0]) // 60:
                found.append(span)
    return until(found, now)
