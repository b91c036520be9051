"""Adding an account with the portal's sign-in pages."""

import logging

from homeassistant.components.application_credentials import (
    ClientCredential,
    async_import_client_credential,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from custom_components.netrex.const import (
    CONF_AUTH_IMPLEMENTATION,
    DOMAIN,
)
from simulator import Simulator
from simulator.world.model import OAuthClient, User

from ..leaks import assert_log_clean
from .steps import REDIRECT, SignIn, assert_aborted, choose, configure, start


async def test_signing_in_without_credentials_asks_for_them(
    hass: HomeAssistant, cloud: Simulator
) -> None:
    assert await async_setup_component(hass, "application_credentials", {})
    result = await start(hass, host=cloud.url)
    result = await choose(hass, result, "pick_implementation")
    assert_aborted(result, "missing_credentials")


@pytest.mark.usefixtures("client")
async def test_choosing_other_credentials_asks_for_them(
    hass: HomeAssistant, cloud: Simulator
) -> None:
    """This reason makes the frontend open the dialog for credentials."""
    result = await choose(hass, await start(hass, host=cloud.url), "new_credentials")
    assert_aborted(result, "missing_credentials")


@pytest.mark.usefixtures("client", "no_setup")
async def test_one_of_several_credentials_can_be_chosen(
    hass: HomeAssistant, cloud: Simulator, sign_in: SignIn
) -> None:
    """The sign-in link leads to the entered portal."""
    other = cloud.add_client([REDIRECT])
    await async_import_client_credential(
        hass,
        DOMAIN,
        ClientCredential(other.client_id, other.client_secret, "Other"),
        "other",
    )
    result = await start(hass, host=cloud.url)
    result = await choose(hass, result, "pick_implementation")
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "pick_implementation"
    result = await configure(hass, result, {"implementation": "other"})
    assert URL(result["url"]).origin() == URL(cloud.url)
    assert URL(result["url"]).query["client_id"] == other.client_id
    result = await sign_in(result)
    assert result["data"][CONF_AUTH_IMPLEMENTATION] == "other"


@pytest.mark.usefixtures("client")
async def test_refused_consent_aborts_the_flow(
    hass: HomeAssistant, cloud: Simulator, sign_in: SignIn
) -> None:
    result = await start(hass, host=cloud.url)
    result = await choose(hass, result, "pick_implementation")
    result = await sign_in(result, decision="deny")
    assert_aborted(result, "user_rejected_authorize")
    assert result["description_placeholders"] == {"error": "access_denied"}


@pytest.mark.parametrize("status", [200, 400])
async def test_a_refused_code_aborts_the_flow(
    hass: HomeAssistant,
    cloud: Simulator,
    client: OAuthClient,
    sign_in: SignIn,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    caplog.set_level(logging.DEBUG)
    cloud.switches.token_error_status = status
    client.client_secret = cloud.secrets.issue()
    result = await start(hass, host=cloud.url)
    result = await choose(hass, result, "pick_implementation")
    result = await sign_in(result)
    assert_aborted(result, "oauth_unauthorized")
    assert "Invalid client_secret." in caplog.text
    assert_log_clean(caplog, cloud.secrets)


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize(
    ("kind", "value"), [("cut", None), ("status", 500), ("html", None)]
)
async def test_a_failing_token_endpoint_aborts_the_flow(
    hass: HomeAssistant,
    cloud: Simulator,
    sign_in: SignIn,
    caplog: pytest.LogCaptureFixture,
    kind: str,
    value: int | None,
) -> None:
    caplog.set_level(logging.DEBUG)
    cloud.faults.add("token", kind, value)
    result = await start(hass, host=cloud.url)
    result = await choose(hass, result, "pick_implementation")
    result = await sign_in(result)
    assert_aborted(result, "oauth_failed")
    assert_log_clean(caplog, cloud.secrets)


@pytest.mark.usefixtures("client", "no_setup", "short_pause")
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("cut", "cannot_connect"),
        ("html", "unusable_answer"),
        ("refuse", "rate_limited"),
    ],
)
async def test_reading_the_account_can_be_retried_without_a_sign_in(
    hass: HomeAssistant, cloud: Simulator, sign_in: SignIn, kind: str, error: str
) -> None:
    """The user does not have to sign in again."""
    result = await start(hass, host=cloud.url)
    result = await choose(hass, result, "pick_implementation")
    # A refused request is repeated once.
    cloud.faults.add("graphql", kind, count=2 if kind == "refuse" else 1)
    result = await sign_in(result)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "read_account"
    assert result["errors"] == {"base": error}
    result = await configure(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("client")
async def test_an_account_without_nodes_aborts_the_flow(
    hass: HomeAssistant, cloud: Simulator, sign_in: SignIn
) -> None:
    cloud.world.users["blind"] = User("blind", "blind", full_access=False)
    result = await start(hass, host=cloud.url)
    result = await choose(hass, result, "pick_implementation")
    result = await sign_in(result, username="blind")
    assert_aborted(result, "no_nodes")


@pytest.mark.usefixtures("client")
async def test_an_account_cannot_be_added_twice(
    hass: HomeAssistant,
    cloud: Simulator,
    sign_in: SignIn,
    config_entry: MockConfigEntry,
) -> None:
    config_entry.add_to_hass(hass)
    result = await start(hass, host=cloud.url)
    result = await choose(hass, result, "pick_implementation")
    result = await sign_in(result)
    assert_aborted(result, "already_configured")
