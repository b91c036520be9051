"""Access is revoked when an entry is removed, and what is not is logged."""

import logging
import time

from homeassistant.components.application_credentials import (
    DATA_COMPONENT,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
)

from custom_components.netrex.auth import (
    async_revoke,
)
from simulator import Simulator

from .leaks import assert_log_clean
from .oauth_tokens import change_token

HOUR = 3600


async def test_removing_an_entry_revokes_its_access(
    hass: HomeAssistant,
    cloud: Simulator,
    oauth_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    assert await hass.config_entries.async_setup(oauth_entry.entry_id)
    assert oauth_entry.state is ConfigEntryState.LOADED
    assert cloud.world.grants
    await hass.config_entries.async_remove(oauth_entry.entry_id)
    assert not cloud.world.tokens
    assert not cloud.world.grants
    assert_log_clean(caplog, cloud.secrets)


@pytest.mark.parametrize("rotates", [False, True])
@pytest.mark.parametrize("known", [False, True])
async def test_access_is_revoked_even_if_its_token_has_expired(
    hass: HomeAssistant,
    cloud: Simulator,
    oauth_entry: MockConfigEntry,
    rotates: bool,
    known: bool,
) -> None:
    """The portal no longer knows the access token, but the grant still exists."""
    cloud.switches.refresh_rotates = rotates
    if not known:
        change_token(hass, oauth_entry, expires_at=time.time() + HOUR)
    cloud.world.tokens.clear()
    assert cloud.world.grants
    await hass.config_entries.async_remove(oauth_entry.entry_id)
    assert not cloud.world.tokens
    assert not cloud.world.grants


async def test_access_without_credentials_is_reported_as_not_revoked(
    hass: HomeAssistant,
    cloud: Simulator,
    oauth_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await hass.config_entries.async_unload(oauth_entry.entry_id)
    credentials = hass.data[DATA_COMPONENT]
    for item in credentials.async_items():
        await credentials.async_delete_item(item["id"])
    cloud.world.tokens.clear()
    await async_revoke(hass, oauth_entry.data)
    assert "did not confirm" in caplog.text
    assert_log_clean(caplog, cloud.secrets)


async def test_an_api_token_is_not_revoked(
    hass: HomeAssistant, cloud: Simulator, config_entry: MockConfigEntry
) -> None:
    await async_revoke(hass, config_entry.data)
    assert config_entry.data["api_token"] in cloud.world.tokens


@pytest.mark.parametrize(
    ("kind", "value"),
    [("cut", None), ("status", 500), ("html", None), ("empty", None), (None, None)],
)
async def test_an_unconfirmed_revocation_is_logged(
    hass: HomeAssistant,
    cloud: Simulator,
    oauth_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    kind: str | None,
    value: int | None,
) -> None:
    """The last case is a token that the portal no longer knows."""
    caplog.set_level(logging.DEBUG)
    if kind is None:
        cloud.oauth.revoke_all()
    else:
        cloud.faults.add("revoke", kind, value)
    await async_revoke(hass, oauth_entry.data)
    assert "did not confirm" in caplog.text
    assert_log_clean(caplog, cloud.secrets)
