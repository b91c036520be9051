"""One pacer per account for as long as Home Assistant runs.

A reload must not reset the spacing of requests: the first request after it has to keep
the distance to the last one before it, also to the last one of a config flow.
"""

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .client import Ledger, Pacer
from .const import DOMAIN

DATA_PACERS: HassKey[dict[str, Pacer]] = HassKey(f"{DOMAIN}_pacers")


@callback
def async_get_pacer(hass: HomeAssistant, unique_id: str | None) -> Pacer:
    """Return the pacer of an account, or a new one for an unknown account."""
    pacers = hass.data.setdefault(DATA_PACERS, {})
    if unique_id is None:
        return Pacer(Ledger())
    return pacers.setdefault(unique_id, Pacer(Ledger()))


@callback
def async_keep_pacer(hass: HomeAssistant, unique_id: str, pacer: Pacer) -> None:
    """Keep a config flow's pacer as the pacer of the account it found."""
    hass.data.setdefault(DATA_PACERS, {}).setdefault(unique_id, pacer)
