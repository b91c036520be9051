"""Makes the test package of one Home Assistant release work with a newer one.

A pytest plugin that `scripts/test --ha-version` loads before all others. It imports
`homeassistant` first, which replaces httpx with its own HTTP library, and it restores
names that the test package uses and that have moved since.
"""

from homeassistant.components import logger
from homeassistant.components.logger import helpers

# Moved in 2026.11.
if not hasattr(logger, "_clear_logger_overwrites"):
    vars(logger)["_clear_logger_overwrites"] = helpers._clear_logger_overwrites
