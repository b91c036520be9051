"""The actions that read and write a camera's parameters."""

from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, service
import voluptuous as vol

from ..const import DOMAIN
from ..entity import NetrexCameraEntity
from .parameters import ParameterCoordinator

ACTION_GET_PARAMETERS = "get_camera_parameters"
ACTION_SET_PARAMETERS = "set_camera_parameters"
ATTR_GROUP = "group"
ATTR_PARAMETERS = "parameters"
ATTR_DRY_RUN = "dry_run"
# The names travel in one address.
_MOST_PARAMETERS = 30


@callback
def async_register_parameters(hass: HomeAssistant) -> None:
    """Register the actions."""
    service.async_register_platform_entity_service(
        hass,
        DOMAIN,
        ACTION_GET_PARAMETERS,
        entity_domain=CAMERA_DOMAIN,
        func=_async_get,
        schema={vol.Required(ATTR_GROUP): cv.string},
        supports_response=SupportsResponse.ONLY,
    )
    service.async_register_platform_entity_service(
        hass,
        DOMAIN,
        ACTION_SET_PARAMETERS,
        # In effect the rights of the camera's own administrator.
        admin_only=True,
        entity_domain=CAMERA_DOMAIN,
        func=_async_set,
        schema={
            vol.Required(ATTR_PARAMETERS): vol.All(
                {cv.string: vol.Any(bool, int, float, str)},
                vol.Length(min=1, max=_MOST_PARAMETERS),
            ),
            vol.Optional(ATTR_DRY_RUN, default=False): cv.boolean,
        },
        supports_response=SupportsResponse.OPTIONAL,
    )


async def _async_get(entity: NetrexCameraEntity, call: ServiceCall) -> ServiceResponse:
    """Return a group's parameters."""
    return {**await _parameters(entity).async_read_group(call.data[ATTR_GROUP])}


async def _async_set(entity: NetrexCameraEntity, call: ServiceCall) -> ServiceResponse:
    """Write parameters, and return them as they were and as they are."""
    change = await _parameters(entity).async_change(
        call.data[ATTR_PARAMETERS], dry_run=call.data[ATTR_DRY_RUN]
    )
    return change.as_dict()


def _parameters(entity: NetrexCameraEntity) -> ParameterCoordinator:
    gateway = entity.entry.runtime_data.gateway
    if gateway is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_device_token"
        )
    return gateway.parameters(entity.node_id)
