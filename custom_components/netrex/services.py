"""The integration's actions."""

from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import service
import voluptuous as vol

from .const import DOMAIN
from .history.action import async_register_import_history
from .kpi_action import async_register_get_kpi
from .models import NetrexConfigEntry

ACTION_GET_STREAM_URL = "get_stream_url"
ACTION_RENEW_STREAM_SECRET = "renew_stream_secret"  # noqa: S105 - an action's name


@callback
def async_register_actions(hass: HomeAssistant) -> None:
    """Register all actions."""
    async_register_get_kpi(hass)
    async_register_import_history(hass)
    service.async_register_platform_entity_service(
        hass,
        DOMAIN,
        ACTION_GET_STREAM_URL,
        # Whoever has the address can watch, whatever Home Assistant lets them see.
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
    """Make the addresses that `get_stream_url` gave useless.

    An action and no button: it belongs to administrators, as the addresses do, and
    other people can press the buttons they see. And no parameter of `get_stream_url`,
    which would renew once for each of the cameras it is called for.
    """
    entry: NetrexConfigEntry = service.async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    try:
        await entry.runtime_data.live.access.async_renew_secret()
    except OSError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN, translation_key="relay_access_fails"
        ) from err
