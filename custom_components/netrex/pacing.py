"""One pacer per account for as long as Home Assistant runs.

The portal's second does not end with a config flow or a reload: the first request of
a new set-up has to keep its distance from the last one before it.
"""

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .client import Ledger, Pacer
from .const import DOMAIN

DATA_PACERS: HassKey[dict[str, Pacer]] = HassKey(f"{DOMAIN}_pacers")


@callback
def async_get_pacer(hass: HomeAssistant, unique_id: str | None) -> Pacer:
    """Return the pacer of an account, a new one where it has none yet."""
    pacers = hass.data.setdefault(DATA_PACERS, {})
    if unique_id is None:
        return Pacer(Ledger())
    return pacers.setdefault(unique_id, Pacer(Ledger()))


@callback
def async_keep_pacer(hass: HomeAssistant, unique_id: str, pacer: Pacer) -> None:
    """Make the pacer of a config flow the account's that it found."""
    hass.data.setdefault(DATA_PACERS, {}).setdefault(unique_id, pacer)
