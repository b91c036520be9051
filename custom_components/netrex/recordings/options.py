"""The recordings page of the options."""

import voluptuous as vol

from ..const import CONF_RECORDINGS_LIMIT, DEFAULT_RECORDINGS_LIMIT_GB
from ..flow_schemas import integer_field

RECORDINGS_SCHEMA = vol.Schema(
    {
        # The size of the cache; files that actions saved do not count.
        vol.Required(
            CONF_RECORDINGS_LIMIT, default=DEFAULT_RECORDINGS_LIMIT_GB
        ): integer_field(1, 1000, unit="GB"),
    }
)
