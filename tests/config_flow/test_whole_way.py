"""From an address to an entry, without mocks."""

import logging
from typing import Any

from aiohttp.test_utils import TestClient
from homeassistant.config_entries import (
    ConfigEntryState,
)
from homeassistant.const import CONF_API_TOKEN, CONF_HOST, CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from custom_components.netrex.const import (
    CONF_AUTH_IMPLEMENTATION,
    CONF_DAILY_ALLOWANCE,
    CONF_SCOPES,
    DOMAIN,
)
from simulator import Simulator
from simulator.world.model import OAuthClient, Scope

from ..leaks import assert_log_clean
from .steps import REDIRECT, SignIn, assert_aborted, authority, choose, configure, start


async def test_signing_in_leads_from_an_address_to_an_entry(
    hass: HomeAssistant,
    cloud: Simulator,
    client: OAuthClient,
    sign_in: SignIn,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    result = await start(hass, host=f" {cloud.url}/login/index.php?lang=cs#top ")
    assert result["menu_options"] == [
        "pick_implementation",
        "new_credentials",
        "api_token",
        "user",
    ]
    assert result["description_placeholders"] == {
        "host": authority(cloud),
        "redirect_url": REDIRECT,
    }
    result = await choose(hass, result, "pick_implementation")
    link = URL(result["url"])
    assert str(link.with_query(None)) == f"{cloud.url}/oauth2/auth/"
    assert "scope=read,write,liveview,recordings" in link.raw_query_string
    assert link.query.keys() == {
        "response_type",
        "client_id",
        "redirect_uri",
        "state",
        "scope",
    }
    result = await sign_in(result)
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == cloud.world.nodes[0].name
    entry = result["result"]
    assert entry.unique_id == f"{authority(cloud)}_{cloud.world.nodes[0].node_id}"
    assert entry.state is ConfigEntryState.LOADED
    token = entry.data[CONF_TOKEN]
    assert entry.data == {
        CONF_HOST: authority(cloud),
        CONF_URL: cloud.url,
        CONF_SCOPES: ["read", "write", "liveview", "recordings"],
        CONF_AUTH_IMPLEMENTATION: DOMAIN,
        CONF_TOKEN: token,
    }
    assert token.keys() == {
        "access_token",
        "refresh_token",
        "expires_in",
        "expires_at",
    }
    assert cloud.world.tokens[token["access_token"]].scopes == {
        Scope.READ,
        Scope.WRITE,
        Scope.LIVEVIEW,
        Scope.RECORDINGS,
    }
    assert_log_clean(caplog, cloud.secrets)
    await hass.config_entries.async_unload(entry.entry_id)


async def test_an_api_token_leads_from_an_address_to_an_entry(
    hass: HomeAssistant, cloud: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = cloud.create_api_token()
    result = await start(hass, host=authority(cloud))
    result = await choose(hass, result, "api_token")
    assert result["type"] is FlowResultType.FORM
    result = await configure(hass, result, {CONF_API_TOKEN: f"  {token}\n"})
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data == {
        CONF_HOST: authority(cloud),
        CONF_URL: cloud.url,
        CONF_API_TOKEN: token,
    }
    # The flow's queries are the account's first.
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.runtime_data.pacer.ledger.used == len(cloud.queries)
    assert_log_clean(caplog, cloud.secrets)
    await hass.config_entries.async_unload(entry.entry_id)


async def test_all_forms_reach_the_frontend(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    token_entry: MockConfigEntry,
) -> None:
    """All forms can be sent through Home Assistant's HTTP API."""
    assert await async_setup_component(hass, "config", {})
    frontend: TestClient[Any, Any] = await hass_client()
    pages = {
        "config_entries/flow": {"handler": DOMAIN},
        "config_entries/options/flow": {"handler": token_entry.entry_id},
    }
    shown = {}
    for path, data in pages.items():
        async with frontend.post(f"/api/config/{path}", json=data) as answer:
            assert answer.status == 200
            shown[path] = await answer.json()
    host, rights = shown["config_entries/flow"]["data_schema"]
    assert host["default"] == "system2.netrex.cz"
    assert rights["type"] == "expandable"
    assert rights["expanded"] is False
    assert len(rights["schema"][0]["selector"]["select"]["options"]) == 10
    assert rights["schema"][0]["default"] == [
        "read",
        "write",
        "liveview",
        "recordings",
    ]
    menu = shown["config_entries/options/flow"]
    forms = {}
    for page in menu["menu_options"]:
        async with frontend.post(
            f"/api/config/config_entries/options/flow/{menu['flow_id']}",
            json={"next_step_id": page},
        ) as answer:
            assert answer.status == 200
            forms[page] = (await answer.json())["data_schema"]
        async with frontend.post(
            "/api/config/config_entries/options/flow",
            json={"handler": token_entry.entry_id},
        ) as answer:
            menu = await answer.json()
    [allowance] = forms["budget"]
    assert allowance["name"] == CONF_DAILY_ALLOWANCE
    assert allowance["selector"]["number"]["min"] == 500
    assert allowance["default"] == 8000


@pytest.mark.spaced
class TestAgainstTheLimiter:
    """The flow and the setup keep the portal's spacing between requests."""

    async def test_no_query_is_refused(
        self, hass: HomeAssistant, cloud: Simulator
    ) -> None:
        """Covers the flow, the setup and a reload."""
        token = cloud.create_api_token()
        result = await choose(hass, await start(hass, host=cloud.url), "api_token")
        result = await configure(hass, result, {CONF_API_TOKEN: token})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        entry = result["result"]
        assert entry.state is ConfigEntryState.LOADED
        result = await hass.config_entries.flow.async_init(
            DOMAIN, context={"source": "reconfigure", "entry_id": entry.entry_id}
        )
        result = await choose(hass, await configure(hass, result, {}), "api_token")
        result = await configure(hass, result, {CONF_API_TOKEN: token})
        assert_aborted(result, "reconfigure_successful")
        await hass.async_block_till_done()
        assert entry.state is ConfigEntryState.LOADED
        assert not [query for query in cloud.queries if query.refused]
        asked = [query.time for query in cloud.queries if query.account]
        assert len(asked) >= 4
        await hass.config_entries.async_unload(entry.entry_id)
