"""One pacer per account for as long as Home Assistant runs (decision 0002).

A reload must not reset the spacing of requests: the first request after it has to keep
the distance to the last one before it, also to the last one of a config flow.

The account of a flow's requests is known only at the end. So each of them takes a turn
of all accounts of the portal, which also count it.
"""

from dataclasses import dataclass, field

from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .client import Ledger, Pacer
from .const import DOMAIN


@dataclass(slots=True)
class _Pacers:
    """The pacers by account, and those for requests of unknown accounts by portal."""

    accounts: dict[str, Pacer] = field(default_factory=dict)
    portals: dict[str, Pacer] = field(default_factory=dict)


DATA_PACERS: HassKey[_Pacers] = HassKey(f"{DOMAIN}_pacers")


@callback
def async_get_pacer(hass: HomeAssistant, unique_id: str | None) -> Pacer:
    """Return the pacer of an account."""
    accounts = hass.data.setdefault(DATA_PACERS, _Pacers()).accounts
    return accounts.setdefault(str(unique_id), Pacer(Ledger()))


@callback
def async_get_portal_pacer(hass: HomeAssistant, host: str) -> Pacer:
    """Return the pacer for requests to a portal whose account is not known.

    Args:
        hass: Home Assistant.
        host: The portal's host, as in unique ids.
    """
    pacers = hass.data.setdefault(DATA_PACERS, _Pacers())
    if host not in pacers.portals:

        def neighbors() -> list[Pacer]:
            # Also accounts that are not set up yet, and those found by other flows.
            ids = {
                entry.unique_id
                for entry in hass.config_entries.async_entries(DOMAIN)
                if entry.data[CONF_HOST] == host
            } | {key for key in pacers.accounts if key.startswith(f"{host}_")}
            return [async_get_pacer(hass, unique_id) for unique_id in ids]

        pacer = pacers.portals[host] = Pacer(Ledger())
        pacer.neighbors = neighbors
    return pacers.portals[host]


@callback
def async_found_account(hass: HomeAssistant, host: str, unique_id: str) -> None:
    """Continue the requests to a portal with those of the account that was found.

    The requests so far count for an account that is new; others have counted them.
    """
    pacers = hass.data.setdefault(DATA_PACERS, _Pacers())
    known = unique_id in pacers.accounts or any(
        entry.unique_id == unique_id
        for entry in hass.config_entries.async_entries(DOMAIN)
    )
    if not known and (pacer := pacers.portals.pop(host, None)) is not None:
        pacers.accounts[unique_id] = account = Pacer(pacer.ledger)
        account.follow(pacer)
