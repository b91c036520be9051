"""Tokens of an entry: refresh, renewal, and reauthentication in time."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
import logging
import time
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.application_credentials import (
    DATA_COMPONENT,
)
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import (
    ATTR_CONFIG_ENTRY_ID,
    CONF_TOKEN,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.netrex.auth import (
    async_get_token_provider,
    async_renew,
)
from custom_components.netrex.client import NetrexAuthError, NetrexConnectionError
from custom_components.netrex.client.check import Row, Subject
from custom_components.netrex.const import (
    DOMAIN,
)
from custom_components.netrex.services import ACTION_CHECK_ACCOUNT
from simulator import Simulator

from .leaks import assert_log_clean, assert_no_secret, texts
from .oauth_tokens import change_token

HOUR = 3600


def reauth_flows(hass: HomeAssistant) -> list[Mapping[str, Any]]:
    """Return the reauthentication flows."""
    return [
        flow
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        if flow["context"]["source"] == SOURCE_REAUTH
    ]


async def test_an_api_token_is_used_unchanged(
    hass: HomeAssistant, config_entry: MockConfigEntry
) -> None:
    get_token = await async_get_token_provider(hass, config_entry)
    assert await get_token() == config_entry.data["api_token"]


async def test_an_expired_token_is_refreshed_and_stored(
    hass: HomeAssistant, cloud: Simulator, oauth_entry: MockConfigEntry
) -> None:
    get_token = await async_get_token_provider(hass, oauth_entry)
    token = await get_token()
    assert token in cloud.world.tokens
    assert oauth_entry.data[CONF_TOKEN]["access_token"] == token
    assert oauth_entry.data[CONF_TOKEN]["expires_at"] > time.time() + HOUR - 60
    assert await get_token() == token
    assert not reauth_flows(hass)


async def test_a_check_of_the_account_shares_the_refresh(
    hass: HomeAssistant,
    cloud: Simulator,
    oauth_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A portal may refuse a refresh token that was used once."""

    async def ask(subject: Subject) -> list[Row]:
        await subject.get_token()
        return []

    monkeypatch.setattr("custom_components.netrex.services.check_account", ask)
    assert await hass.config_entries.async_setup(oauth_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    change_token(hass, oauth_entry, expires_at=time.time() - 1)
    used: list[Mapping[str, str]] = []
    answer = cloud.oauth.token

    def note(parameters: Mapping[str, str]) -> dict[str, Any]:
        used.append(parameters)
        return answer(parameters)

    monkeypatch.setattr(cloud.oauth, "token", note)
    cloud.faults.add("token", "delay", 0.3)
    await asyncio.gather(
        oauth_entry.runtime_data.status.async_refresh(),
        hass.services.async_call(
            DOMAIN,
            ACTION_CHECK_ACCOUNT,
            {ATTR_CONFIG_ENTRY_ID: oauth_entry.entry_id},
            blocking=True,
            return_response=True,
        ),
    )
    assert len(used) == 1


async def test_a_refused_refresh_asks_to_sign_in_once(
    hass: HomeAssistant,
    cloud: Simulator,
    oauth_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    get_token = await async_get_token_provider(hass, oauth_entry)
    cloud.oauth.revoke_all()
    for _ in range(3):
        with pytest.raises(NetrexAuthError) as caught:
            await get_token()
        await hass.async_block_till_done()
    assert len(reauth_flows(hass)) == 1
    assert_no_secret(texts(caught.value), cloud.secrets)
    assert_log_clean(caplog, cloud.secrets)


@pytest.mark.parametrize(
    ("kind", "value"), [("cut", None), ("status", 503), ("status", 429), ("html", None)]
)
async def test_a_failing_portal_does_not_ask_to_sign_in(
    hass: HomeAssistant,
    cloud: Simulator,
    oauth_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    kind: str,
    value: int | None,
) -> None:
    caplog.set_level(logging.DEBUG)
    get_token = await async_get_token_provider(hass, oauth_entry)
    cloud.faults.add("token", kind, value)
    with pytest.raises(NetrexConnectionError) as caught:
        await get_token()
    await hass.async_block_till_done()
    assert not reauth_flows(hass)
    assert_no_secret(texts(caught.value), cloud.secrets)
    assert_log_clean(caplog, cloud.secrets)
    assert await get_token() in cloud.world.tokens


@pytest.mark.parametrize(
    ("lifetime", "lead"), [(HOUR, HOUR / 4), (30 * 24 * HOUR, 3 * 24 * HOUR)]
)
async def test_a_token_without_refresh_asks_before_it_expires(
    hass: HomeAssistant,
    oauth_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    lifetime: int,
    lead: float,
) -> None:
    token = change_token(
        hass,
        oauth_entry,
        refresh_token=None,
        expires_in=lifetime,
        expires_at=time.time() + lifetime,
    )
    get_token = await async_get_token_provider(hass, oauth_entry)

    freezer.move_to(dt_util.utc_from_timestamp(token["expires_at"] - lead - 60))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert not reauth_flows(hass)
    assert await get_token() == token["access_token"]

    freezer.tick(timedelta(seconds=62))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert len(reauth_flows(hass)) == 1
    assert await get_token() == token["access_token"]

    freezer.tick(timedelta(seconds=lead))
    with pytest.raises(NetrexAuthError):
        await get_token()
    await hass.async_block_till_done()
    assert len(reauth_flows(hass)) == 1


async def test_an_unloaded_entry_does_not_ask_to_sign_in(
    hass: HomeAssistant, oauth_entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    change_token(
        hass,
        oauth_entry,
        refresh_token=None,
        expires_in=HOUR,
        expires_at=time.time() + HOUR,
    )
    assert await hass.config_entries.async_setup(oauth_entry.entry_id)
    assert await hass.config_entries.async_unload(oauth_entry.entry_id)
    freezer.tick(timedelta(hours=2))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert not reauth_flows(hass)


async def test_removed_credentials_fail_the_authentication(
    hass: HomeAssistant, oauth_entry: MockConfigEntry
) -> None:
    credentials = hass.data[DATA_COMPONENT]
    for item in credentials.async_items():
        await credentials.async_delete_item(item["id"])
    with pytest.raises(ConfigEntryAuthFailed):
        await async_get_token_provider(hass, oauth_entry)
    assert not await async_renew(hass, oauth_entry)


async def test_a_token_can_be_renewed_before_it_expires(
    hass: HomeAssistant, cloud: Simulator, oauth_entry: MockConfigEntry
) -> None:
    before = change_token(hass, oauth_entry, expires_at=time.time() + HOUR)
    assert await async_renew(hass, oauth_entry)
    after = oauth_entry.data[CONF_TOKEN]
    assert after["access_token"] != before["access_token"]
    assert after["access_token"] in cloud.world.tokens


async def test_a_token_that_expires_early_is_renewed_silently(
    hass: HomeAssistant,
    cloud: Simulator,
    oauth_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    change_token(hass, oauth_entry, expires_at=time.time() + HOUR)
    assert await hass.config_entries.async_setup(oauth_entry.entry_id)
    before = oauth_entry.data[CONF_TOKEN]["access_token"]
    cloud.world.tokens[before].expires_at = time.time() - 1
    data = oauth_entry.runtime_data

    # Two concurrent requests are refused; only the first one renews the token.
    await asyncio.gather(data.status.async_refresh(), data.inventory.async_refresh())

    assert data.status.last_update_success
    assert data.inventory.last_update_success
    assert oauth_entry.data[CONF_TOKEN]["access_token"] != before
    assert not reauth_flows(hass)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert_log_clean(caplog, cloud.secrets)
    assert await hass.config_entries.async_unload(oauth_entry.entry_id)


@pytest.mark.parametrize("trouble", ["revoked", "no_refresh_token", "portal_down"])
async def test_a_failed_renewal_keeps_the_old_token(
    hass: HomeAssistant, cloud: Simulator, oauth_entry: MockConfigEntry, trouble: str
) -> None:
    match trouble:
        case "revoked":
            cloud.oauth.revoke_all()
        case "no_refresh_token":
            change_token(hass, oauth_entry, refresh_token=None)
        case "portal_down":
            cloud.faults.add("token", "status", 503)
    before = oauth_entry.data[CONF_TOKEN]
    assert not await async_renew(hass, oauth_entry)
    assert oauth_entry.data[CONF_TOKEN] == before


@pytest.mark.parametrize("ahead", [2 * HOUR, 120 * HOUR, -HOUR, -24 * HOUR])
async def test_a_clock_that_was_wrong_at_a_renewal_does_no_harm(
    hass: HomeAssistant,
    cloud: Simulator,
    oauth_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    ahead: int,
) -> None:
    now = time.time()
    lifetime = oauth_entry.data[CONF_TOKEN]["expires_in"]
    change_token(hass, oauth_entry, expires_at=now + lifetime + ahead)
    provider = await async_get_token_provider(hass, oauth_entry)
    token = await provider()
    assert oauth_entry.data[CONF_TOKEN]["expires_at"] <= time.time() + lifetime
    freezer.tick(lifetime + 1)
    # Renewed at the end of its real lifetime, without a refusal.
    assert await provider() != token
    assert not reauth_flows(hass)
