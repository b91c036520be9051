"""Electrical ports of the simulated cameras, over real sockets."""

import pytest

from custom_components.netrex.client import (
    GatewayClient,
    NetrexCameraRefusedError,
    NetrexCameraTokenError,
)
from custom_components.netrex.client.camera.ports import Port, read_ports, switch_port
from simulator import Simulator

from .conftest import FIXED, MOVING, MOVING_ID


@pytest.mark.parametrize("managed", [True, False])
async def test_ports_are_read_and_switched(
    gateway: GatewayClient, cloud: Simulator, managed: bool
) -> None:
    cloud.switches.port_management = managed
    # Firmware without port management does not report states.
    idle = False if managed else None
    ports = await read_ports(gateway, MOVING)
    assert ports == (
        Port(0, is_input=True, name="Port 1", active=idle, managed=managed),
        Port(1, is_input=True, name="Port 2", active=idle, managed=managed),
        Port(2, is_input=False, name="Port 3", active=idle, managed=managed),
    )
    output = cloud.camera(MOVING_ID).ports.ports[2]
    for active in (True, False):
        await switch_port(gateway, MOVING, ports[2], active=active)
        assert output.active is active


async def test_a_normally_closed_output_is_active_when_open(
    gateway: GatewayClient, cloud: Simulator
) -> None:
    output = cloud.camera(MOVING_ID).ports.ports[2]
    output.normal_state = "closed"
    port = (await read_ports(gateway, MOVING))[2]
    assert port.active is False
    await switch_port(gateway, MOVING, port, active=True)
    assert output.as_item()["state"] == "open"
    assert (await read_ports(gateway, MOVING))[2].active is True


@pytest.mark.parametrize("managed", [True, False])
async def test_a_camera_may_lack_ports(
    gateway: GatewayClient, cloud: Simulator, managed: bool
) -> None:
    cloud.switches.port_management = managed
    assert await read_ports(gateway, FIXED) == ()


async def test_an_input_cannot_be_switched(gateway: GatewayClient) -> None:
    port = Port(0, is_input=True)
    with pytest.raises(NetrexCameraRefusedError) as caught:
        await switch_port(gateway, MOVING, port, active=True)
    assert caught.value.code == 1000


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ("none", ()),
        ([{"port": "x", "direction": "input"}, {"port": "0"}, 7], ()),
        ([{"port": -1, "direction": "input"}], ()),
        (
            [
                {"port": 3, "direction": "output", "state": 1, "normalState": []},
                {"port": "1", "direction": "input", "state": "closed", "name": ""},
                {"port": "1", "direction": "output"},
            ],
            (Port(1, is_input=True, active=True), Port(3, is_input=False)),
        ),
    ],
)
async def test_values_of_wrong_types_are_ignored(
    gateway: GatewayClient,
    cloud: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    items: object,
    expected: tuple[Port, ...],
) -> None:
    ports = cloud.camera(MOVING_ID).ports
    monkeypatch.setattr(ports, "manage", lambda _question: {"items": items})
    assert await read_ports(gateway, MOVING) == expected


async def test_a_refused_token_is_not_a_lack_of_ports(
    gateway: GatewayClient, cloud: Simulator
) -> None:
    cloud.world.tokens.clear()
    with pytest.raises(NetrexCameraTokenError):
        await read_ports(gateway, MOVING)
