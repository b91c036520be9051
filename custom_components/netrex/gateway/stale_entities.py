"""Removes entities that are left over after camera access has ended."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ..client.camera.topics import EventKind
from ..entity import split_unique_id
from ..models import NetrexConfigEntry
from .manager import CameraGateway

# Translation keys of the entities of cameras whose events the user chose.
EVENT_KEYS = frozenset({kind.value for kind in EventKind} | {"alert"})
# Translation keys of the entities of all cameras.
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
    """Remove entities that neither the token nor the choice of cameras covers now.

    Home Assistant remembers their names and areas for a while.
    """
    chosen = gateway.events if gateway else {}
    registry = er.async_get(hass)
    for found in er.async_entries_for_config_entry(registry, entry.entry_id):
        node_id, _ = split_unique_id(entry, found.unique_id)
        if (found.translation_key in ACCESS_KEYS and gateway is None) or (
            found.translation_key in EVENT_KEYS
            and node_id is not None
            and node_id not in chosen
        ):
            registry.async_remove(found.entity_id)
