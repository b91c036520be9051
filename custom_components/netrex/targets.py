"""Which cameras an action is for, also those that are offline now.

Home Assistant's entity actions leave out what is unavailable; what an offline camera
recorded before is just what people look for.
"""

from collections.abc import Callable
from dataclasses import dataclass

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_ENTITY_ID, ENTITY_MATCH_ALL
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import (
    ServiceValidationError,
    Unauthorized,
    UnknownUser,
)
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    target,
)

from .const import DOMAIN
from .devices import device_node_id
from .models import NetrexConfigEntry


@dataclass(frozen=True, slots=True)
class TargetCamera:
    """A camera that an action is for."""

    entity_id: str
    entry: NetrexConfigEntry
    node_id: int

    @property
    def name(self) -> str:
        """Return the entity id without its domain; no other camera has it."""
        return self.entity_id.partition(".")[2]


async def async_target_cameras(
    call: ServiceCall, policy: str = POLICY_CONTROL
) -> list[TargetCamera]:
    """Return the cameras of a call that its caller may use, those named first.

    Raises:
        ServiceValidationError: There is none, or one that was named is none of ours.
        Unauthorized: The caller may not use one that was named.
    """
    may_use = await _async_permission(call, policy)
    registry = er.async_get(call.hass)
    named, others = _selected(call)
    cameras: list[TargetCamera] = []
    for entity_id in sorted(named):
        entity = registry.async_get(entity_id)
        camera = entity and _camera(call.hass, entity)
        if not camera:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="unknown_camera",
                translation_placeholders={"camera": entity_id},
            )
        if not may_use(entity_id):
            raise Unauthorized(
                context=call.context, entity_id=entity_id, permission=policy
            )
        cameras.append(camera)
    nodes = {(camera.entry.entry_id, camera.node_id) for camera in cameras}
    found = filter(None, map(registry.async_get, others - named))
    # Of a device or an area the camera itself, whose unique id is the shortest, and
    # none of its channels.
    for entity in sorted(found, key=lambda one: (len(one.unique_id), one.entity_id)):
        camera = _camera(call.hass, entity)
        if camera is None or not may_use(entity.entity_id):
            continue
        place = (camera.entry.entry_id, camera.node_id)
        if place not in nodes:
            nodes.add(place)
            cameras.append(camera)
    if not cameras:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_camera"
        )
    return cameras


async def _async_permission(call: ServiceCall, policy: str) -> Callable[[str], bool]:
    """Return what tells whether the caller may use an entity."""
    if call.context.user_id is None:
        return lambda _: True
    user = await call.hass.auth.async_get_user(call.context.user_id)
    if user is None:
        raise UnknownUser(context=call.context)
    permissions = user.permissions
    return lambda entity_id: permissions.check_entity(entity_id, policy)


def _selected(call: ServiceCall) -> tuple[set[str], set[str]]:
    """Return the entities that were named, and those of what else was."""
    if call.data.get(ATTR_ENTITY_ID) == ENTITY_MATCH_ALL:
        return set(), set(er.async_get(call.hass).entities)
    selected = target.async_extract_referenced_entity_ids(
        call.hass, target.TargetSelection(call.data)
    )
    return set(selected.referenced), set(selected.indirectly_referenced)


def _camera(hass: HomeAssistant, entity: er.RegistryEntry) -> TargetCamera | None:
    if entity.platform != DOMAIN or entity.domain != CAMERA_DOMAIN:
        return None
    entry: NetrexConfigEntry | None = hass.config_entries.async_get_entry(
        entity.config_entry_id or ""
    )
    device = dr.async_get(hass).async_get(entity.device_id or "")
    if (
        entry is None
        or not isinstance(device, dr.DeviceEntry)
        or entry.state is not ConfigEntryState.LOADED
    ):
        return None
    node_id = device_node_id(entry, device)
    if node_id is None:
        return None
    return TargetCamera(entity.entity_id, entry, node_id)
