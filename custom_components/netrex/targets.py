"""The target cameras of an action, including offline cameras.

Home Assistant's entity actions skip unavailable entities, but the portal still has the
recordings of an offline camera.
"""

from dataclasses import dataclass

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_ENTITY_ID, ENTITY_MATCH_ALL
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers import device_registry as dr, entity_registry as er, target

from .const import DOMAIN
from .devices import device_node_id
from .errors import invalid
from .models import NetrexConfigEntry
from .permissions import async_get_user, entity_check


@dataclass(frozen=True, slots=True)
class TargetCamera:
    """A target camera of an action."""

    entity_id: str
    entry: NetrexConfigEntry
    node_id: int

    @property
    def name(self) -> str:
        """Return the entity id without its domain, which is unique among cameras."""
        return self.entity_id.partition(".")[2]


async def async_target_cameras(
    call: ServiceCall, policy: str = POLICY_CONTROL
) -> list[TargetCamera]:
    """Return the cameras of a call that its user may use, referenced entities first.

    Raises:
        ServiceValidationError: There is no camera, or a referenced entity is not a
            camera of this integration.
        Unauthorized: The user has no permission for a referenced entity.
    """
    may_use = entity_check(await async_get_user(call.hass, call.context), policy)
    registry = er.async_get(call.hass)
    referenced, indirect = _selected(call)
    cameras: list[TargetCamera] = []
    for entity_id in sorted(referenced):
        entity = registry.async_get(entity_id)
        camera = entity and _camera(call.hass, entity)
        if not camera:
            raise invalid("unknown_camera", camera=entity_id)
        if not may_use(entity_id):
            raise Unauthorized(
                context=call.context, entity_id=entity_id, permission=policy
            )
        cameras.append(camera)
    nodes = {(camera.entry.entry_id, camera.node_id) for camera in cameras}
    found = filter(None, map(registry.async_get, indirect - referenced))
    # Of a device or an area, take the camera itself and not its channels: its unique
    # id is the shortest.
    for entity in sorted(found, key=lambda one: (len(one.unique_id), one.entity_id)):
        camera = _camera(call.hass, entity)
        if camera is None or not may_use(entity.entity_id):
            continue
        node = (camera.entry.entry_id, camera.node_id)
        if node not in nodes:
            nodes.add(node)
            cameras.append(camera)
    if not cameras:
        raise invalid("no_camera")
    return cameras


def _selected(call: ServiceCall) -> tuple[set[str], set[str]]:
    """Return the entities referenced directly, and those by device, area and so on."""
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
