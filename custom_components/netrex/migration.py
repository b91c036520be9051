"""Migrations of config entries.

1.1 → 1.2: Every KPI had a sensor in every window, and most of them were disabled.
Unused ones are removed; the others are kept, whatever the options select.
"""

from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import CONF_KPI_KEPT_SENSORS
from .entity import split_unique_id
from .kpi.selection import SENSORS, SensorSelection, kept_key
from .models import NetrexConfigEntry

# Options that Home Assistant sets by itself.
_AUTOMATIC_OPTIONS = frozenset({"suggested_display_precision"})


@callback
def async_select_sensors(hass: HomeAssistant, entry: NetrexConfigEntry) -> None:
    """Remove the unused KPI sensors; migrates from version 1.1 to 1.2."""
    registry = er.async_get(hass)
    entries = er.async_entries_for_config_entry(registry, entry.entry_id)
    cameras = {
        split_unique_id(entry, found.unique_id)[0]
        for found in entries
        if found.domain == CAMERA_DOMAIN
    }
    selection = SensorSelection(entry.options)
    kept: list[str] = []
    for found in entries:
        node_id, key = split_unique_id(entry, found.unique_id)
        if found.domain != SENSOR_DOMAIN or node_id is None or key not in SENSORS:
            continue
        is_camera = node_id in cameras
        if selection.has(node_id, *SENSORS[key], is_camera=is_camera):
            continue
        if _is_used(found):
            kept.append(kept_key(node_id, key))
        else:
            registry.async_remove(found.entity_id)
    options = {**entry.options, CONF_KPI_KEPT_SENSORS: kept} if kept else entry.options
    hass.config_entries.async_update_entry(entry, options=options, minor_version=2)


def _is_used(found: er.RegistryEntry) -> bool:
    """Return whether an entity is enabled, or a user has changed its settings."""
    return (
        found.disabled_by is not er.RegistryEntryDisabler.INTEGRATION
        or found.hidden_by is er.RegistryEntryHider.USER
        or any((found.name, found.icon, found.area_id, found.labels, found.categories))
        or any(isinstance(alias, str) for alias in found.aliases)
        or any(
            options.keys() - _AUTOMATIC_OPTIONS
            for domain, options in found.options.items()
            if not domain.endswith(".private")
        )
    )
