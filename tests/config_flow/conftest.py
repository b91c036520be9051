"""Fixtures of the flows."""

from collections.abc import AsyncGenerator
from typing import Any
from unittest.mock import AsyncMock, patch

from aiohttp.test_utils import TestClient
from homeassistant.components.application_credentials import (
    ClientCredential,
    async_import_client_credential,
)
from homeassistant.config_entries import ConfigEntry, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.netrex.const import DOMAIN
from simulator import Simulator
from simulator.world.model import OAuthClient

from ..visitor import visit
from .steps import REDIRECT, SignIn, choose, start


@pytest.fixture(autouse=True)
def _browser(current_request_with_host: None) -> None:
    """Provide the request of a browser, whose address is the redirect URL."""


@pytest.fixture
async def no_setup(hass: HomeAssistant) -> AsyncGenerator[AsyncMock]:
    """Let entries load without queries."""
    with (
        patch("custom_components.netrex.async_setup_entry", return_value=True) as mock,
        patch("custom_components.netrex.async_unload_entry", return_value=True),
    ):
        yield mock
        for entry in hass.config_entries.async_entries(DOMAIN):
            await hass.config_entries.async_unload(entry.entry_id)


@pytest.fixture
def short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the pause after a refusal by the portal's limiter."""
    monkeypatch.setattr("custom_components.netrex.client.backoff._FIRST_PAUSE", 0.1)


@pytest.fixture
async def client(hass: HomeAssistant, cloud: Simulator) -> OAuthClient:
    """Return an application known to the portal and to Home Assistant."""
    client = cloud.add_client([REDIRECT])
    assert await async_setup_component(hass, "application_credentials", {})
    await async_import_client_credential(
        hass, DOMAIN, ClientCredential(client.client_id, client.client_secret, "Shop")
    )
    return client


@pytest.fixture
def sign_in(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> SignIn:
    """Return a function that signs in at the portal and returns to the flow."""

    async def async_sign_in(
        result: ConfigFlowResult, **choices: str
    ) -> ConfigFlowResult:
        assert result["type"] is FlowResultType.EXTERNAL_STEP
        back = await visit(result["url"], **choices)
        # Unlike Home Assistant's server, the test's cannot add views while it runs.
        assert await async_setup_component(hass, DOMAIN, {})
        home: TestClient[Any, Any] = await hass_client_no_auth()
        assert str(back.with_query(None)) == REDIRECT
        answer = await home.get(back.path_qs)
        assert answer.status == 200
        return await hass.config_entries.flow.async_configure(result["flow_id"])

    return async_sign_in


@pytest.fixture
async def oauth_entry(
    hass: HomeAssistant,
    cloud: Simulator,
    client: OAuthClient,
    sign_in: SignIn,
    no_setup: AsyncMock,
) -> ConfigEntry:
    """Return an entry created by signing in."""
    del client
    result = await start(hass, host=cloud.url, rights={"scopes": ["read", "liveview"]})
    result = await choose(hass, result, "pick_implementation")
    return (await sign_in(result))["result"]


@pytest.fixture
async def token_entry(
    hass: HomeAssistant, config_entry: MockConfigEntry, no_setup: AsyncMock
) -> MockConfigEntry:
    """Return an entry with an API token."""
    config_entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(config_entry.entry_id)
    return config_entry
