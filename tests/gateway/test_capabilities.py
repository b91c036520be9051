"""The capabilities of the cameras, and the diagnostics of camera access."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client.days import DAY, HOUR
from custom_components.netrex.const import DOMAIN
from custom_components.netrex.devices import node_identifier
from custom_components.netrex.diagnostics import async_get_config_entry_diagnostics
from custom_components.netrex.gateway import CameraGateway, capabilities
from custom_components.netrex.gateway.coordinator import MAX_LIMITED_CAMERAS
from simulator import Simulator
from simulator.camera.parameters import FIRMWARE
from tests.conftest import SetUp
from tests.leaks import assert_log_clean, assert_no_secret

from .conftest import parameter_calls, parameters


async def test_capabilities_are_read_once(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    gateway: CameraGateway,
) -> None:
    assert gateway.capabilities.data.keys() == cloud.world.cameras.keys()
    asked = len(parameter_calls(cloud))
    assert asked == 2 * len(cloud.world.cameras)

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    again = entry.runtime_data.gateway
    assert again is not gateway
    assert again.capabilities.data == gateway.capabilities.data
    assert len(parameter_calls(cloud)) == asked


async def test_capabilities_are_read_again_after_a_week(
    cloud: Simulator, entry: MockConfigEntry, gateway: CameraGateway, node_id: int
) -> None:
    stored = entry.runtime_data.store.data["capabilities"]
    serial = cloud.world.cameras[node_id].serial_number
    del cloud.calls[:]
    for passed, calls in ((7 * 24 * 3600 - 60, 0), (60, 2), (0, 2)):
        stored[serial]["asked"] -= passed
        await gateway.capabilities.async_refresh()
        assert len(parameter_calls(cloud)) == calls


@pytest.mark.parametrize("ahead", [2 * HOUR, 5 * DAY, 365 * DAY, -HOUR, -DAY])
async def test_capabilities_of_a_wrong_clock_are_not_kept_for_longer(
    cloud: Simulator,
    entry: MockConfigEntry,
    gateway: CameraGateway,
    node_id: int,
    ahead: int,
) -> None:
    stored = entry.runtime_data.store.data["capabilities"]
    stored[cloud.world.cameras[node_id].serial_number]["asked"] += ahead
    del cloud.calls[:]
    for _ in range(2):
        await gateway.capabilities.async_refresh()
        # Read again once if the time is in the future.
        assert len(parameter_calls(cloud)) == (2 if ahead > 0 else 0)


async def test_devices_show_what_the_camera_reports(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    gateway: CameraGateway,
    node_id: int,
) -> None:
    registry = dr.async_get(hass)
    identifier = node_identifier(entry, node_id)
    serial = cloud.world.cameras[node_id].serial_number
    device = registry.async_get_device_by_identifier(identifier, entry.entry_id)
    assert device is not None
    assert (device.manufacturer, device.serial_number) == ("AXIS", serial.upper())
    # Capabilities of an earlier version are read again, without waiting for a week.
    stored = entry.runtime_data.store.data["capabilities"][serial]
    for key in ("manufacturer", "serial_number"):
        del stored[key]
    parameters(cloud, node_id)["Brand.Brand"] = "Another brand"
    parameters(cloud, node_id)["Properties.System.SerialNumber"] = "B8A44F000001"
    await gateway.capabilities.async_refresh()
    device = registry.async_get_device_by_identifier(identifier, entry.entry_id)
    assert device is not None
    assert device.manufacturer == "Another brand"
    assert device.serial_number == "B8A44F000001"


async def test_devices_show_model_and_firmware(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    gateway: CameraGateway,
    node_id: int,
) -> None:
    def device() -> dr.DeviceEntry:
        found = dr.async_get(hass).async_get_device_by_identifier(
            node_identifier(entry, node_id), entry.entry_id
        )
        assert found is not None
        return found

    model = cloud.world.cameras[node_id].model
    assert (device().model, device().sw_version) == (model, FIRMWARE)
    parameters(cloud, node_id)["Properties.Firmware.Version"] = "13.0.1"
    serial = cloud.world.cameras[node_id].serial_number
    entry.runtime_data.store.data["capabilities"][serial]["asked"] -= 7 * 24 * 3600
    await gateway.capabilities.async_refresh()
    assert (device().model, device().sw_version) == (model, "13.0.1")
    # A later update of the tree keeps them.
    node = cloud.world.node(node_id)
    assert node is not None
    node.name = "New name"
    await entry.runtime_data.inventory.async_refresh()
    assert device().name == "New name"
    assert (device().model, device().sw_version) == (model, "13.0.1")


async def test_cameras_appear_in_batches(
    hass: HomeAssistant,
    cloud: Simulator,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(capabilities, "_BATCH_SIZE", 2)
    entry = await set_up()
    coordinator = entry.runtime_data.gateway.capabilities
    seen: list[int] = []
    coordinator.async_add_listener(lambda: seen.append(len(coordinator.data)))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert seen[0] == 2
    assert seen[-1] == len(cloud.world.cameras)


async def test_an_offline_camera_is_read_when_online(
    hass: HomeAssistant, cloud: Simulator, node_id: int, set_up: SetUp
) -> None:
    cloud.world.cameras[node_id].is_connected = False
    entry = await set_up()
    await hass.async_block_till_done(wait_background_tasks=True)
    data = entry.runtime_data
    assert node_id not in data.gateway.capabilities.data
    serial = cloud.world.cameras[node_id].serial_number
    assert serial.lower() not in {call.serial_number for call in parameter_calls(cloud)}

    cloud.world.cameras[node_id].is_connected = True
    await data.status.async_refresh()
    await data.gateway.capabilities.async_refresh()
    assert node_id in data.gateway.capabilities.data


async def test_a_failing_camera_does_not_stop_the_others(
    hass: HomeAssistant, cloud: Simulator, node_id: int, set_up: SetUp
) -> None:
    serial = cloud.world.cameras[node_id].serial_number.lower()
    cloud.faults.add("gateway", "garbage", count=None, match=serial)
    entry = await set_up()
    await hass.async_block_till_done(wait_background_tasks=True)
    found = entry.runtime_data.gateway.capabilities.data
    assert found.keys() == cloud.world.cameras.keys() - {node_id}


async def test_a_rate_limit_ends_the_poll(
    hass: HomeAssistant, cloud: Simulator, set_up: SetUp
) -> None:
    fault = cloud.faults.add("gateway", "status", 429, count=100, match="param.cgi")
    await set_up()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert fault.count == 97


@pytest.mark.parametrize(
    ("status", "reason", "refusing"),
    [
        (status, reason, refusing)
        for status, reason, most in (
            (401, "camera_token_refused", 3),
            (403, "camera_no_permission", 3),
            (429, "rate_limited", MAX_LIMITED_CAMERAS),
        )
        for refusing in ([0], [3], [0, 1], [0, 1, 2])
        if len(refusing) <= most
    ],
)
async def test_a_refusal_is_of_one_camera(
    hass: HomeAssistant,
    cloud: Simulator,
    set_up: SetUp,
    status: int,
    reason: str,
    refusing: list[int],
) -> None:
    cameras = list(cloud.world.cameras.values())
    for camera in cameras:
        camera.ptz = True
        parameters(cloud, camera.node_id)["Properties.PTZ.PTZ"] = "yes"
    refused = [cameras[number] for number in refusing]
    for camera in refused:
        cloud.faults.add(
            "gateway", "status", status, count=None, match=camera.serial_number.lower()
        )
    entry = await set_up()
    await hass.async_block_till_done(wait_background_tasks=True)
    gateway = entry.runtime_data.gateway
    answering = cloud.world.cameras.keys() - {camera.node_id for camera in refused}
    assert gateway.capabilities.data.keys() == answering
    assert gateway.presets.data.keys() == answering
    for camera in cameras:
        image = await gateway.async_snapshot(camera.node_id, None, 0, 0)
        assert bool(image) is (camera.node_id in answering)
    assert ir.async_get(hass).issues == {}
    assert gateway.diagnostics()["cameras"]["errors"] == {reason: len(refused)}

    # The refused cameras are due later, and not at once.
    cloud.faults.clear()
    del cloud.calls[:]
    await gateway.capabilities.async_refresh()
    assert parameter_calls(cloud) == []
    for camera in refused:
        gateway.capabilities.errors.succeeded(camera.serial_number)
    await gateway.capabilities.async_refresh()
    assert gateway.capabilities.data.keys() == cloud.world.cameras.keys()


async def test_diagnostics_contain_no_secret(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    gateway: CameraGateway,
    caplog: pytest.LogCaptureFixture,
) -> None:
    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    shown = diagnostics["gateway"]
    cameras = len(cloud.world.cameras)
    assert shown["calls"]["answered"] >= 2 * cameras
    assert shown["cameras"]["known"] == cameras
    assert shown["cameras"]["with_image_settings"] == cameras
    assert shown["default_address"] is False
    assert shown["problem"] is None
    serials = [camera.serial_number for camera in cloud.world.cameras.values()]
    assert_no_secret(repr(diagnostics), [*cloud.secrets, *serials])
    assert_log_clean(caplog, cloud.secrets)
    states = repr([state.as_dict() for state in hass.states.async_all()])
    assert_no_secret(states, cloud.secrets)
    assert not ir.async_get(hass).issues.keys() & {(DOMAIN, "camera_access")}
