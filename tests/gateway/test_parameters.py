"""The actions that read and write parameters."""

from typing import Any

from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
)
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
import voluptuous as vol

from custom_components.netrex.const import CONF_DEVICE_URL, DOMAIN
from custom_components.netrex.gateway import CameraGateway
from simulator import Simulator
from tests.leaks import assert_log_clean, assert_no_secret, texts

from .conftest import BRIGHTNESS, SENSOR, Entities, parameter_calls, parameters

CONTRAST = f"{SENSOR}.Contrast"


class Actions:
    """Calls the actions for cameras by node id."""

    def __init__(
        self, hass: HomeAssistant, entry: MockConfigEntry, cloud: Simulator
    ) -> None:
        self._hass = hass
        self._entry = entry
        del cloud.calls[:]

    def entity(self, node_id: int) -> str:
        """Return a camera's entity."""
        return Entities(self._hass, self._entry, node_id).id("camera", "camera")

    async def get(self, group: str, *node_ids: int) -> dict[str, Any]:
        """Read a group."""
        return await self._call("get_camera_parameters", node_ids, {"group": group})

    async def set(
        self,
        changes: object,
        *node_ids: int,
        context: Context | None = None,
        **options: object,
    ) -> dict[str, Any]:
        """Write parameters."""
        data = {"parameters": changes, **options}
        return await self._call("set_camera_parameters", node_ids, data, context)

    async def _call(
        self,
        action: str,
        node_ids: tuple[int, ...],
        data: dict[str, Any],
        context: Context | None = None,
    ) -> dict[str, Any]:
        entity_ids = [self.entity(node_id) for node_id in node_ids]
        answer = await self._hass.services.async_call(
            DOMAIN,
            action,
            {ATTR_ENTITY_ID: entity_ids, **data},
            blocking=True,
            context=context,
            return_response=True,
        )
        assert answer is not None
        return dict(answer)


@pytest.fixture
def actions(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    gateway: CameraGateway,
    cloud: Simulator,
) -> Actions:
    """Return a caller of the actions."""
    return Actions(hass, entry, cloud)


async def test_a_group_is_read(
    cloud: Simulator, actions: Actions, node_id: int
) -> None:
    answer = await actions.get(SENSOR, node_id)
    values = parameters(cloud, node_id)
    assert answer == {
        actions.entity(node_id): {
            name: value for name, value in values.items() if name.startswith(SENSOR)
        }
    }


async def test_parameters_of_several_cameras_are_written_and_read_again(
    cloud: Simulator, actions: Actions
) -> None:
    first, second = list(cloud.world.cameras)[:2]
    parameters(cloud, second)[CONTRAST] = "7"
    changes = {f"root.{BRIGHTNESS}": 61, CONTRAST: "44"}
    answer = await actions.set(changes, first, second)
    after = {BRIGHTNESS: "61", CONTRAST: "44"}
    assert answer == {
        actions.entity(first): {
            "before": {BRIGHTNESS: "50", CONTRAST: "50"},
            "after": after,
        },
        actions.entity(second): {
            "before": {BRIGHTNESS: "50", CONTRAST: "7"},
            "after": after,
        },
    }
    for node_id in (first, second):
        assert parameters(cloud, node_id).items() >= after.items()
        serial = cloud.world.cameras[node_id].serial_number.lower()
        calls = [
            call for call in parameter_calls(cloud) if call.serial_number == serial
        ]
        # Read, written with one call, read back.
        assert [call.method for call in calls] == ["GET", "POST", "GET"]


async def test_a_dry_run_writes_nothing(
    cloud: Simulator, actions: Actions, node_id: int
) -> None:
    answer = await actions.set({BRIGHTNESS: 61}, node_id, dry_run=True)
    assert answer[actions.entity(node_id)] == {
        "before": {BRIGHTNESS: "50"},
        "after": {BRIGHTNESS: "61"},
    }
    assert parameters(cloud, node_id)[BRIGHTNESS] == "50"
    assert [call.method for call in parameter_calls(cloud)] == ["GET"]


async def test_only_administrators_write(
    cloud: Simulator, actions: Actions, node_id: int, hass_read_only_user: MockUser
) -> None:
    context = Context(user_id=hass_read_only_user.id)
    with pytest.raises(Unauthorized):
        await actions.set({BRIGHTNESS: 61}, node_id, context=context)
    assert parameter_calls(cloud) == []


# Names and values that a camera could interpret differently; see also the longer table
# in tests/client/camera/test_parameters.py.
HOSTILE: list[tuple[str, object, str]] = [
    ("action", "update", "parameter_name_invalid"),
    ("usergroup", "root", "parameter_name_invalid"),
    ("DEVICE_ACCESS_TOKEN", "x", "parameter_name_invalid"),
    (f"{BRIGHTNESS}&action=restart", 1, "parameter_name_invalid"),
    (f"{BRIGHTNESS}\r\n", 1, "parameter_name_invalid"),
    (f"{SENSOR}%2eBrightness", 1, "parameter_name_invalid"),
    ("Network.HostName", "x", "parameter_not_allowed"),
    ("root.System.BoaGroupPolicy.admin", "ssl", "parameter_not_allowed"),
    ("root.root.Network.HostName", "x", "parameter_not_allowed"),
    (BRIGHTNESS, "1&action=update", "parameter_value_invalid"),
    (BRIGHTNESS, "1%26Network.HostName%3Dx", "parameter_value_invalid"),
    (BRIGHTNESS, "1\nroot.Network.HostName=x", "parameter_value_invalid"),
    ("Image.I0.Text.String", "x" * 300, "parameter_value_invalid"),
]


async def test_hostile_parameters_are_not_sent(
    cloud: Simulator, actions: Actions
) -> None:
    for dry_run in (True, False):
        for name, value, key in HOSTILE:
            with pytest.raises(ServiceValidationError) as caught:
                await actions.set(
                    {CONTRAST: 1, name: value}, *cloud.world.cameras, dry_run=dry_run
                )
            assert caught.value.translation_key == key, name
    assert parameter_calls(cloud) == []


async def test_invalid_changes_are_refused(
    cloud: Simulator, actions: Actions, node_id: int
) -> None:
    for changes in (
        {},
        "x",
        [BRIGHTNESS],
        {BRIGHTNESS: None},
        {BRIGHTNESS: {"a": 1}},
        {f"{SENSOR}.P{number}": 1 for number in range(31)},
    ):
        with pytest.raises(vol.Invalid):
            await actions.set(changes, node_id)
    assert parameter_calls(cloud) == []


async def test_hostile_groups_are_not_sent(
    cloud: Simulator, actions: Actions, node_id: int
) -> None:
    for group in ("", "a&action=update", "Image,Network", "a\nb", "%", "a=b"):
        with pytest.raises(ServiceValidationError) as caught:
            await actions.get(group, node_id)
        assert caught.value.translation_key == "parameter_name_invalid"
    assert parameter_calls(cloud) == []


async def test_an_invalid_serial_number_is_not_called(
    cloud: Simulator, entry: MockConfigEntry, actions: Actions, node_id: int
) -> None:
    for serial in ("evil.example.com", "127.0.0.1", "ACCC8EE8A9CA.evil.cz/x", "", None):
        cloud.world.cameras[node_id].serial_number = serial  # type: ignore[assignment]  # as a portal may
        await entry.runtime_data.inventory.async_refresh()
        for call in (
            actions.get(SENSOR, node_id),
            actions.set({BRIGHTNESS: 1}, node_id),
        ):
            with pytest.raises(HomeAssistantError) as caught:
                await call
            assert caught.value.translation_key == "camera_call_missing"
    assert parameter_calls(cloud) == []


async def test_nothing_is_written_if_the_camera_lacks_a_parameter(
    cloud: Simulator, actions: Actions, node_id: int
) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await actions.set({BRIGHTNESS: 1, f"{SENSOR}.NoSuchThing": 1}, node_id)
    assert caught.value.translation_key == "camera_refused"
    assert [call.method for call in parameter_calls(cloud)] == ["GET"]


async def test_values_written_before_a_refused_one_are_kept(
    cloud: Simulator, actions: Actions, node_id: int
) -> None:
    with pytest.raises(ServiceValidationError, match="Error setting"):
        await actions.set({CONTRAST: 1, BRIGHTNESS: 101}, node_id)
    # Kept by the camera, and read back.
    assert parameters(cloud, node_id)[CONTRAST] == "1"
    assert [call.method for call in parameter_calls(cloud)] == ["GET", "POST", "GET"]


async def test_a_confirmed_change_that_did_not_happen_is_an_error(
    cloud: Simulator,
    actions: Actions,
    node_id: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device = cloud.camera(node_id).parameters
    monkeypatch.setattr(device, "update", lambda _: "OK")
    with pytest.raises(HomeAssistantError) as caught:
        await actions.set({BRIGHTNESS: 61}, node_id)
    assert caught.value.translation_key == "parameter_not_taken"
    assert caught.value.translation_placeholders == {"parameters": BRIGHTNESS}


async def test_errors_contain_no_secret(
    cloud: Simulator,
    actions: Actions,
    node_id: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for kind, value in (
        ("status", 401),
        ("status", 500),
        ("cut", None),
        ("html", None),
        ("cut_body", None),
    ):
        # Permanent, because aiohttp repeats a GET on a connection that was cut.
        cloud.faults.add("gateway", kind, value, count=None)
        with pytest.raises(HomeAssistantError) as caught:
            await actions.get(SENSOR, node_id)
        cloud.faults.clear()
        assert_no_secret(texts(caught.value), cloud.secrets)
    assert_log_clean(caplog, cloud.secrets)


async def test_the_address_in_the_options_is_used(
    cloud: Simulator, entry: MockConfigEntry, actions: Actions, node_id: int
) -> None:
    assert entry.options[CONF_DEVICE_URL].startswith(cloud.url)
    await actions.get("Brand", node_id)
    [call] = parameter_calls(cloud)
    assert call.serial_number == cloud.world.cameras[node_id].serial_number.lower()
    assert dict(call.arguments) == {"action": "list", "group": "Brand"}
