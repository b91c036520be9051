"""The actions for other players: a camera's stream address, and a new secret."""

from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse, callback
from homeassistant.helpers import service
import voluptuous as vol

from ..const import DOMAIN
from ..errors import failed
from ..models import NetrexConfigEntry

ACTION_GET_STREAM_URL = "get_stream_url"
ACTION_RENEW_STREAM_SECRET = "renew_stream_secret"  # noqa: S105 - an action's name


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    service.async_register_platform_entity_service(
        hass,
        DOMAIN,
        ACTION_GET_STREAM_URL,
        # Anyone who has the address can watch, regardless of their permissions.
        admin_only=True,
        entity_domain=CAMERA_DOMAIN,
        func="async_get_stream_url",
        schema=None,
        supports_response=SupportsResponse.ONLY,
    )
    service.async_register_admin_service(
        hass,
        DOMAIN,
        ACTION_RENEW_STREAM_SECRET,
        _async_renew_stream_secret,
        vol.Schema({vol.Required(ATTR_CONFIG_ENTRY_ID): str}),
    )


async def _async_renew_stream_secret(call: ServiceCall) -> None:
    """Invalidate the addresses that `get_stream_url` has returned.

    This is an action rather than a button, because buttons do not require an
    administrator. It is not a parameter of `get_stream_url`, because that would renew
    the secret once per target camera.
    """
    entry: NetrexConfigEntry = service.async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    try:
        await entry.runtime_data.live.access.async_renew_secret()
    except OSError as err:
        raise failed("relay_access_fails") from err
