"""Forms and fields of the flows."""

from homeassistant.const import CONF_API_TOKEN, CONF_HOST
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from .client import DEFAULT_ALLOWANCE, LIMIT, Scope
from .const import CONF_DAILY_ALLOWANCE, CONF_SCOPES, DEFAULT_HOST

SECTION_RIGHTS = "rights"
DEFAULT_SCOPES = [
    scope.value for scope in (Scope.READ, Scope.WRITE, Scope.LIVEVIEW, Scope.RECORDINGS)
]


def integer_field(
    low: int, high: int, *, step: int = 1, unit: str | None = None
) -> object:
    """Return the validator of a number box whose value is saved as an integer."""
    config = NumberSelectorConfig(
        min=low, max=high, step=step, mode=NumberSelectorMode.BOX
    )
    if unit is not None:
        config["unit_of_measurement"] = unit
    return vol.All(NumberSelector(config), vol.Coerce(int))


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
BUDGET_SCHEMA = vol.Schema(
    {
        # In queries per day, up to the portal's limit. Fewer than 500 are not enough
        # even to poll the status of the cameras.
        vol.Required(CONF_DAILY_ALLOWANCE, default=DEFAULT_ALLOWANCE): integer_field(
            500, LIMIT, step=100
        ),
    }
)
