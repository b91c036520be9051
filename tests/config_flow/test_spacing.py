"""The portal's limits hold for every request of a flow (decision 0002).

Requests are spaced as in reality and the portal's limiter is strict, also for tokens.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from itertools import pairwise
import time

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.const import CONF_API_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import Lane, NetrexConnectionError
from custom_components.netrex.const import DOMAIN
from custom_components.netrex.pacing import async_get_pacer
from simulator import Simulator
from simulator.world.model import OAuthClient

from .steps import SignIn, access_token, assert_aborted, choose, configure, start

pytestmark = [pytest.mark.spaced, pytest.mark.switches(oauth_counts=True)]

type Busy = Callable[[ConfigEntry], None]


@pytest.fixture
async def busy() -> AsyncGenerator[Busy]:
    """Return a function that keeps an account sending requests without a break."""
    tasks: list[asyncio.Task[None]] = []

    async def poll(entry: ConfigEntry) -> None:
        # Until the entry is reloaded.
        with suppress(NetrexConnectionError):
            while True:
                await entry.runtime_data.client.execute("{__typename}", lane=Lane.KPI)

    def start_polling(entry: ConfigEntry) -> None:
        tasks.append(asyncio.create_task(poll(entry)))

    yield start_polling
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        assert result is None or isinstance(result, asyncio.CancelledError)


def assert_limits_kept(cloud: Simulator, entry: ConfigEntry) -> None:
    """Fail if the portal refused a request, or counted more than the ledger."""
    assert not [query.query for query in cloud.queries if query.refused]
    times = [query.time for query in cloud.queries]
    assert min(later - earlier for earlier, later in pairwise(times)) >= 1.0
    ledger = entry.runtime_data.pacer.ledger
    assert ledger.used >= len(cloud.queries)
    assert ledger.used >= cloud.limiter.used("owner")


async def add_again(hass: HomeAssistant, cloud: Simulator) -> ConfigFlowResult:
    """Add the account with an API token."""
    result = await choose(hass, await start(hass, host=cloud.url), "api_token")
    return await configure(hass, result, {CONF_API_TOKEN: cloud.create_api_token()})


async def test_adding_a_running_account_again_costs_nothing(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry, busy: Busy
) -> None:
    busy(entry)
    assert_aborted(await add_again(hass, cloud), "already_configured")
    assert_limits_kept(cloud, entry)
    assert entry.runtime_data.pacer.ledger.used == len(cloud.queries)


async def test_two_flows_at_once_keep_the_limits(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry, busy: Busy
) -> None:
    busy(entry)
    results = await asyncio.gather(add_again(hass, cloud), add_again(hass, cloud))
    for result in results:
        assert_aborted(result, "already_configured")
    assert_limits_kept(cloud, entry)


async def test_a_new_account_keeps_the_limits_from_the_first_request_on(
    hass: HomeAssistant, cloud: Simulator
) -> None:
    # A first attempt that the user abandons.
    await start(hass, host=cloud.url)
    result = await add_again(hass, cloud)
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].state is ConfigEntryState.LOADED
    assert_limits_kept(cloud, result["result"])


async def test_another_account_of_the_portal_is_added_beside_a_busy_one(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry, busy: Busy
) -> None:
    busy(entry)
    result = await choose(hass, await start(hass, host=cloud.url), "api_token")
    guest = cloud.create_api_token("guest")
    result = await configure(hass, result, {CONF_API_TOKEN: guest})
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].state is ConfigEntryState.LOADED
    assert not [query for query in cloud.queries if query.refused]
    pacer = result["result"].runtime_data.pacer
    assert pacer.ledger.used >= cloud.limiter.used("guest")
    assert pacer is not entry.runtime_data.pacer
    assert list(pacer.neighbors()) == []


async def test_signing_in_to_a_running_account_keeps_the_limits(
    hass: HomeAssistant,
    cloud: Simulator,
    client: OAuthClient,
    entry: MockConfigEntry,
    sign_in: SignIn,
    busy: Busy,
) -> None:
    del client
    busy(entry)
    result = await start(hass, host=cloud.url)
    result = await choose(hass, result, "pick_implementation")
    assert_aborted(await sign_in(result), "already_configured")
    assert_limits_kept(cloud, entry)


async def flow_of(
    hass: HomeAssistant, entry: ConfigEntry, source: str
) -> ConfigFlowResult:
    """Start a flow of an entry."""
    return await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": source, "entry_id": entry.entry_id},
        data=dict(entry.data) if source == SOURCE_REAUTH else None,
    )


async def test_reauthentication_with_a_token_keeps_the_limits(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry, busy: Busy
) -> None:
    busy(entry)
    result = await flow_of(hass, entry, SOURCE_REAUTH)
    result = await configure(hass, result, {CONF_API_TOKEN: "wrong"})
    assert result["errors"] == {"base": "invalid_auth"}
    token = cloud.create_api_token("guest")
    result = await configure(hass, result, {CONF_API_TOKEN: token})
    # The form stays, for another attempt.
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": "wrong_account"}
    assert_limits_kept(cloud, entry)


async def test_a_token_of_another_running_account_keeps_its_limits(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry, busy: Busy
) -> None:
    """The wrong token is that of an account that is busy itself."""
    result = await choose(hass, await start(hass, host=cloud.url), "api_token")
    guest = {CONF_API_TOKEN: cloud.create_api_token("guest")}
    result = await configure(hass, result, guest)
    await hass.async_block_till_done()
    busy(result["result"])
    busy(entry)
    again = await flow_of(hass, entry, SOURCE_REAUTH)
    again = await configure(hass, again, guest)
    assert again["type"] is FlowResultType.FORM
    assert again["errors"] == {"base": "wrong_account"}
    assert not [query for query in cloud.queries if query.refused]


async def oauth(hass: HomeAssistant, cloud: Simulator, sign_in: SignIn) -> ConfigEntry:
    """Return the loaded entry of an account that signed in."""
    result = await choose(
        hass, await start(hass, host=cloud.url), "pick_implementation"
    )
    result = await sign_in(result)
    await hass.async_block_till_done()
    added: ConfigEntry = result["result"]
    assert added.state is ConfigEntryState.LOADED
    return added


@pytest.mark.parametrize("source", [SOURCE_REAUTH, SOURCE_RECONFIGURE])
async def test_signing_in_again_keeps_the_limits(
    hass: HomeAssistant,
    cloud: Simulator,
    client: OAuthClient,
    sign_in: SignIn,
    busy: Busy,
    source: str,
) -> None:
    del client
    entry = await oauth(hass, cloud, sign_in)
    used = async_get_pacer(hass, entry.unique_id).ledger.used
    assert used >= cloud.limiter.used("owner") >= 3
    if source == SOURCE_REAUTH:
        # The refresh token is unknown, so the user signs in.
        cloud.world.grants.clear()
    busy(entry)
    result = await flow_of(hass, entry, source)
    if source == SOURCE_RECONFIGURE:
        result = await configure(hass, result, {})
        result = await choose(hass, result, "pick_implementation")
    else:
        assert result["step_id"] == "reauth_confirm"
        result = await configure(hass, result, {})
    result = await sign_in(result)
    assert_aborted(result, f"{source}_successful")
    assert not [query for query in cloud.queries if query.refused]
    assert async_get_pacer(hass, entry.unique_id).ledger.used >= cloud.limiter.used(
        "owner"
    )
    await hass.async_block_till_done()


async def test_renewing_and_revoking_a_token_keeps_the_limits(
    hass: HomeAssistant,
    cloud: Simulator,
    client: OAuthClient,
    sign_in: SignIn,
) -> None:
    del client
    entry = await oauth(hass, cloud, sign_in)
    before = access_token(entry)
    cloud.world.tokens[before].expires_at = time.time() - 1
    data = entry.runtime_data
    await asyncio.gather(
        data.status.async_refresh(),
        data.inventory.async_refresh(),
        data.client.execute("{__typename}", lane=Lane.INTERACTIVE),
    )
    assert access_token(entry) != before
    assert_limits_kept(cloud, entry)
    await hass.config_entries.async_remove(entry.entry_id)
    assert not cloud.world.tokens
    assert not cloud.world.grants
    used = async_get_pacer(hass, entry.unique_id).ledger.used
    assert used >= cloud.limiter.used("owner")
