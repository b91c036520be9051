"""Inputs and outputs of cameras: their names, and switching outputs."""

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.gateway import events
from simulator import Simulator
from simulator.camera.camera import SimulatedCamera
from simulator.world.model import Node
from tests.conftest import SetUp
from tests.waiting import eventually

from .conftest import DOCUMENTATION, Entities
from .test_events import SENSOR, ready

ACCOUNT = DOCUMENTATION
pytestmark = pytest.mark.usefixtures("haste")


async def test_the_names_of_ports_follow_the_camera(
    hass: HomeAssistant, entities: Entities, camera: SimulatedCamera
) -> None:
    await ready(entities)
    for port, name in zip(camera.ports.ports, ("Gate", "Bell", "Lamp"), strict=False):
        port.name = name
    assert camera.events.cut() == 1

    def shown(domain: str, key: str) -> str:
        state = hass.states.get(entities.id(domain, key))
        return state.name if state else ""

    await eventually(lambda: shown(SENSOR, "input_0").endswith("Gate"))
    await eventually(lambda: shown(SENSOR, "input_1").endswith("Bell"))
    await eventually(lambda: shown("switch", "output_2").endswith("Lamp"))


async def test_an_output_is_switched(
    hass: HomeAssistant, entities: Entities, camera: SimulatedCamera
) -> None:
    await eventually(lambda: entities.state("switch", "output_2") == STATE_OFF)
    for action, active in (("turn_on", True), ("turn_off", False)):
        await entities.call("switch", action, "output_2")
        assert camera.ports.ports[2].active is active
        assert entities.state("switch", "output_2") == (
            STATE_ON if active else STATE_OFF
        )
    # Changes from elsewhere are shown as well.
    camera.ports.set(2, active=True)
    await eventually(lambda: entities.state("switch", "output_2") == STATE_ON)


async def test_an_output_without_port_management_is_switched(
    hass: HomeAssistant, cloud: Simulator, set_up: SetUp
) -> None:
    cloud.switches.port_management = False
    entry = await set_up()
    entities = Entities(hass, entry, 140094)
    await eventually(lambda: entities.state("switch", "output_2") == STATE_OFF)
    await entities.call("switch", "turn_on", "output_2")
    assert cloud.camera(140094).ports.ports[2].active
    assert entities.state("switch", "output_2") == STATE_ON


async def test_a_failed_switch_raises_a_translated_error(
    hass: HomeAssistant, entry: MockConfigEntry, entities: Entities, cloud: Simulator
) -> None:
    await eventually(lambda: entities.has("switch", "output_2"))

    async def fail() -> HomeAssistantError:
        with pytest.raises(HomeAssistantError) as caught:
            await entities.call("switch", "turn_on", "output_2")
        return caught.value

    cloud.faults.add("gateway", "status", 503, match="portmanagement")
    err = await fail()
    assert err.translation_key == "camera_unreachable"
    assert not isinstance(err, ServiceValidationError)
    # The camera was replaced by one without this output.
    coordinator = entry.runtime_data.gateway.events[140094]
    coordinator.data = events.CameraState(coordinator.data.states)
    assert (await fail()).translation_key == "camera_call_missing"


async def test_a_camera_that_refuses_port_management_has_sensors(
    hass: HomeAssistant, cloud: Simulator, set_up: SetUp
) -> None:
    cloud.faults.add("gateway", "status", 400, count=None, match="portmanagement")
    entry = await set_up()
    entities = Entities(hass, entry, 140094)
    await eventually(lambda: entities.state(SENSOR, "input_0") == STATE_OFF)
    assert entities.find("switch", "output_2") is None


@pytest.mark.parametrize(
    ("nodes", "own", "expected"),
    [
        (["Dveře", "Rampa"], ["Port 1", ""], ["Dveře", "Rampa"]),
        (["Rampa", "Dveře"], ["Dveře", "Port 2"], ["Dveře", "Dveře"]),
        (["Dveře"], ["Port 1", "Input 2"], ["Input 1", "Input 2"]),
        ([], ["Vrata", "port x"], ["Vrata", "port x"]),
    ],
)
async def test_inputs_are_named_as_in_the_portal_or_the_camera(
    hass: HomeAssistant,
    cloud: Simulator,
    set_up: SetUp,
    nodes: list[str],
    own: list[str],
    expected: list[str],
) -> None:
    for number, name in enumerate(nodes):
        cloud.world.nodes.append(Node(200 + number, 140094, "deviceInput", name))
    for port, name in zip(cloud.camera(140094).ports.ports, own, strict=False):
        port.name = name
    entry = await set_up()
    entities = Entities(hass, entry, 140094)
    await ready(entities)
    names = [
        entities.registered(SENSOR, f"input_{number}").original_name
        for number in range(2)
    ]
    assert names == expected
