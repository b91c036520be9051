"""Diagnostics by an allow-list: what is not named here does not leave."""

from collections import Counter
from typing import Any

from homeassistant.core import HomeAssistant
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
from .history import HistoryImporter
from .models import NetrexConfigEntry

# Options that hold nothing private.
OPEN_OPTIONS = (
    CONF_DAILY_ALLOWANCE,
    CONF_LIVE_TRANSPORT,
    CONF_RECORDINGS_LIMIT,
    CONF_RELAY_ACCESS,
)


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: NetrexConfigEntry
) -> dict[str, Any]:
    """Return counts, times and states: no names, addresses, tokens or links."""
    data = entry.runtime_data
    inventory = data.inventory.data
    kpi = data.kpi.data
    return {
        "entry": {
            "sign_in": "oauth2" if CONF_AUTH_IMPLEMENTATION in entry.data else "token",
            "scopes": entry.data.get(CONF_SCOPES),
            "options": {
                key: entry.options[key] for key in OPEN_OPTIONS if key in entry.options
            },
        },
        "inventory": {
            "complete": inventory.inventory.complete,
            "nodes": Counter(node.type for node in inventory.inventory.nodes),
            "top_nodes": len(inventory.tree.roots),
            "cameras": len(inventory.cameras),
            "stream_profiles": Counter(
                len(camera.stream_profiles) for camera in inventory.cameras.values()
            ),
            "video_channels": sum(
                len(camera.video_channels) for camera in inventory.cameras.values()
            ),
        },
        "connected": Counter(
            str(status.is_connected) for status in data.status.data.values()
        ),
        "kpi": {
            "nodes": len(data.kpi.nodes),
            "until": dt_util.utc_from_timestamp(kpi.end).isoformat(),
            "known_until": until.isoformat()
            if (until := data.kpi.known_until)
            else None,
            "settling_seconds": data.kpi.delay.seconds,
            # Ratios that the portal computes in another way than we do.
            "ratios_of_the_portal": sorted(data.kpi.ratios.replaced),
        },
        "history": _history(data.history),
        "refreshes": {
            coordinator.name: _refresh(coordinator)
            for coordinator in (data.inventory, data.status, data.kpi)
        },
        "ledger": {
            "allowance": data.pacer.ledger.allowance,
            "stretch": data.pacer.ledger.stretch,
            "used_by_lane": {
                lane.name.lower(): used
                for lane, used in data.pacer.ledger.used_by_lane.items()
            },
        },
        "schema": data.client.schema.summary(),
        "live": data.live.diagnostics(),
        "recordings": data.recordings.diagnostics(),
        # None without a camera access token.
        "gateway": data.gateway.diagnostics() if data.gateway else None,
    }


def _history(history: HistoryImporter) -> dict[str, Any]:
    """Return how far the import is, in hours of all series."""
    progress, error = history.progress, history.last_error
    return {
        "hours_imported": progress and progress.done,
        "hours_wanted": progress and progress.wanted,
        "last_error": type(error).__name__ if error else None,
    }


def _refresh(coordinator: DataUpdateCoordinator[Any]) -> dict[str, Any]:
    """Return how a coordinator fares; of an error only its kind."""
    error = coordinator.last_exception
    return {
        "success": coordinator.last_update_success,
        "interval": coordinator.update_interval
        and coordinator.update_interval.total_seconds(),
        "last_error": type(error).__name__ if error else None,
    }
