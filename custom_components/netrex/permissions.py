"""What a user may do, judged by the permissions for the account's entities.

Actions, the media browser, views, and WebSocket commands show a user only what the user
may also see as an entity (docs/permissions.md).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace

from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.components.http import KEY_HASS_USER, current_request
from homeassistant.components.websocket_api import current_connection
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.exceptions import UnknownUser
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.trace import trace_id_get

from .coordinator import InventoryData
from .entity import split_unique_id
from .models import NetrexConfigEntry

# Registry entries by key; the node id is None for the account's own entities.
type EntriesByNode = Mapping[int | None, Mapping[str, er.RegistryEntry]]

_AUTOMATION_TRACES = "automation."


async def async_get_user(hass: HomeAssistant, context: Context) -> User | None:
    """Return the user of an action; None for an automation.

    Raises:
        UnknownUser: The user does not exist.
    """
    if context.user_id is None:
        return None
    user: User | None = await hass.auth.async_get_user(context.user_id)
    if user is None:
        raise UnknownUser(context=context)
    return user


@callback
def async_current_user() -> User | None:
    """Return the user of the current WebSocket connection or HTTP request.

    Home Assistant does not pass the user to media sources. None for an automation,
    which may run in the task of the user who triggered it.
    """
    trace = trace_id_get()
    if trace is not None and trace[0].startswith(_AUTOMATION_TRACES):
        return None
    if (connection := current_connection.get()) is not None:
        user: User = connection.user
        return user
    request = current_request.get()
    return request.get(KEY_HASS_USER) if request is not None else None


def is_unrestricted(user: User | None, policy: str) -> bool:
    """Return whether a user has a permission for all entities; None has all."""
    return user is None or user.permissions.access_all_entities(policy)


def entity_check(user: User | None, policy: str) -> Callable[[str], bool]:
    """Return a function that checks the user's permission for an entity id."""
    if user is None or is_unrestricted(user, policy):
        return lambda _: True
    permissions = user.permissions
    return lambda entity_id: permissions.check_entity(entity_id, policy)


@callback
def permitted_entries(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    user: User | None,
    policy: str = POLICY_READ,
) -> EntriesByNode:
    """Return the entities that a user may use, including disabled ones."""
    may_use = entity_check(user, policy)
    entries: dict[int | None, dict[str, er.RegistryEntry]] = defaultdict(dict)
    for found in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        if may_use(found.entity_id):
            node_id, key = split_unique_id(entry, found.unique_id)
            entries[node_id][key] = found
    return entries


@callback
def readable_inventory(
    hass: HomeAssistant, entry: NetrexConfigEntry, user: User | None
) -> InventoryData:
    """Return the inventory with only the cameras that a user may see."""
    data = entry.runtime_data.inventory.data
    if is_unrestricted(user, POLICY_READ):
        return data
    entries = permitted_entries(hass, entry, user)
    return replace(
        data,
        cameras={
            node_id: camera
            for node_id, camera in data.cameras.items()
            if any(
                found.domain == CAMERA_DOMAIN
                for found in entries.get(node_id, {}).values()
            )
        },
    )


@callback
def may_see_camera(
    hass: HomeAssistant, entry: NetrexConfigEntry, user: User | None, node_id: int
) -> bool:
    """Return whether the account has a camera that the user may see."""
    return node_id in readable_inventory(hass, entry, user).cameras
