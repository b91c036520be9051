"""The WebSocket command `netrex/places`."""

from typing import Any

from homeassistant.components import websocket_api
from homeassistant.core import HomeAssistant, callback
import voluptuous as vol

from .places import describe_accounts

# The latest version of the response. A page that stays open across an update requests
# the version that it supports, so earlier versions must remain available.
VERSION = 1


@websocket_api.websocket_command(
    {
        vol.Required("type"): "netrex/places",
        vol.Optional("version", default=VERSION): vol.All(int, vol.Range(min=1)),
    }
)
@callback
def handle_places(
    hass: HomeAssistant,
    connection: websocket_api.ActiveConnection,
    msg: dict[str, Any],
) -> None:
    """Send the places of the loaded accounts that the user may read.

    A page that requests a later version than ours, as happens after a downgrade, gets
    the error `not_supported`.
    """
    if msg["version"] > VERSION:
        connection.send_error(
            msg["id"],
            websocket_api.ERR_NOT_SUPPORTED,
            f"The highest version is {VERSION}",
        )
        return
    accounts = describe_accounts(hass, connection.user)
    connection.send_result(msg["id"], {"version": VERSION, "accounts": accounts})
