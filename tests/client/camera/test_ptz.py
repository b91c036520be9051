"""PTZ against the simulated cameras, over real sockets."""

from collections.abc import Awaitable, Callable

import pytest

from custom_components.netrex.client import (
    GatewayClient,
    NetrexCameraOfflineError,
    NetrexCameraRefusedError,
)
from custom_components.netrex.client.camera.ptz import (
    Move,
    Preset,
    PtzClient,
    parse_presets,
)
from simulator import Simulator
from simulator.camera.ptz import Position, Ptz

from .conftest import FIXED, MOVING, MOVING_ID


@pytest.fixture
def ptz(gateway: GatewayClient) -> PtzClient:
    """Return a client for the camera with PTZ."""
    return PtzClient(gateway, MOVING)


@pytest.fixture
def head(cloud: Simulator) -> Ptz:
    """Return the PTZ head of that camera."""
    head = cloud.camera(MOVING_ID).ptz
    assert head is not None
    return head


async def test_presets_are_sorted_by_number(ptz: PtzClient) -> None:
    assert await ptz.presets() == (
        Preset(1, "Home"),
        Preset(2, "Pokladny"),
        Preset(5, "Vchod"),
    )


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (lambda ptz: ptz.go_to(5, 80), Position(118, -9.5, 3000)),
        (
            lambda ptz: ptz.move_to(Move(pan=-12.34567, zoom=2)),
            Position(-12.3457, 0, 2),
        ),
        (lambda ptz: ptz.move_to(Move(0, -30.0), 10), Position(0, -30, 1)),
        (lambda ptz: ptz.move_by(Move(-200, 5, 100), 100), Position(160, 5, 101)),
    ],
)
async def test_movements_reach_their_position(
    ptz: PtzClient,
    head: Ptz,
    act: Callable[[PtzClient], Awaitable[None]],
    expected: Position,
) -> None:
    await act(ptz)
    assert head.position == expected


@pytest.mark.parametrize(
    ("speeds", "moved"),
    [
        (Move(50), (True, False, False)),
        (Move(tilt=-20, zoom=30), (False, True, True)),
        (Move(zoom=1), (False, False, True)),
    ],
)
async def test_a_continuous_movement_lasts_until_it_is_stopped(
    ptz: PtzClient, head: Ptz, cloud: Simulator, speeds: Move, moved: tuple[bool, ...]
) -> None:
    await ptz.start(speeds)
    cloud.clock.jump(2)
    there = head.position
    assert moved == (there.pan != 0, there.tilt != 0, there.zoom != 1)
    await ptz.stop()
    stopped = head.position
    cloud.clock.jump(9)
    assert head.position == stopped


async def test_an_unknown_preset_is_refused(ptz: PtzClient) -> None:
    with pytest.raises(NetrexCameraRefusedError, match="does not exist"):
        await ptz.go_to(3)


@pytest.mark.parametrize("conduct", ["nan", "empty"])
async def test_a_camera_without_ptz_has_no_presets_and_refuses(
    gateway: GatewayClient, cloud: Simulator, conduct: str
) -> None:
    cloud.switches.set("fixed_ptz", conduct)
    fixed = PtzClient(gateway, FIXED)
    assert await fixed.presets() == ()
    with pytest.raises(NetrexCameraRefusedError):
        await fixed.move_by(Move(1))


async def test_a_camera_without_ptz_may_refuse_queries(
    gateway: GatewayClient, cloud: Simulator
) -> None:
    cloud.switches.set("fixed_ptz", "error")
    with pytest.raises(NetrexCameraRefusedError):
        await PtzClient(gateway, FIXED).presets()


async def test_a_disconnected_camera_is_offline(
    ptz: PtzClient, cloud: Simulator
) -> None:
    cloud.world.cameras[MOVING_ID].is_connected = False
    with pytest.raises(NetrexCameraOfflineError):
        await ptz.presets()


@pytest.mark.parametrize(
    ("text", "presets"),
    [
        ("", ()),
        ("presetposno1=\npresetposno2=Gate ", (Preset(1, ""), Preset(2, "Gate"))),
        ("presetposno2=a=b\r\npresetposno2=c\r\n", (Preset(2, "a=b"),)),
        (
            "presetposno1=A\x85B\rpresetposno2=C\u2028D\npresetposno3=E\x0c\x1cF\r\n",
            (Preset(1, "A B"), Preset(2, "C D"), Preset(3, "E  F")),
        ),
        ("presetposno=x\r\nnonsense\r\npresetposno-1=y", ()),
    ],
)
def test_presets_are_parsed(text: str, presets: tuple[Preset, ...]) -> None:
    assert parse_presets(text) == presets
