"""The page of the options about the cameras' own interfaces."""

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
from .access import async_find_fault

# Shown only where there is a token; never stored.
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
# Faults of the token; others are the address's or the network's.
TOKEN_FAULTS = frozenset({"camera_token_refused", "camera_no_permission"})


def access_schema(entry: NetrexConfigEntry) -> vol.Schema:
    """Return the page; a token that is there can be forgotten."""
    schema = ACCESS_SCHEMA
    if CONF_DEVICE_TOKEN in entry.options:
        schema = ACCESS_SCHEMA_WITH_TOKEN
    if not hasattr(entry, "runtime_data"):
        return schema
    return schema.extend({vol.Optional(CONF_CAMERA_EVENTS): _camera_selector(entry)})


def _camera_selector(entry: NetrexConfigEntry) -> SelectSelector:
    """Return a choice of cameras; one that has gone stays chosen, it may come back."""
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


async def async_take_access(
    hass: HomeAssistant, entry: NetrexConfigEntry, user_input: dict[str, Any]
) -> dict[str, str]:
    """Tidy token and address; return what keeps them from opening cameras, by field.

    An empty field keeps the token, which nobody gets to see again.
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
    # What stays is not tried: cameras that are off must not keep the rest from saving.
    if user_input.items() >= _access(entry).items():
        return {}
    fault = await async_find_fault(hass, entry, url, token)
    if fault is None:
        return {}
    return {CONF_DEVICE_TOKEN if fault in TOKEN_FAULTS else "base": fault}


def _access(entry: NetrexConfigEntry) -> dict[str, str]:
    """Return token and address as they are set."""
    return {
        CONF_DEVICE_TOKEN: entry.options.get(CONF_DEVICE_TOKEN, ""),
        CONF_DEVICE_URL: entry.options.get(CONF_DEVICE_URL, DEFAULT_CAMERA_URL),
    }
