"""The options page "Camera access"."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
import voluptuous as vol

from ..client import DEFAULT_CAMERA_URL, parse_camera_url
from ..client.camera.url import PLACEHOLDER
from ..const import CONF_CAMERA_EVENTS, CONF_DEVICE_TOKEN, CONF_DEVICE_URL
from ..devices import nodes_with_paths
from ..flow_schemas import TOKEN_SELECTOR
from ..models import NetrexConfigEntry
from .access import async_validate_token

# Shown only if there is a token; never stored.
FORGET_TOKEN = "forget_token"  # noqa: S105 - a field's name
ACCESS_SCHEMA = vol.Schema(
    {
        vol.Optional(CONF_DEVICE_TOKEN): TOKEN_SELECTOR,
        vol.Required(CONF_DEVICE_URL, default=DEFAULT_CAMERA_URL): TextSelector(),
    }
)
ACCESS_SCHEMA_WITH_TOKEN = ACCESS_SCHEMA.extend(
    {vol.Optional(FORGET_TOKEN, default=False): BooleanSelector()}
)
ACCESS_PLACEHOLDERS = {"serial_number": PLACEHOLDER}
# Problems of the token; all others are of the address or the network.
TOKEN_PROBLEMS = frozenset({"camera_token_refused", "camera_no_permission"})


def access_schema(entry: NetrexConfigEntry) -> vol.Schema:
    """Return the page's schema; an existing token can be removed."""
    schema = ACCESS_SCHEMA
    if CONF_DEVICE_TOKEN in entry.options:
        schema = ACCESS_SCHEMA_WITH_TOKEN
    if not hasattr(entry, "runtime_data"):
        return schema
    return schema.extend({vol.Optional(CONF_CAMERA_EVENTS): _camera_selector(entry)})


def _camera_selector(entry: NetrexConfigEntry) -> SelectSelector:
    """Return a selector of cameras; it keeps chosen ones that no longer exist."""
    data = entry.runtime_data.inventory.data
    labels = {
        str(node.node_id): path
        for node, path in nodes_with_paths(data.tree)
        if node.node_id in data.cameras
    }
    chosen = entry.options.get(CONF_CAMERA_EVENTS, ())
    labels |= {value: value for value in chosen if value not in labels}
    return SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(value=value, label=label)
                for value, label in labels.items()
            ],
            multiple=True,
            mode=SelectSelectorMode.DROPDOWN,
        )
    )


async def async_validate_access(
    hass: HomeAssistant, entry: NetrexConfigEntry, user_input: dict[str, Any]
) -> dict[str, str]:
    """Normalize token and address in `user_input`; return the errors by field.

    An empty token field keeps the stored token, which is never shown.
    """
    token = user_input.pop(CONF_DEVICE_TOKEN, "").strip()
    if user_input.pop(FORGET_TOKEN, False):
        token = ""
    else:
        token = token or entry.options.get(CONF_DEVICE_TOKEN, "")
    try:
        url = user_input[CONF_DEVICE_URL] = parse_camera_url(
            user_input[CONF_DEVICE_URL]
        )
    except ValueError:
        return {CONF_DEVICE_URL: "invalid_camera_url"}
    if not token:
        return {}
    user_input[CONF_DEVICE_TOKEN] = token
    # Not tested if unchanged, so that other options can be saved while cameras are off.
    if user_input.items() >= _access(entry).items():
        return {}
    problem = await async_validate_token(hass, entry, url, token)
    if problem is None:
        return {}
    return {CONF_DEVICE_TOKEN if problem in TOKEN_PROBLEMS else "base": problem}


def _access(entry: NetrexConfigEntry) -> dict[str, str]:
    """Return the stored token and address."""
    return {
        CONF_DEVICE_TOKEN: entry.options.get(CONF_DEVICE_TOKEN, ""),
        CONF_DEVICE_URL: entry.options.get(CONF_DEVICE_URL, DEFAULT_CAMERA_URL),
    }
