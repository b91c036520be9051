"""The issue about a refused camera access token, and its fix flow."""

import contextlib
from http import HTTPStatus
from typing import Any

from homeassistant.components.repairs import DOMAIN as REPAIRS_DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.netrex.const import CONF_DEVICE_TOKEN, DOMAIN
from custom_components.netrex.gateway import CameraGateway, access
from simulator import Simulator
from tests.leaks import assert_log_clean

from .conftest import SENSOR, parameter_calls


def issue(hass: HomeAssistant, entry: MockConfigEntry) -> ir.IssueEntry | None:
    """Return the issue, if there is one."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"camera_access_{entry.entry_id}")


async def read(hass: HomeAssistant, gateway: CameraGateway, node_id: int) -> None:
    """Read from a camera, successfully or not, and wait for the check of the token."""
    with contextlib.suppress(HomeAssistantError):
        await gateway.parameters(node_id).async_read_group(SENSOR)
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.fixture
def weak_token(cloud: Simulator) -> str:
    """Return a token without the Configuration permission."""
    return cloud.create_api_token(scopes=["read"])


def use(gateway: CameraGateway, token: str) -> None:
    """Replace the token of the gateway client."""
    gateway.client._token = token


async def test_an_expired_token_creates_one_issue_until_it_works(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    gateway: CameraGateway,
    node_id: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert issue(hass, entry) is None
    token = entry.options[CONF_DEVICE_TOKEN]
    use(gateway, cloud.create_api_token(expires_in=-1))
    await read(hass, gateway, node_id)
    found = issue(hass, entry)
    assert found is not None
    assert found.translation_key == "camera_token_refused"
    assert found.is_fixable
    # The refused call alone; the token is not checked again so soon.
    del cloud.calls[:]
    await read(hass, gateway, node_id)
    assert len(parameter_calls(cloud)) == 1

    use(gateway, token)
    await read(hass, gateway, node_id)
    assert issue(hass, entry) is None
    assert_log_clean(caplog, cloud.secrets)


async def test_a_missing_permission_creates_an_issue(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    gateway: CameraGateway,
    node_id: int,
    weak_token: str,
) -> None:
    use(gateway, weak_token)
    await read(hass, gateway, node_id)
    found = issue(hass, entry)
    assert found is not None
    assert found.translation_key == "camera_no_permission"
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert issue(hass, entry) is None


def refuse(cloud: Simulator, status: int, node_id: int) -> None:
    """Let a camera refuse all calls."""
    serial_number = cloud.world.cameras[node_id].serial_number.lower()
    cloud.faults.add("gateway", "status", status, count=None, match=serial_number)


@pytest.mark.parametrize("status", [401, 403])
async def test_one_camera_that_refuses_creates_no_issue(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    gateway: CameraGateway,
    node_id: int,
    status: int,
) -> None:
    refuse(cloud, status, node_id)
    await read(hass, gateway, node_id)
    assert issue(hass, entry) is None
    # A token is accepted if one camera accepts it.
    url, token = entry.options["device_url"], entry.options[CONF_DEVICE_TOKEN]
    assert await access.async_validate_token(hass, entry, url, token) is None


async def test_only_the_cameras_of_the_issue_end_it(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    gateway: CameraGateway,
) -> None:
    first, second, *others = cloud.world.cameras
    for camera in others:
        cloud.world.cameras[camera].is_connected = False
    await entry.runtime_data.status.async_refresh()
    refuse(cloud, 401, first)
    refuse(cloud, 403, second)
    await read(hass, gateway, second)
    found = issue(hass, entry)
    assert found is not None
    cameras = entry.runtime_data.inventory.data.cameras
    assert found.translation_placeholders == {
        "name": entry.title,
        "cameras": f"{cameras[second].name}, {cameras[first].name}",
    }
    cloud.world.cameras[others[0]].is_connected = True
    await read(hass, gateway, others[0])
    assert issue(hass, entry) is not None
    cloud.faults.clear()
    await read(hass, gateway, first)
    assert issue(hass, entry) is None


async def test_one_camera_does_not_decide_while_the_others_are_silent(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    gateway: CameraGateway,
    node_id: int,
) -> None:
    for other in cloud.world.cameras.keys() - {node_id}:
        cloud.world.cameras[other].is_connected = False
    refuse(cloud, 401, node_id)
    await read(hass, gateway, node_id)
    assert issue(hass, entry) is None


@pytest.mark.parametrize("kind", ["works", "cut"])
async def test_a_single_refused_call_creates_no_issue(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    gateway: CameraGateway,
    node_id: int,
    kind: str,
) -> None:
    cloud.faults.add("gateway", "status", 403)
    if kind == "cut":
        cloud.faults.add("gateway", "cut", count=2)
    await read(hass, gateway, node_id)
    assert issue(hass, entry) is None
    assert gateway.diagnostics()["problem"] is None


async def start_fix(hass: HomeAssistant, client: Any, entry: MockConfigEntry) -> Any:  # noqa: ANN401 - JSON of any shape
    """Start the fix flow of the issue."""
    answer = await client.post(
        "/api/repairs/issues/fix",
        json={"handler": DOMAIN, "issue_id": f"camera_access_{entry.entry_id}"},
    )
    assert answer.status == HTTPStatus.OK
    return await answer.json()


async def test_the_fix_flow_asks_until_a_token_works(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    gateway: CameraGateway,
    node_id: int,
    weak_token: str,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert await async_setup_component(hass, REPAIRS_DOMAIN, {})
    old = entry.options[CONF_DEVICE_TOKEN]
    cloud.oauth.revoke(old)
    await read(hass, gateway, node_id)
    client = await hass_client()
    form = await start_fix(hass, client, entry)
    assert form["step_id"] == "token"
    cameras = entry.runtime_data.inventory.data.cameras.values()
    assert form["description_placeholders"] == {
        "name": entry.title,
        "cameras": ", ".join(camera.name for camera in cameras),
    }
    # The old token is not shown.
    assert old not in str(form)

    url = f"/api/repairs/issues/fix/{form['flow_id']}"
    for answer, fault in (
        ({}, "camera_token_refused"),
        ({CONF_DEVICE_TOKEN: "nonsense"}, "camera_token_refused"),
        ({CONF_DEVICE_TOKEN: weak_token}, "camera_no_permission"),
    ):
        form = await (await client.post(url, json=answer)).json()
        assert form["errors"] == {"base": fault}
        assert entry.options[CONF_DEVICE_TOKEN] == old

    new = cloud.create_api_token(scopes=["configuration"])
    done = await (await client.post(url, json={CONF_DEVICE_TOKEN: f" {new}\n"})).json()
    assert done["type"] == "create_entry"
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.options[CONF_DEVICE_TOKEN] == new
    assert entry.state is ConfigEntryState.LOADED
    assert issue(hass, entry) is None
    assert await entry.runtime_data.gateway.parameters(node_id).async_read_group(SENSOR)
    assert_log_clean(caplog, cloud.secrets)


async def test_the_fix_flow_accepts_the_stored_token_once_it_works(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    gateway: CameraGateway,
    node_id: int,
    hass_client: ClientSessionGenerator,
) -> None:
    assert await async_setup_component(hass, REPAIRS_DOMAIN, {})
    cloud.faults.add("gateway", "status", 403, count=None)
    await read(hass, gateway, node_id)
    client = await hass_client()
    form = await start_fix(hass, client, entry)
    cloud.faults.clear()
    url = f"/api/repairs/issues/fix/{form['flow_id']}"
    assert (await (await client.post(url, json={})).json())["type"] == "create_entry"
    await hass.async_block_till_done()
    assert issue(hass, entry) is None


async def test_offline_cameras_do_not_decide_about_the_token(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    url, token = entry.options["device_url"], entry.options[CONF_DEVICE_TOKEN]

    async def fault() -> str | None:
        return await access.async_validate_token(hass, entry, url, token)

    assert await fault() is None
    # The portal still lists it as connected.
    cameras = list(cloud.world.cameras.values())
    cameras[0].is_connected = False
    assert await fault() is None
    for camera in cameras:
        camera.is_connected = False
    assert await fault() == "camera_unreachable"
    await entry.runtime_data.status.async_refresh()
    assert await fault() == "no_camera_to_test"
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert await fault() == "no_camera_to_test"
