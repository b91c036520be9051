"""Lets the test package of one Home Assistant release run on a newer one.

A pytest plugin that `scripts/test --ha-version` loads before all others: importing
`homeassistant` first lets it put its own HTTP library in the place of httpx, and what
has moved since the test package was made is put where that looks for it.
"""

from homeassistant.components import logger
from homeassistant.components.logger import helpers

# Moved in 2026.11.
if not hasattr(logger, "_clear_logger_overwrites"):
    vars(logger)["_clear_logger_overwrites"] = helpers._clear_logger_overwrites
