"""Diagnostics from an allow-list: only values named here are included."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from .const import (
    CONF_AUTH_IMPLEMENTATION,
    CONF_DAILY_ALLOWANCE,
    CONF_LIVE_TRANSPORT,
    CONF_RECORDINGS_LIMIT,
    CONF_RELAY_ACCESS,
    CONF_SCOPES,
)
from .devices import device_node_id
from .kpi.metrics import SeriesKey
from .models import NetrexConfigEntry, NetrexRuntimeData

# The options without private data.
PUBLIC_OPTIONS = (
    CONF_DAILY_ALLOWANCE,
    CONF_LIVE_TRANSPORT,
    CONF_RECORDINGS_LIMIT,
    CONF_RELAY_ACCESS,
)


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: NetrexConfigEntry
) -> dict[str, Any]:
    """Return counts, times and states: no names, addresses, tokens or links."""
    return {
        "entry": _entry(entry),
        **{name: section(entry.runtime_data) for name, section in SECTIONS.items()},
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: NetrexConfigEntry, device: dr.DeviceEntry
) -> dict[str, Any]:
    """Return what is known about a camera or place, as counts and states."""
    data, node_id = entry.runtime_data, device_node_id(entry, device)
    entities = er.async_entries_for_device(
        er.async_get(hass), device.id, include_disabled_entities=True
    )
    diagnostics: dict[str, Any] = {
        "entities": Counter(
            "disabled" if found.disabled else "enabled" for found in entities
        ),
    }
    if node_id is None:
        return diagnostics | {"type": "account"}
    inventory = data.inventory.data
    node, camera = inventory.tree.node(node_id), inventory.cameras.get(node_id)
    status = data.status.data.get(node_id)
    return diagnostics | {
        "type": node.type if node else None,
        "depth": len(inventory.tree.path(node_id)),
        "camera": camera
        and {
            "connected": status and status.is_connected,
            "stream_profiles": len(camera.stream_profiles),
            "video_channels": len(camera.video_channels),
        },
        "kpi": sorted(data.kpi.metrics(node_id)),
        "kpi_selected": data.kpi.wants(node_id),
        "kpi_refused": sorted(
            metric
            for metric in data.kpi.metrics(node_id)
            if SeriesKey(node_id, metric) in data.kpi.queries.refused
        ),
    }


def _entry(entry: NetrexConfigEntry) -> dict[str, Any]:
    return {
        "sign_in": "oauth2" if CONF_AUTH_IMPLEMENTATION in entry.data else "token",
        "scopes": entry.data.get(CONF_SCOPES),
        "options": {
            key: entry.options[key] for key in PUBLIC_OPTIONS if key in entry.options
        },
    }


def _inventory(data: NetrexRuntimeData) -> dict[str, Any]:
    inventory = data.inventory.data
    cameras = inventory.cameras.values()
    return {
        "complete": inventory.inventory.complete,
        "nodes": Counter(node.type for node in inventory.inventory.nodes),
        "top_nodes": len(inventory.tree.roots),
        "cameras": len(cameras),
        "stream_profiles": Counter(len(camera.stream_profiles) for camera in cameras),
        "video_channels": sum(len(camera.video_channels) for camera in cameras),
    }


def _kpi(data: NetrexRuntimeData) -> dict[str, Any]:
    known_until = data.kpi.known_until
    return {
        "nodes": len(data.kpi.nodes),
        "until": dt_util.utc_from_timestamp(data.kpi.data.end).isoformat(),
        "known_until": known_until.isoformat() if known_until else None,
        "settling_seconds": data.kpi.delay.seconds,
        # Series, probes, and ratios that cannot be read, by reason.
        "refused": data.kpi.queries.refused.by_reason(),
        "refused_probes": data.kpi.probe.queries.refused.by_reason(),
        "refused_ratios": data.kpi.ratios.queries.refused.by_reason(),
        # Ratios that the portal computes differently.
        "ratios_of_the_portal": sorted(data.kpi.ratios.replaced),
    }


def _history(data: NetrexRuntimeData) -> dict[str, Any]:
    """Return the progress of the import, in hours of all series."""
    progress = data.history.progress
    return {
        "hours_imported": progress and progress.done,
        "hours_wanted": progress and progress.wanted,
        "last_error": _error(data.history.last_error),
    }


def _refresh(coordinator: DataUpdateCoordinator[Any]) -> dict[str, Any]:
    interval = coordinator.update_interval
    return {
        "success": coordinator.last_update_success,
        "interval": interval and interval.total_seconds(),
        "last_error": _error(coordinator.last_exception),
    }


def _error(error: BaseException | None) -> str | None:
    """Return the class of an error; its text may contain private data."""
    return type(error).__name__ if error else None


def _ledger(data: NetrexRuntimeData) -> dict[str, Any]:
    ledger = data.pacer.ledger
    return {
        "allowance": ledger.allowance,
        "stretch": ledger.stretch,
        "used_by_lane": {
            lane.name.lower(): used for lane, used in ledger.used_by_lane.items()
        },
    }


SECTIONS: Mapping[str, Callable[[NetrexRuntimeData], Any]] = {
    "inventory": _inventory,
    "connected": lambda data: Counter(
        str(status.is_connected) for status in data.status.data.values()
    ),
    "kpi": _kpi,
    "history": _history,
    "refreshes": lambda data: {
        coordinator.name: _refresh(coordinator)
        for coordinator in (data.inventory, data.status, data.kpi)
    },
    "ledger": _ledger,
    "schema": lambda data: data.client.schema.summary(),
    "live": lambda data: data.live.diagnostics(),
    "recordings": lambda data: data.recordings.diagnostics(),
    # None without a camera access token.
    "gateway": lambda data: data.gateway.diagnostics() if data.gateway else None,
}
