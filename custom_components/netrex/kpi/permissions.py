"""Which KPIs a user may read: those of which the user may read a sensor."""

from collections.abc import Iterable

from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized

from ..models import NetrexConfigEntry
from ..permissions import async_get_user, is_unrestricted, permitted_entries
from .metrics import BY_KEY, RAW_PREFIX, SeriesKey
from .selection import is_readable


async def async_check_permissions(
    hass: HomeAssistant,
    context: Context,
    entry: NetrexConfigEntry,
    keys: Iterable[SeriesKey],
    policy: str = POLICY_READ,
) -> None:
    """Check that the user of an action has a permission for all of these KPIs.

    Raises:
        Unauthorized: The user has it for no sensor of one of the KPIs (see
            `selection.is_readable`).
        UnknownUser: The user does not exist.
    """
    user = await async_get_user(hass, context)
    if is_unrestricted(user, policy):
        return
    entries = permitted_entries(hass, entry, user, policy)
    made = permitted_entries(hass, entry, None)
    for key in keys:
        # Raw metrics are the same figures as the others.
        description = BY_KEY[key.metric.removeprefix(RAW_PREFIX)]
        if not is_readable(
            description, entries.get(key.node_id, ()), made.get(key.node_id, ())
        ):
            raise Unauthorized(
                context=context,
                config_entry_id=entry.entry_id,
                permission=policy,
            )


async def async_readable_nodes(
    hass: HomeAssistant,
    context: Context,
    entry: NetrexConfigEntry,
    node_ids: Iterable[int],
) -> list[int]:
    """Return the nodes of which the user of an action may read an entity."""
    user = await async_get_user(hass, context)
    if is_unrestricted(user, POLICY_READ):
        return list(node_ids)
    entries = permitted_entries(hass, entry, user)
    return [node_id for node_id in node_ids if node_id in entries]
