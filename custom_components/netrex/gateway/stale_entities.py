"""Entities of an access that has ended: nothing would ever show them again."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ..client.camera.topics import EventKind
from ..models import NetrexConfigEntry
from .manager import CameraGateway

# By the translation keys of entities. Of cameras that the user chose to tell events:
EVENT_KEYS = frozenset({kind.value for kind in EventKind} | {"alert"})
# Of all cameras that a token opens:
ACCESS_KEYS = frozenset(
    {
        *("brightness", "color_level", "contrast", "sharpness"),
        *("brightness_of_sensor", "color_level_of_sensor"),
        *("contrast_of_sensor", "sharpness_of_sensor"),
        *("preset", "broadcast", "broadcasting"),
    }
)


@callback
def async_remove_stale_entities(
    hass: HomeAssistant, entry: NetrexConfigEntry, gateway: CameraGateway | None
) -> None:
    """Remove what the token, or the choice of cameras, does not cover any more.

    Home Assistant remembers names and areas for a while, should they come back.
    """
    telling = gateway.events if gateway else {}
    registry = er.async_get(hass)
    for found in er.async_entries_for_config_entry(registry, entry.entry_id):
        node = found.unique_id.removeprefix(f"{entry.unique_id}_").partition("_")[0]
        if (found.translation_key in ACCESS_KEYS and gateway is None) or (
            found.translation_key in EVENT_KEYS
            and node.isdecimal()
            and int(node) not in telling
        ):
            registry.async_remove(found.entity_id)
