"""OAuth2 credentials and tokens that tests share."""

from collections.abc import Mapping
import time
from typing import Any

from homeassistant.components.application_credentials import ClientCredential
from homeassistant.const import CONF_TOKEN
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

CREDENTIAL = ClientCredential("the-client", "the-client-secret")
REFRESH_TOKEN = "the-refresh-token"
SECRETS = ("the-client-secret", REFRESH_TOKEN, "the-access-token")


def expired(token: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return an expired token."""
    token = token or {
        "access_token": "the-access-token",
        "refresh_token": REFRESH_TOKEN,
    }
    return {**token, "expires_in": 1, "expires_at": time.time() - 1}


def change_token(
    hass: HomeAssistant, entry: MockConfigEntry, **changes: object
) -> dict[str, Any]:
    """Change the stored token; None removes a field."""
    token = {**entry.data[CONF_TOKEN], **changes}
    token = {name: value for name, value in token.items() if value is not None}
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_TOKEN: token}
    )
    return token
