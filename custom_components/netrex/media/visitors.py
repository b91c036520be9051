"""The visitors of each hour, for titles of recordings, without a query."""

from collections.abc import Mapping

from homeassistant.auth.models import User
from homeassistant.core import HomeAssistant

from ..client import Granularity
from ..client.days import HOUR, Span
from ..kpi.held import async_held_values
from ..kpi.metrics import BY_KEY, SeriesKey
from ..kpi.selection import is_readable
from ..models import NetrexConfigEntry
from ..permissions import permitted_entries

_METRIC = "visitors"


async def async_hour_visitors(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    user: User | None,
    camera: int,
    day: Span,
) -> Mapping[int, int]:
    """Return the visitors at a camera by the start of the hour (unix seconds).

    A camera that does not count has the visitors of its place. Hours that are not
    known are left out, and all of them if the user may not read the KPI.
    """
    kpi = entry.runtime_data.kpi
    settled = kpi.data.end // HOUR * HOUR
    span = Span(day.start, min(day.end, settled))
    node_id = _counting_node(entry, camera)
    if node_id is None or span.end <= span.start:
        return {}
    made = permitted_entries(hass, entry, None)
    readable = permitted_entries(hass, entry, user)
    if not is_readable(
        BY_KEY[_METRIC], readable.get(node_id, ()), made.get(node_id, ())
    ):
        return {}
    key = SeriesKey(node_id, _METRIC)
    held = await async_held_values(hass, entry, [key], span, Granularity.H)
    return {
        value.start: round(value.value)
        for value in held.get(key, ())
        if value.value is not None
    }


def _counting_node(entry: NetrexConfigEntry, camera: int) -> int | None:
    """Return the camera, or the area's place above it, if it counts visitors."""
    kpi, data = entry.runtime_data.kpi, entry.runtime_data.inventory.data
    for node_id in (camera, data.names.area_node(camera)):
        if node_id is not None and _METRIC in kpi.metrics(node_id):
            return node_id
    return None
