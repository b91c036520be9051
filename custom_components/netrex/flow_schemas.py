"""Forms of the flows."""

from homeassistant.const import CONF_API_TOKEN, CONF_HOST
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from .client import Scope
from .const import CONF_SCOPES, DEFAULT_HOST

SECTION_RIGHTS = "rights"
DEFAULT_SCOPES = [
    scope.value for scope in (Scope.READ, Scope.WRITE, Scope.LIVEVIEW, Scope.RECORDINGS)
]

RIGHTS_SECTION = {
    vol.Optional(SECTION_RIGHTS): section(
        vol.Schema(
            {
                vol.Required(CONF_SCOPES, default=DEFAULT_SCOPES): SelectSelector(
                    SelectSelectorConfig(
                        options=[scope.value for scope in Scope],
                        multiple=True,
                        mode=SelectSelectorMode.LIST,
                        translation_key="scope",
                    )
                )
            }
        ),
        {"collapsed": True},
    )
}
USER_SCHEMA = vol.Schema(
    {vol.Required(CONF_HOST, default=DEFAULT_HOST): str, **RIGHTS_SECTION}
)
RECONFIGURE_SCHEMA = vol.Schema(RIGHTS_SECTION)
TOKEN_SELECTOR = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
)
API_TOKEN_SCHEMA = vol.Schema({vol.Required(CONF_API_TOKEN): TOKEN_SELECTOR})
