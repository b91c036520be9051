"""System health: reachability of the portal and the query budget, no names."""

from typing import Any

from homeassistant.components import system_health
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .models import NetrexConfigEntry


@callback
def async_register(
    hass: HomeAssistant, register: system_health.SystemHealthRegistration
) -> None:
    """Register the callback of the system health page."""
    register.async_register_info(_async_info)


async def _async_info(hass: HomeAssistant) -> dict[str, Any]:
    """Return the values; with several accounts, separated by commas."""
    entries: list[NetrexConfigEntry] = hass.config_entries.async_entries(DOMAIN)
    pacers = [
        entry.runtime_data.pacer
        for entry in entries
        if entry.state is ConfigEntryState.LOADED
    ]
    info: dict[str, Any] = {
        "can_reach_portal": _async_can_reach(
            hass, {entry.data[CONF_URL] for entry in entries}
        ),
        "queries_24h": ", ".join(str(pacer.ledger.used) for pacer in pacers),
        "queries_remaining": ", ".join(str(pacer.ledger.remaining) for pacer in pacers),
    }
    if pauses := [pause for pacer in pacers if (pause := pacer.retry_after)]:
        info["paused_for"] = f"{max(pauses):.0f} s"
    return info


async def _async_can_reach(hass: HomeAssistant, urls: set[str]) -> str | dict[str, str]:
    """Return "ok", or the error of the first portal that does not answer."""
    for url in urls:
        result = await system_health.async_check_can_reach_url(hass, url)
        if result != "ok":
            return result
    return "ok"
