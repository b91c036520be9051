"""The action that checks an account."""

from typing import Any

from homeassistant.auth.models import User
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import Lane
from custom_components.netrex.client.check import MAX_QUERIES, recordings
from custom_components.netrex.const import DOMAIN
from custom_components.netrex.services import ACTION_CHECK_ACCOUNT
from simulator import Simulator

from .leaks import assert_log_clean


@pytest.fixture
def entry_options(camera_options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of camera access."""
    return camera_options


async def check(
    hass: HomeAssistant, entry: MockConfigEntry, context: Context | None = None
) -> dict[str, Any]:
    """Call the action."""
    response = await hass.services.async_call(
        DOMAIN,
        ACTION_CHECK_ACCOUNT,
        {ATTR_CONFIG_ENTRY_ID: entry.entry_id},
        blocking=True,
        return_response=True,
        context=context,
    )
    assert isinstance(response, dict)
    return response


async def test_an_administrator_gets_the_report(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    entry_options: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recordings, "_LENGTH_SECONDS", 2)
    monkeypatch.setattr(recordings, "_POLL_SECONDS", 0.1)
    before = entry.runtime_data.pacer.ledger.used_by_lane[Lane.COMMAND]

    response = await check(hass, entry)

    used = entry.runtime_data.pacer.ledger.used_by_lane[Lane.COMMAND] - before
    assert 10 < used <= MAX_QUERIES
    by_capability = {row["capability"]: row for row in response["rows"]}
    assert by_capability["cameras"]["settles"]["gateway_unknown_status"] == 404
    assert response["table"].count("\n") == len(response["rows"]) + 1
    secrets = [*cloud.world.tokens, *(link.url for link in cloud.links)]
    assert_log_clean(caplog, secrets)
    assert not [secret for secret in secrets if secret in str(response)]


async def test_others_may_not(
    hass: HomeAssistant, entry: MockConfigEntry, hass_read_only_user: User
) -> None:
    with pytest.raises(Unauthorized):
        await check(hass, entry, Context(user_id=hass_read_only_user.id))
