"""Options of an account."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
)
import voluptuous as vol

from .client import DEFAULT_ALLOWANCE, LIMIT
from .const import CONF_DAILY_ALLOWANCE

# One row per option: what it is called, its default, its field.
OPTIONS_SCHEMA = vol.Schema(
    {
        # Queries a day, up to the portal's own limit. Below 500 not even the cameras'
        # states can be followed.
        vol.Required(CONF_DAILY_ALLOWANCE, default=DEFAULT_ALLOWANCE): vol.All(
            NumberSelector(
                NumberSelectorConfig(
                    min=500, max=LIMIT, step=100, mode=NumberSelectorMode.BOX
                )
            ),
            vol.Coerce(int),
        ),
    }
)


class NetrexOptionsFlow(OptionsFlowWithReload):
    """Shows all options on one page and reloads the account when they change."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show or take the options."""
        if user_input is not None:
            return self.async_create_entry(data=user_input)
        return self.async_show_form(
            data_schema=self.add_suggested_values_to_schema(
                OPTIONS_SCHEMA, self.config_entry.options
            )
        )
