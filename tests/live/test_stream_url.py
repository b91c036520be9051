"""The address at which other devices play a camera."""

import asyncio
from collections.abc import Generator
from datetime import timedelta
import errno
import socket
from urllib.parse import urlsplit

import av
from homeassistant.auth.models import User
from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_ENTITY_ID
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
)
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.netrex.const import (
    CONF_RELAY_ACCESS,
    CONF_RELAY_HOST,
    CONF_RELAY_PORT,
    DOMAIN,
)
from custom_components.netrex.live.access import RETRY_INTERVAL_SECONDS
from custom_components.netrex.live.actions import (
    ACTION_GET_STREAM_URL,
    ACTION_RENEW_STREAM_SECRET,
)
from custom_components.netrex.relay.endpoint import Endpoint, bind
from custom_components.netrex.relay.server import Relay
from simulator import Simulator
from tests.simulator.rtsp_client import RtspClient

from ..conftest import SetUp
from ..leaks import assert_log_clean
from ..relay.players import until, watch


def switch_on(hass: HomeAssistant, entry: MockConfigEntry, port: int = 0) -> None:
    """Enable access for other devices; loopback stands in for the network."""
    hass.config_entries.async_update_entry(
        entry,
        options={
            CONF_RELAY_ACCESS: True,
            CONF_RELAY_HOST: "127.0.0.1",
            CONF_RELAY_PORT: port,
        },
    )


@pytest.fixture
def open_entry(hass: HomeAssistant, config_entry: MockConfigEntry) -> MockConfigEntry:
    """Return an account with access for other devices, not yet set up."""
    config_entry.add_to_hass(hass)
    switch_on(hass, config_entry)
    return config_entry


@pytest.fixture
def taken() -> Generator[socket.socket]:
    """Occupy a port."""
    with bind("127.0.0.1", 0) as listening:
        yield listening


async def load(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set an account up."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


def entity_of(hass: HomeAssistant, entry: MockConfigEntry, cloud: Simulator) -> str:
    """Return the entity of the first camera."""
    unique_id = f"{entry.unique_id}_{next(iter(cloud.world.cameras))}_camera"
    entity_id = er.async_get(hass).async_get_entity_id(CAMERA_DOMAIN, DOMAIN, unique_id)
    assert entity_id is not None
    return entity_id


async def get_urls(
    hass: HomeAssistant, *entity_ids: str, user: User | None = None
) -> list[str]:
    """Call the action; return the addresses in the order of the entities."""
    response = await hass.services.async_call(
        DOMAIN,
        ACTION_GET_STREAM_URL,
        {ATTR_ENTITY_ID: list(entity_ids)},
        blocking=True,
        return_response=True,
        context=Context(user_id=user.id if user else None),
    )
    assert response
    urls = []
    for entity_id in entity_ids:
        answer = response[entity_id]
        assert isinstance(answer, dict)
        url = answer["url"]
        assert isinstance(url, str)
        urls.append(url)
    return urls


async def renew(
    hass: HomeAssistant, entry: MockConfigEntry, user: User | None = None
) -> None:
    """Call the action that invalidates the addresses."""
    await hass.services.async_call(
        DOMAIN,
        ACTION_RENEW_STREAM_SECRET,
        {ATTR_CONFIG_ENTRY_ID: entry.entry_id},
        blocking=True,
        context=Context(user_id=user.id if user else None),
    )


def issue_of(hass: HomeAssistant, entry: MockConfigEntry) -> ir.IssueEntry | None:
    """Return the account's issue, if there is one."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"relay_access_{entry.entry_id}")


async def test_an_administrator_gets_working_addresses(
    hass: HomeAssistant,
    cloud: Simulator,
    open_entry: MockConfigEntry,
    hass_admin_user: User,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await load(hass, open_entry)
    entity_ids = sorted(hass.states.async_entity_ids(CAMERA_DOMAIN))

    urls = await get_urls(hass, *entity_ids, user=hass_admin_user)

    # Each camera's address is valid for this camera only.
    assert len({urlsplit(url).query for url in urls}) == len(urls) > 1
    assert {urlsplit(url).hostname for url in urls} == {"127.0.0.1"}
    assert cloud.links == []
    assert await watch(urls[0]) == [1080] * 3
    assert len(cloud.links) == 1
    assert_log_clean(caplog, {*cloud.secrets, *urls})


async def test_home_assistants_own_address_is_a_different_one(
    hass: HomeAssistant, cloud: Simulator, open_entry: MockConfigEntry
) -> None:
    await load(hass, open_entry)
    entity_id = entity_of(hass, open_entry, cloud)
    [url] = await get_urls(hass, entity_id)
    camera = hass.data["camera"].get_entity(entity_id)
    own = await camera.stream_source()

    assert urlsplit(own).port != urlsplit(url).port
    assert urlsplit(own).query != urlsplit(url).query


async def test_other_devices_do_not_delay_home_assistant(
    hass: HomeAssistant, cloud: Simulator, open_entry: MockConfigEntry
) -> None:
    """Covers a monitor that only sends DESCRIBE."""
    await load(hass, open_entry)
    entity_id = entity_of(hass, open_entry, cloud)
    [url] = await get_urls(hass, entity_id)
    camera = hass.data["camera"].get_entity(entity_id)

    for _ in range(2):
        async with await RtspClient.connect(url) as monitor:
            assert (await monitor.request("DESCRIBE")).status == 200
            assert open_entry.runtime_data.live.sessions == 1
            # Activity and history must not show who looks, and when.
            assert hass.states.is_state(entity_id, "idle")
        await until(lambda: not open_entry.runtime_data.live.sessions)
    async with await RtspClient.connect(await camera.stream_source()) as viewer:
        assert (await viewer.request("DESCRIBE")).status == 200
    # The monitor itself has to wait.
    async with await RtspClient.connect(url) as monitor:
        assert (await monitor.request("DESCRIBE")).status == 503


async def test_other_users_are_rejected(
    hass: HomeAssistant,
    cloud: Simulator,
    open_entry: MockConfigEntry,
    hass_read_only_user: User,
) -> None:
    await load(hass, open_entry)
    entity_id = entity_of(hass, open_entry, cloud)

    with pytest.raises(Unauthorized):
        await get_urls(hass, entity_id, user=hass_read_only_user)
    before = await get_urls(hass, entity_id)
    with pytest.raises(Unauthorized):
        await renew(hass, open_entry, user=hass_read_only_user)
    assert await get_urls(hass, entity_id) == before


async def test_without_the_option_the_error_names_it(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    assert entry.runtime_data.live.diagnostics()["endpoints"] == 1

    with pytest.raises(ServiceValidationError, match="for other devices in") as caught:
        await get_urls(hass, entity_of(hass, entry, cloud))

    assert caught.value.translation_key == "relay_access_off"
    # There is nothing to renew, which is not an error.
    await renew(hass, entry)


async def test_addresses_survive_a_restart(
    hass: HomeAssistant, cloud: Simulator, open_entry: MockConfigEntry
) -> None:
    await load(hass, open_entry)
    entity_id = entity_of(hass, open_entry, cloud)
    before = await get_urls(hass, entity_id)

    assert await hass.config_entries.async_unload(open_entry.entry_id)
    with pytest.raises(av.ConnectionRefusedError):
        await watch(before[0])
    await load(hass, open_entry)

    assert await get_urls(hass, entity_id) == before
    assert await watch(before[0])


async def test_a_recorder_that_connects_during_a_reload_gets_its_stream(
    hass: HomeAssistant,
    cloud: Simulator,
    open_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await load(hass, open_entry)
    [url] = await get_urls(hass, entity_of(hass, open_entry, cloud))
    assert await hass.config_entries.async_unload(open_entry.entry_id)
    answers: list[int] = []
    listen = Relay.listen

    async def async_listen(relay: Relay, endpoint: Endpoint) -> Endpoint:
        endpoint = await listen(relay, endpoint)
        if endpoint.port == urlsplit(url).port:
            # Before setup continues.
            async with asyncio.timeout(5), await RtspClient.connect(url) as recorder:
                answers.append((await recorder.request("DESCRIBE")).status)
        return endpoint

    monkeypatch.setattr(Relay, "listen", async_listen)
    await load(hass, open_entry)

    assert answers == [200]


async def test_a_new_secret_invalidates_the_old_addresses(
    hass: HomeAssistant, cloud: Simulator, open_entry: MockConfigEntry
) -> None:
    await load(hass, open_entry)
    entity_id = entity_of(hass, open_entry, cloud)
    [old] = await get_urls(hass, entity_id)

    async with await RtspClient.connect(old) as viewer:
        assert (await viewer.request("DESCRIBE")).status == 200
        await renew(hass, open_entry)
        assert await viewer.closed()

    with pytest.raises(av.HTTPNotFoundError):
        await watch(old)
    [new] = await get_urls(hass, entity_id)
    assert urlsplit(new).netloc == urlsplit(old).netloc
    assert await watch(new)
    assert await hass.config_entries.async_reload(open_entry.entry_id)
    assert await get_urls(hass, entity_id) == [new]


async def test_an_unknown_account_is_an_error(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    with pytest.raises(ServiceValidationError):
        await hass.services.async_call(
            DOMAIN,
            ACTION_RENEW_STREAM_SECRET,
            {ATTR_CONFIG_ENTRY_ID: "unknown"},
            blocking=True,
        )


async def test_a_port_in_use_is_an_issue_until_it_is_free(
    hass: HomeAssistant,
    cloud: Simulator,
    open_entry: MockConfigEntry,
    taken: socket.socket,
) -> None:
    port = taken.getsockname()[1]
    switch_on(hass, open_entry, port)
    await load(hass, open_entry)
    entity_id = entity_of(hass, open_entry, cloud)

    issue = issue_of(hass, open_entry)
    assert issue
    assert issue.translation_key == "relay_port_in_use"
    assert issue.translation_placeholders == {
        "name": open_entry.title,
        "address": "127.0.0.1",
    }
    with pytest.raises(HomeAssistantError) as caught:
        await get_urls(hass, entity_id)
    assert caught.value.translation_key == "relay_access_fails"
    # Home Assistant's own viewers are not affected.
    camera = hass.data["camera"].get_entity(entity_id)
    assert await watch(await camera.stream_source())

    taken.close()
    async_fire_time_changed(
        hass, dt_util.utcnow() + timedelta(seconds=RETRY_INTERVAL_SECONDS + 1)
    )
    await hass.async_block_till_done()

    assert issue_of(hass, open_entry) is None
    assert f":{port}/" in (await get_urls(hass, entity_id))[0]


async def test_unloading_deletes_the_issue(
    hass: HomeAssistant, open_entry: MockConfigEntry, taken: socket.socket
) -> None:
    switch_on(hass, open_entry, taken.getsockname()[1])
    await load(hass, open_entry)
    assert issue_of(hass, open_entry)

    assert await hass.config_entries.async_unload(open_entry.entry_id)

    # A retry that has already started does nothing.
    assert issue_of(hass, open_entry) is None


@pytest.mark.parametrize("again", [False, True])
async def test_a_port_lost_while_renewing_is_reported_and_retried(
    hass: HomeAssistant,
    cloud: Simulator,
    open_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    again: bool,
) -> None:
    await load(hass, open_entry)
    entity_id = entity_of(hass, open_entry, cloud)
    [old] = await get_urls(hass, entity_id)

    def refuse(host: str, port: int) -> socket.socket:
        raise OSError(errno.EADDRINUSE, f"{host} {port}")

    with monkeypatch.context() as lost:
        lost.setattr("custom_components.netrex.relay.server.bind", refuse)
        with pytest.raises(HomeAssistantError) as caught:
            await renew(hass, open_entry)
    assert caught.value.translation_key == "relay_access_fails"
    issue = issue_of(hass, open_entry)
    assert issue
    assert issue.translation_key == "relay_port_in_use"

    # By another renewal, or by a retry.
    if again:
        await renew(hass, open_entry)
    async_fire_time_changed(
        hass, dt_util.utcnow() + timedelta(seconds=RETRY_INTERVAL_SECONDS + 1)
    )
    await hass.async_block_till_done()

    assert issue_of(hass, open_entry) is None
    [new] = await get_urls(hass, entity_id)
    assert new != old
    assert urlsplit(new).netloc == urlsplit(old).netloc
    assert await watch(new)


async def test_a_setup_without_a_loopback_port_is_retried(
    hass: HomeAssistant, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(host: str, port: int) -> socket.socket:
        raise OSError(f"{host} {port}")

    monkeypatch.setattr("custom_components.netrex.relay.server.bind", refuse)
    entry = await set_up()

    assert entry.error_reason_translation_key == "no_loopback"
    with monkeypatch.context() as repaired:
        repaired.setattr("custom_components.netrex.relay.server.bind", bind)
        assert await hass.config_entries.async_reload(entry.entry_id)
