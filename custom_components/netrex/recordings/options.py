"""The recordings page of the options."""

from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
)
import voluptuous as vol

from ..const import CONF_RECORDINGS_LIMIT, DEFAULT_RECORDINGS_LIMIT_GB

RECORDINGS_SCHEMA = vol.Schema(
    {
        # The size of the cache; files that actions saved do not count.
        vol.Required(
            CONF_RECORDINGS_LIMIT, default=DEFAULT_RECORDINGS_LIMIT_GB
        ): vol.All(
            NumberSelector(
                NumberSelectorConfig(
                    min=1,
                    max=1000,
                    step=1,
                    mode=NumberSelectorMode.BOX,
                    unit_of_measurement="GB",
                )
            ),
            vol.Coerce(int),
        ),
    }
)
