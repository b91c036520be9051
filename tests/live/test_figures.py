"""Sensors, diagnostics and the issue of live view."""

import av
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.const import CONF_LIVE_TRANSPORT, DOMAIN
from custom_components.netrex.live import VideoSource
from simulator import Simulator
from tests.simulator.rtsp_client import RtspClient

from ..relay.players import until, watch


@pytest.fixture
def camera_id(cloud: Simulator) -> int:
    """Return a camera's node id."""
    return next(iter(cloud.world.cameras))


@pytest.fixture
def address(entry: MockConfigEntry, camera_id: int) -> str:
    """Return the camera's address."""
    address: str = entry.runtime_data.live.stream_source(VideoSource(camera_id))
    return address


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the delay after failures."""
    monkeypatch.setattr("custom_components.netrex.live.links._DELAYS", (0.0,))


def entity_of(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> str:
    """Return the entity id of a sensor; `key` is the suffix of its unique id."""
    entity_id = er.async_get(hass).async_get_entity_id(
        "sensor", DOMAIN, f"{entry.unique_id}_{key}"
    )
    assert entity_id
    return entity_id


async def enable(hass: HomeAssistant, entry: MockConfigEntry, *keys: str) -> None:
    """Enable sensors that are disabled by default."""
    registry = er.async_get(hass)
    for key in keys:
        entity_id = entity_of(hass, entry, key)
        described = registry.async_get(entity_id)
        assert described
        assert described.disabled_by is er.RegistryEntryDisabler.INTEGRATION
        registry.async_update_entity(entity_id, disabled_by=None)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()


def value(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> str:
    """Return a sensor's state."""
    state = hass.states.get(entity_of(hass, entry, key))
    assert state
    return state.state


def issue_of(hass: HomeAssistant, entry: MockConfigEntry) -> ir.IssueEntry | None:
    """Return the account's issue, if there is one."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"live_view_{entry.entry_id}")


async def test_sensors_follow_the_viewers(
    hass: HomeAssistant, entry: MockConfigEntry, camera_id: int
) -> None:
    transport = f"{camera_id}_live_transport"
    await enable(hass, entry, "live_sessions", "live_links", transport)
    address = entry.runtime_data.live.stream_source(VideoSource(camera_id))
    assert value(hass, entry, "live_sessions") == "0"
    assert value(hass, entry, "live_links") == "0"
    assert value(hass, entry, transport) == STATE_UNKNOWN

    async with await RtspClient.connect(address) as client:
        assert (await client.request("DESCRIBE")).status == 200
        await until(lambda: value(hass, entry, "live_sessions") == "1")
        assert value(hass, entry, "live_links") == "1"
        assert value(hass, entry, transport) == "rtsp"
    await until(lambda: value(hass, entry, "live_sessions") == "0")

    assert await hass.config_entries.async_reload(entry.entry_id)
    assert value(hass, entry, "live_links") == "1"


async def test_diagnostics_count_transports_and_failures(
    cloud: Simulator,
    entry: MockConfigEntry,
    camera_id: int,
    address: str,
    no_pause: None,
) -> None:
    assert await watch(address)
    cloud.faults.add("rtsp", "cut", count=None)
    with pytest.raises(av.FFmpegError):
        await watch(address)

    figures = entry.runtime_data.live.diagnostics()

    assert figures["cameras_by_last_transport"] == {"rtsp": 1}
    assert figures["failures"]["refused"] >= 2
    assert figures["links_in_24_hours"] == len(cloud.links)
    assert figures["endpoints"] == 1


@pytest.mark.parametrize(
    ("pinned", "key"),
    [("auto", "live_view_fails"), ("rtspws", "live_transport_fails")],
)
async def test_an_issue_is_created_if_no_transport_works(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    camera_id: int,
    no_pause: None,
    pinned: str,
    key: str,
) -> None:
    hass.config_entries.async_update_entry(entry, options={CONF_LIVE_TRANSPORT: pinned})
    assert await hass.config_entries.async_reload(entry.entry_id)
    address = entry.runtime_data.live.stream_source(VideoSource(camera_id))
    cloud.faults.add("rtsp", "cut", count=None)

    # While the camera is disconnected, the network is not to blame.
    status = entry.runtime_data.status
    cloud.world.cameras[camera_id].is_connected = False
    await status.async_refresh()
    cloud.world.cameras[camera_id].is_connected = True
    for _ in range(3):
        with pytest.raises(av.FFmpegError):
            await watch(address)
    assert entry.runtime_data.live.diagnostics()["failures"]
    assert issue_of(hass, entry) is None

    await status.async_refresh()
    with pytest.raises(av.FFmpegError):
        await watch(address)
    issue = issue_of(hass, entry)
    assert issue
    assert issue.translation_key == key
    assert issue.translation_placeholders == {"name": entry.title}

    cloud.faults.clear("rtsp")
    assert await watch(address)
    await until(lambda: issue_of(hass, entry) is None)


async def test_unloading_deletes_the_issue(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    address: str,
    no_pause: None,
) -> None:
    cloud.faults.add("rtsp", "cut", count=None)
    for _ in range(3):
        with pytest.raises(av.FFmpegError):
            await watch(address)
    assert issue_of(hass, entry)

    assert await hass.config_entries.async_unload(entry.entry_id)

    assert issue_of(hass, entry) is None
