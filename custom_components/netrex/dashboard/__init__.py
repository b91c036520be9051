"""The dashboard: a strategy module for the frontend and the command that feeds it.

Home Assistant lists the strategy under *Add dashboard* (decision 0029).
"""

import hashlib
from pathlib import Path
from typing import Final

from homeassistant.components.frontend import add_extra_js_url
from homeassistant.components.http import StaticPathConfig
from homeassistant.components.websocket_api import async_register_command
from homeassistant.core import HomeAssistant

from .websocket import handle_places

FOLDER: Final = Path(__file__).parent / "frontend"
ENTRY_MODULE: Final = "netrex.js"
# The link of the set-up's last step; `add.js` follows it. With a target, the frontend
# loads the page again, and with it the modules: pages that are open before the first
# set-up do not load them. In texts, tags would be placeholders.
DASHBOARD_LINK: Final = {
    "link_start": '<a href="/config/lovelace/dashboards?netrex=add" target="_self">',
    "link_end": "</a>",
}
_PATH: Final = "/netrex_dashboard"
_HASH_DIGITS: Final = 12


async def async_setup_dashboard(hass: HomeAssistant) -> None:
    """Serve the modules and register the strategy; called once per start.

    Browsers cache static files for a month. The path contains a hash of all modules,
    so browsers load new modules, and modules import each other in the same version.
    """
    version = await hass.async_add_executor_job(_hash_of_modules, FOLDER)
    path = f"{_PATH}/{version}"
    await hass.http.async_register_static_paths(
        [StaticPathConfig(path, str(FOLDER), cache_headers=True)]
    )
    add_extra_js_url(hass, f"{path}/{ENTRY_MODULE}")
    async_register_command(hass, handle_places)


def _hash_of_modules(folder: Path) -> str:
    """Return a hash of the names and contents of a folder's modules."""
    digest = hashlib.sha256()
    for module in sorted(folder.glob("*.js")):
        digest.update(module.name.encode())
        digest.update(module.read_bytes())
    return digest.hexdigest()[:_HASH_DIGITS]
