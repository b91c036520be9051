"""Adds the integration's dashboard as a user does, and tidies the sidebar."""

from .client import HomeAssistantClient
from .registry import DOMAIN

TITLES = {"en": "Shops", "cs": "Prodejny"}
ICON = "mdi:storefront"
STRATEGY = {"strategy": {"type": f"custom:{DOMAIN}"}}
# Panels of Home Assistant that are empty in the demo.
HIDDEN_PANELS = (
    "climate",
    "home",
    "light",
    "lovelace",
    "maintenance",
    "map",
    "security",
    "todo",
)


async def add_dashboard(client: HomeAssistantClient, language: str = "en") -> None:
    """Add the dashboard."""
    await client.command(
        "lovelace/dashboards/create",
        url_path=DOMAIN,
        allow_single_word=True,
        title=TITLES[language],
        icon=ICON,
    )
    # "Add dashboard" saves this, too.
    await client.command("lovelace/config/save", url_path=DOMAIN, config=STRATEGY)


async def show(client: HomeAssistantClient, language: str) -> None:
    """Add the dashboard, make it the default page, and hide empty panels."""
    await add_dashboard(client, language)
    await client.command(
        "frontend/set_system_data", key="core", value={"default_panel": DOMAIN}
    )
    panels = await client.command("get_panels")
    for panel in HIDDEN_PANELS:
        if panel in panels:
            await client.command(
                "frontend/update_panel", url_path=panel, show_in_sidebar=False
            )
