"""Fixtures shared by the tests that run inside Home Assistant."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from functools import partial
import time
from typing import Any

from homeassistant.components.application_credentials import (
    ClientCredential,
    async_import_client_credential,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_API_TOKEN, CONF_HOST, CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration
from homeassistant.setup import async_setup_component
from hypothesis import settings
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from custom_components.netrex import pacing
from custom_components.netrex.client import Pacer
from custom_components.netrex.const import (
    CONF_AUTH_IMPLEMENTATION,
    CONF_DEVICE_TOKEN,
    CONF_DEVICE_URL,
    CONF_SCOPES,
    DOMAIN,
)
from custom_components.netrex.gateway import capabilities
from simulator import Simulator, Switches
from simulator.certificate import server_context
from simulator.clock import Clock

from .flow_texts import collect_missing_texts

# For the nightly workflow: `--hypothesis-profile nightly`.
settings.register_profile("nightly", max_examples=100_000, deadline=None)

type SetUp = Callable[[], Awaitable[MockConfigEntry]]


@pytest.fixture(autouse=True)
def _integration(request: pytest.FixtureRequest, socket_enabled: None) -> None:
    """Allow loopback sockets, and let Home Assistant, if any, load the integration."""
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")


@pytest.fixture(scope="session", autouse=True)
def _first_certificate() -> None:
    """Create a certificate before any test freezes time.

    The library keeps the first datetime class that it sees and accepts no other.
    """
    server_context("localhost")


@pytest.fixture(autouse=True)
def _pacing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send requests at once, except in tests with the marker `spaced`."""
    spaced = request.node.get_closest_marker("spaced")
    values = {"interval": 0} if spaced is None else spaced.kwargs
    monkeypatch.setattr(pacing, "Pacer", partial(Pacer, **values))


@pytest.fixture(autouse=True)
def _flow_texts(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """Fail if a flow shows something without an English text."""
    missing = collect_missing_texts(monkeypatch)
    yield
    assert not missing


@pytest.fixture
def scenario() -> str:
    """Return the name of the simulated account; test modules override it."""
    return "shop"


@pytest.fixture
def switches(request: pytest.FixtureRequest) -> Switches:
    """Return the cloud's switches: quick, with those of the marker `switches`.

    The rate limit is on where requests are spaced.
    """
    values: dict[str, Any] = {
        "rate_limit": request.node.get_closest_marker("spaced") is not None,
        "prepare_duration": 0.1,
    }
    if marker := request.node.get_closest_marker("switches"):
        values |= marker.kwargs
    return Switches(**values)


@pytest.fixture
async def cloud(scenario: str, switches: Switches) -> AsyncGenerator[Simulator]:
    """Run a cloud on a free port."""
    # Looked up at each call, so that frozen time applies to the cloud as well.
    clock = Clock(lambda: time.time())  # noqa: PLW0108 - see above
    async with Simulator(scenario, switches=switches, clock=clock) as running:
        yield running


@pytest.fixture
def entry_options() -> dict[str, Any]:
    """Return the entry's options; test modules override them."""
    return {}


@pytest.fixture
def camera_options(cloud: Simulator, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the options of camera access, without the spacing between cameras."""
    monkeypatch.setattr(capabilities, "SPACING_SECONDS", 0)
    return {
        CONF_DEVICE_TOKEN: cloud.create_api_token(scopes=["configuration"]),
        CONF_DEVICE_URL: f"{cloud.url}/camera/{{serial_number}}",
    }


@pytest.fixture
def config_entry(cloud: Simulator, entry_options: dict[str, Any]) -> MockConfigEntry:
    """Return an entry with an API token, not yet added."""
    host = URL(cloud.url).authority
    root = next(n.node_id for n in cloud.world.nodes if n.parent_node_id is None)
    return MockConfigEntry(
        domain=DOMAIN,
        title="Demo shop",
        unique_id=f"{host}_{root}",
        data={
            CONF_HOST: host,
            CONF_URL: cloud.url,
            CONF_API_TOKEN: cloud.create_api_token(),
        },
        options=entry_options,
    )


@pytest.fixture
def set_up(hass: HomeAssistant, config_entry: MockConfigEntry) -> SetUp:
    """Return a function that sets the entry up and waits for it and its KPIs."""

    async def async_set_up() -> MockConfigEntry:
        config_entry.add_to_hass(hass)
        await hass.config_entries.async_setup(config_entry.entry_id)
        await hass.async_block_till_done()
        return config_entry

    return async_set_up


@pytest.fixture
async def entry(hass: HomeAssistant, set_up: SetUp) -> MockConfigEntry:
    """Return the loaded entry."""
    result = await set_up()
    assert result.state is ConfigEntryState.LOADED
    return result


@pytest.fixture
async def oauth_entry(hass: HomeAssistant, cloud: Simulator) -> MockConfigEntry:
    """Return an added entry whose access token has expired."""
    client = cloud.add_client(["https://example.com/auth/external/callback"])
    assert await async_setup_component(hass, "application_credentials", {})
    # Home Assistant loads it before it sets up an entry; reauthentication needs it.
    await (await async_get_integration(hass, DOMAIN)).async_get_platform("config_flow")
    await async_import_client_credential(
        hass, DOMAIN, ClientCredential(client.client_id, client.client_secret)
    )
    scopes = cloud.oauth.scopes("read,liveview")
    code = cloud.oauth.authorize(client, client.redirect_uris[0], "owner", scopes)
    token = cloud.oauth.token(
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": client.redirect_uris[0],
            "client_id": client.client_id,
            "client_secret": client.client_secret,
        }
    )
    host = URL(cloud.url).authority
    entry = MockConfigEntry(
        domain=DOMAIN,
        unique_id=f"{host}_138170",
        data={
            CONF_HOST: host,
            CONF_URL: cloud.url,
            CONF_AUTH_IMPLEMENTATION: DOMAIN,
            CONF_SCOPES: ["read", "liveview"],
            CONF_TOKEN: {**token, "expires_at": time.time() - 1},
        },
    )
    entry.add_to_hass(hass)
    return entry
