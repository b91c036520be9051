"""PTZ through Home Assistant, against the simulated cloud."""

import asyncio
import unicodedata

from homeassistant.components.button import DOMAIN as BUTTON_DOMAIN, SERVICE_PRESS
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.netrex.const import DOMAIN
from custom_components.netrex.gateway import ptz as moves
from simulator import Simulator
from simulator.camera.camera import SimulatedCamera
from simulator.camera.ptz import Position
from tests.waiting import eventually

from .conftest import DOCUMENTATION, Entities

ACCOUNT = DOCUMENTATION
pytestmark = pytest.mark.usefixtures("haste")

HOME = Position()


def head(camera: SimulatedCamera) -> Position:
    """Return the position of a camera."""
    assert camera.ptz is not None
    return camera.ptz.position


def moving(camera: SimulatedCamera) -> bool:
    """Return whether a camera is in continuous movement."""
    assert camera.ptz is not None
    return bool(camera.ptz._motion)


async def move(hass: HomeAssistant, target: str, **data: object) -> None:
    """Call the action."""
    await hass.services.async_call(
        DOMAIN, "ptz", {"entity_id": target} | data, blocking=True
    )


@pytest.fixture
def target(entities: Entities) -> str:
    """Return the camera's entity."""
    return entities.id("camera", "camera")


async def test_each_preset_has_a_button(
    hass: HomeAssistant, entities: Entities, camera: SimulatedCamera
) -> None:
    await eventually(lambda: entities.has(BUTTON_DOMAIN, "preset_5"))
    names = {
        number: entities.registered(BUTTON_DOMAIN, f"preset_{number}").original_name
        for number in (1, 2, 5)
    }
    assert names == {1: "Go to Home", 2: "Go to Pokladny", 5: "Go to Vchod"}
    await entities.call(BUTTON_DOMAIN, SERVICE_PRESS, "preset_5")
    assert head(camera) == Position(118, -9.5, 3000)


async def test_a_removed_preset_is_unavailable(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    entities: Entities,
    camera: SimulatedCamera,
) -> None:
    await eventually(lambda: entities.has(BUTTON_DOMAIN, "preset_5"))
    assert camera.ptz is not None
    del camera.ptz.presets[5]
    with pytest.raises(ServiceValidationError, match="does not exist"):
        await entities.call(BUTTON_DOMAIN, SERVICE_PRESS, "preset_5")
    presets = entry.runtime_data.gateway.presets
    presets._due_at.clear()
    await presets.async_refresh()
    await hass.async_block_till_done()
    assert not entities.has(BUTTON_DOMAIN, "preset_5")
    assert entities.has(BUTTON_DOMAIN, "preset_1")


@pytest.mark.parametrize(("name", "shown"), [("Brána", "Brána"), ("", "5")])
async def test_the_name_of_a_preset_follows_the_camera(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    entities: Entities,
    camera: SimulatedCamera,
    name: str,
    shown: str,
) -> None:
    await eventually(lambda: entities.has(BUTTON_DOMAIN, "preset_5"))
    assert camera.ptz is not None
    camera.ptz.presets[5] = (name, camera.ptz.presets[5][1])
    presets = entry.runtime_data.gateway.presets
    presets._due_at.clear()
    await presets.async_refresh()
    await hass.async_block_till_done()
    found = entities.registered(BUTTON_DOMAIN, "preset_5")
    assert found.original_name == f"Go to {shown}"
    state = hass.states.get(found.entity_id)
    assert state is not None
    assert state.name.endswith(f"Go to {shown}")


async def test_buttons_are_unavailable_while_the_camera_is_offline(
    hass: HomeAssistant, entry: MockConfigEntry, entities: Entities, cloud: Simulator
) -> None:
    await eventually(lambda: entities.has(BUTTON_DOMAIN, "preset_1"))
    cloud.world.cameras[140094].is_connected = False
    await entry.runtime_data.status.async_refresh()
    assert not entities.has(BUTTON_DOMAIN, "preset_1")
    cloud.world.cameras[140094].is_connected = True
    await entry.runtime_data.status.async_refresh()
    assert entities.has(BUTTON_DOMAIN, "preset_1")


async def test_the_action_moves_the_camera(
    hass: HomeAssistant, target: str, camera: SimulatedCamera
) -> None:
    table: list[tuple[dict[str, object], Position]] = [
        ({"preset": "pokladny"}, Position(-42.5, -18, 1200)),
        ({"preset": 5, "speed": 50}, Position(118, -9.5, 3000)),
        ({"pan": 30, "tilt": -10}, Position(30, -10, 3000)),
        ({"zoom": 500, "speed": 1}, Position(30, -10, 500)),
        ({"mode": "relative", "pan": -230, "zoom": 9}, Position(160, -10, 509)),
    ]
    for data, expected in table:
        await move(hass, target, **data)
        assert head(camera) == expected, data
        assert not moving(camera)


async def test_a_decomposed_name_finds_its_preset(
    hass: HomeAssistant, target: str, camera: SimulatedCamera
) -> None:
    assert camera.ptz is not None
    position = camera.ptz.presets[5][1]
    camera.ptz.presets[5] = ("Brána", position)
    await move(hass, target, preset=unicodedata.normalize("NFD", "brána"))
    assert head(camera) == position


async def test_a_continuous_movement_is_stopped(
    hass: HomeAssistant, target: str, camera: SimulatedCamera
) -> None:
    await move(hass, target, mode="continuous", pan=50, duration=0.3)
    assert head(camera).pan > 5
    assert not moving(camera)


async def test_cancelling_the_script_stops_the_movement(
    hass: HomeAssistant, target: str, camera: SimulatedCamera
) -> None:
    call = asyncio.ensure_future(
        move(hass, target, mode="continuous", tilt=-1, duration=60)
    )
    await eventually(lambda: moving(camera))
    call.cancel()
    await eventually(lambda: not moving(camera))


async def test_unloading_stops_the_movement(
    hass: HomeAssistant, entry: MockConfigEntry, target: str, camera: SimulatedCamera
) -> None:
    call = asyncio.ensure_future(
        move(hass, target, mode="continuous", tilt=-1, duration=60)
    )
    await eventually(lambda: moving(camera))
    await hass.config_entries.async_unload(entry.entry_id)
    assert not moving(camera)
    call.cancel()


async def test_a_later_movement_takes_over(
    hass: HomeAssistant, target: str, camera: SimulatedCamera
) -> None:
    first = asyncio.ensure_future(
        move(hass, target, mode="continuous", pan=10, duration=0.5)
    )
    await eventually(lambda: moving(camera))
    second = asyncio.ensure_future(
        move(hass, target, mode="continuous", tilt=-10, duration=1)
    )
    await first
    await asyncio.sleep(0.1)
    assert moving(camera)
    await second
    assert not moving(camera)

    third = asyncio.ensure_future(
        move(hass, target, mode="continuous", pan=10, duration=60)
    )
    await eventually(lambda: moving(camera))
    # A failed movement does not affect the running one; a successful one ends it.
    with pytest.raises(ServiceValidationError):
        await move(hass, target, preset="nowhere")
    assert moving(camera)
    await move(hass, target, preset="home")
    assert head(camera) == HOME
    third.cancel()


async def test_a_failed_stop_is_repeated(
    hass: HomeAssistant,
    target: str,
    camera: SimulatedCamera,
    cloud: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(moves, "_STOP_PAUSE_SECONDS", 0.01)

    async def start() -> asyncio.Future[None]:
        call = asyncio.ensure_future(
            move(hass, target, mode="continuous", pan=10, duration=0.5)
        )
        await eventually(lambda: moving(camera))
        return call

    call = await start()
    cloud.faults.add("gateway", "status", 503, count=2, match="ptz.cgi")
    await call
    assert not moving(camera)
    call = await start()
    cloud.faults.add("gateway", "status", 503, count=3, match="ptz.cgi")
    with pytest.raises(HomeAssistantError) as caught:
        await call
    assert caught.value.translation_key == "camera_unreachable"
    assert "could not be stopped" in caplog.text


async def test_a_start_without_response_is_followed_by_a_stop(
    hass: HomeAssistant, target: str, camera: SimulatedCamera, cloud: Simulator
) -> None:
    # The camera started, but the response was lost.
    cloud.faults.add("gateway", "status", 502, match="ptz.cgi")
    assert camera.ptz is not None
    camera.ptz.answer({"continuouspantiltmove": "5,0"})
    with pytest.raises(HomeAssistantError):
        await move(hass, target, mode="continuous", pan=5)
    assert not moving(camera)


async def test_invalid_combinations_are_refused(
    hass: HomeAssistant, target: str, camera: SimulatedCamera
) -> None:
    table: list[tuple[dict[str, object], str]] = [
        ({}, "ptz_target"),
        ({"preset": "Home", "pan": 1}, "ptz_target"),
        ({"preset": "Nowhere"}, "unknown_preset"),
        ({"preset": "3"}, "unknown_preset"),
        ({"preset": "Home&action=restart"}, "unknown_preset"),
        ({"preset": "Home", "duration": 1}, "ptz_unused"),
        ({"preset": "Home", "mode": "relative"}, "ptz_unused"),
        ({"preset": "Home", "mode": "absolute"}, "ptz_unused"),
        ({"pan": 181}, "ptz_range"),
        ({"zoom": 0}, "ptz_range"),
        ({"mode": "continuous", "tilt": 101}, "ptz_range"),
        ({"mode": "continuous", "tilt": 1, "speed": 5}, "ptz_unused"),
        ({"pan": 1, "duration": 5}, "ptz_unused"),
    ]
    for data, key in table:
        with pytest.raises(ServiceValidationError) as caught:
            await move(hass, target, **data)
        assert caught.value.translation_key == key, data
        assert "{" not in str(caught.value)
    assert head(camera) == HOME


async def test_wrong_types_are_refused(
    hass: HomeAssistant, target: str, camera: SimulatedCamera
) -> None:
    table: list[dict[str, object]] = [
        {"pan": "left"},
        {"pan": 1e9},
        {"pan": "nan"},
        {"mode": "sideways", "pan": 1},
        {"pan": 1, "speed": 0},
        {"mode": "continuous", "pan": 1, "duration": 61},
        {"mode": "continuous", "pan": 1, "duration": "nan"},
        {"preset": {"a": 1}},
        {"preset": ""},
        {"preset": " "},
        {"preset": "Home", "action": "restart"},
    ]
    for data in table:
        with pytest.raises(vol.Invalid):
            await move(hass, target, **data)
    assert head(camera) == HOME


async def test_a_camera_without_ptz_has_no_button_and_refuses(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: Simulator
) -> None:
    fixed = Entities(hass, entry, 62303)
    assert fixed.find(BUTTON_DOMAIN, "preset_1") is None
    with pytest.raises(ServiceValidationError) as caught:
        await move(hass, fixed.id("camera", "camera"), pan=1)
    assert caught.value.translation_key == "camera_refused"
