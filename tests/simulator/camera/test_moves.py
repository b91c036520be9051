"""PTZ of the simulated cameras, over the network."""

from collections.abc import AsyncGenerator
import json
from typing import Any

from aiohttp import ClientSession
import pytest

from simulator import Simulator

from ..portal_client import PortalClient


class Moves:
    """One camera's com/ptz.cgi."""

    def __init__(self, session: ClientSession, cloud: Simulator, node_id: int) -> None:
        self._session = session
        serial = cloud.world.cameras[node_id].serial_number
        self._url = f"{cloud.url}/camera/{serial}/axis-cgi/com/ptz.cgi"

    async def ask(self, **arguments: object) -> tuple[int, str]:
        """Return the status and the text of an answer."""
        params = {name: str(value) for name, value in arguments.items()}
        async with self._session.get(self._url, params=params) as response:
            return response.status, await response.text()

    async def position(self) -> dict[str, float]:
        """Return the camera's position."""
        _, text = await self.ask(query="position")
        rows = dict(line.split("=") for line in text.splitlines())
        return {axis: float(rows[axis]) for axis in ("pan", "tilt", "zoom")}


@pytest.fixture
async def owner(portal: PortalClient) -> AsyncGenerator[ClientSession]:
    """Return a session with a camera access token."""
    headers = {"Authorization": f"Token {portal.cloud.create_api_token()}"}
    async with ClientSession(headers=headers) as session:
        yield session


@pytest.fixture
def ptz(owner: ClientSession, cloud: Simulator) -> Moves:
    """Return a camera with PTZ."""
    node_id = next(n for n, camera in cloud.world.cameras.items() if camera.ptz)
    return Moves(owner, cloud, node_id)


@pytest.fixture
def fixed(owner: ClientSession, cloud: Simulator) -> Moves:
    """Return a camera without PTZ."""
    node_id = next(n for n, camera in cloud.world.cameras.items() if not camera.ptz)
    return Moves(owner, cloud, node_id)


async def test_position_limits_and_presets_can_be_queried(ptz: Moves) -> None:
    assert await ptz.position() == {"pan": 0, "tilt": 0, "zoom": 1}
    _, limits = await ptz.ask(query="limits")
    assert "MinPan=-180\r\n" in limits
    assert "MaxZoom=9999\r\n" in limits
    status, presets = await ptz.ask(query="presetposcam")
    assert status == 200
    assert presets == (
        "Preset Positions for camera 1\r\n"
        "presetposno1=Home\r\npresetposno2=Pokladny\r\npresetposno5=Vchod\r\n"
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"gotoserverpresetno": 5}, {"pan": 118, "tilt": -9.5, "zoom": 3000}),
        ({"gotoserverpresetname": "Pokladny"}, {"pan": -42.5, "tilt": -18}),
        ({"pan": 30, "tilt": -10, "zoom": 500}, {"pan": 30, "tilt": -10, "zoom": 500}),
        ({"tilt": 85}, {"tilt": 20}),
        ({"rpan": -200, "rtilt": -5, "rzoom": 99}, {"pan": 160, "tilt": -5}),
        ({"move": "left"}, {"pan": -10}),
        ({"move": "home"}, {"pan": 0, "tilt": 0, "zoom": 1}),
    ],
)
async def test_a_control_moves_the_camera(
    ptz: Moves, arguments: dict[str, object], expected: dict[str, float]
) -> None:
    assert await ptz.ask(**arguments, camera=1) == (204, "")
    assert (await ptz.position()).items() >= expected.items()


async def test_a_continuous_movement_goes_on_until_it_is_stopped(
    ptz: Moves, cloud: Simulator
) -> None:
    await ptz.ask(continuouspantiltmove="50,-10")
    await ptz.ask(continuouszoommove=20)
    cloud.clock.jump(1)
    after_a_second = await ptz.position()
    assert 50 <= after_a_second["pan"] < 70
    assert -15 < after_a_second["tilt"] <= -10
    assert after_a_second["zoom"] >= 500

    await ptz.ask(continuouspantiltmove="0,0")
    await ptz.ask(continuouszoommove=0)
    stopped = await ptz.position()
    cloud.clock.jump(5)
    assert await ptz.position() == stopped


@pytest.mark.parametrize(
    "arguments",
    [
        {"gotoserverpresetno": 3},
        {"gotoserverpresetname": "Nowhere"},
        {"pan": "left"},
        {"tilt": "nan"},
        {"move": "somewhere"},
        {"continuouspantiltmove": "101,0"},
        {"continuouspantiltmove": "1"},
        {"speed": 0, "pan": 1},
        {"query": "weather"},
        {},
    ],
)
async def test_refusals_have_status_200_and_move_nothing(
    ptz: Moves, arguments: dict[str, object]
) -> None:
    status, text = await ptz.ask(**arguments)
    assert status == 200
    assert text.startswith("Error:\r\n")
    assert await ptz.position() == {"pan": 0, "tilt": 0, "zoom": 1}


@pytest.mark.parametrize(
    ("conduct", "position"),
    [
        ("nan", "pan=nan\r\ntilt=nan\r\nzoom=nan\r\n"),
        ("empty", ""),
        ("error", "Error:\r\nPTZ is not supported.\r\n"),
    ],
)
async def test_a_fixed_camera_answers_as_the_switch_says(
    fixed: Moves, cloud: Simulator, conduct: str, position: str
) -> None:
    cloud.switches.set("fixed_ptz", conduct)
    assert await fixed.ask(query="position") == (200, position)
    assert (await fixed.ask(move="left"))[1].startswith("Error:\r\n")


@pytest.mark.parametrize(("place", "expected"), [("data", True), ("top", False)])
async def test_camstreamer_lists_its_streams_where_the_switch_says(
    owner: ClientSession, cloud: Simulator, place: str, expected: bool
) -> None:
    cloud.switches.set("camstreamer_list", place)
    camera = next(c for c in cloud.world.cameras.values() if c.camstreamer)
    serial = camera.serial_number
    url = f"{cloud.url}/camera/{serial}/local/camstreamer/stream_list.cgi?action=get"
    async with owner.get(url) as response:
        answer: dict[str, Any] = json.loads(await response.text())
    assert ("data" in answer) is expected
    streams = answer["data"]["streamList"] if expected else answer["streamList"]
    assert len(streams) == 2

    # One other camera lacks the app, on another one it is not running.
    cloud.switches.camstreamer_api = "none"
    async with owner.get(url) as response:
        assert response.status == 404
    cloud.switches.camstreamer_api = "new"
    camera.camstreamer = False
    async with owner.get(url) as response:
        assert response.status == 404
