"""An account whose camera has everything, and visitors."""

from functools import partial
from pathlib import Path
from typing import Any

from homeassistant.auth.const import GROUP_ID_ADMIN
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import CLIENT_ID, MockConfigEntry
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.netrex.client import GatewayClient
from custom_components.netrex.const import (
    CONF_RELAY_ACCESS,
    CONF_RELAY_HOST,
    CONF_RELAY_PORT,
)
from custom_components.netrex.recordings import RecordingManager
from custom_components.netrex.recordings.timing import Timing
from simulator import Simulator

from ..kpi_options import ALL_SENSORS
from .users import Account
from .visitors import Visit, Visitor


@pytest.fixture
def scenario() -> str:
    """Return the account whose first camera has everything."""
    return "documentation"


@pytest.fixture
def entry_options(
    camera_options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """Return options with which each action does something."""
    defaults = GatewayClient.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "spacing", 0)
    return {
        **camera_options,
        **ALL_SENSORS,
        CONF_RELAY_ACCESS: True,
        CONF_RELAY_HOST: "127.0.0.1",
        CONF_RELAY_PORT: 0,
    }


@pytest.fixture(autouse=True)
async def _media(
    hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Set up the media source, with preparations that take no time."""
    timing = Timing(intervals=(0.05,), settling=0.0)
    monkeypatch.setattr(
        "custom_components.netrex.RecordingManager",
        partial(RecordingManager, timing=timing),
    )
    hass.config.config_dir = str(tmp_path)
    hass.config.media_dirs = {"local": str(tmp_path)}
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    assert await async_setup_component(hass, "media_source", {})


@pytest.fixture
async def account(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> Account:
    """Return the account after its KPIs have been found."""
    await hass.async_block_till_done(wait_background_tasks=True)
    # The first user becomes the owner.
    await hass.auth.async_create_user("Owner", group_ids=[GROUP_ID_ADMIN])
    for camera in cloud.world.cameras.values():
        for profile in camera.stream_profiles:
            profile.width, profile.height = 320, 180
    node_id, other_id = list(cloud.world.cameras)[:2]
    return Account(hass, entry, node_id, other_id)


@pytest.fixture
def visit(
    account: Account,
    hass_ws_client: WebSocketGenerator,
    hass_client: ClientSessionGenerator,
) -> Visit:
    """Return a function that signs a user in."""

    async def visit(who: str) -> Visitor:
        hass = account.hass
        user = await account.user(who)
        if user is None:
            return Visitor(account, None)
        token = await hass.auth.async_create_refresh_token(user, CLIENT_ID)
        access = hass.auth.async_create_access_token(token)
        return Visitor(
            account,
            user,
            await hass_ws_client(hass, access),
            await hass_client(access),
        )

    return visit
