"""Electrical inputs and outputs of a camera (VAPIX I/O port management).

Port management (`portmanagement.cgi`) is JSON and counts ports from 0, as the event
stream does. Firmware without it lists its ports as parameters and switches by
`port.cgi`, which counts from 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
import re

from ..errors import (
    NetrexCameraMethodError,
    NetrexCameraNotFoundError,
    NetrexCameraRefusedError,
)
from ..values import as_int, as_mapping, as_text, parse_each
from .gateway import GatewayClient

_MANAGEMENT = "axis-cgi/io/portmanagement.cgi"
_PORT = "axis-cgi/io/port.cgi"
_PARAMETERS = "axis-cgi/param.cgi"
_API_VERSION = "1.0"
_OTHER = {"open": "closed", "closed": "open"}
_PARAMETER = re.compile(r"^root\.IOPort\.I(\d+)\.(\S+?)=(.*?)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Port:
    """An electrical input or output.

    Attributes:
        number: Counted from 0.
        is_input: The camera reads it; otherwise it switches it.
        name: As the camera has it.
        active: Whether its circuit is in the state that is not its normal one; None
            where the camera does not tell.
        normal_state: "open" or "closed".
        managed: The camera has port management.
    """

    number: int
    is_input: bool
    name: str | None = None
    active: bool | None = None
    normal_state: str = "open"
    managed: bool = True


async def read_ports(gateway: GatewayClient, serial_number: str) -> tuple[Port, ...]:
    """Return a camera's ports by number.

    Raises what the gateway client raises, but for a camera that lacks the interface:
    that one has no ports.
    """
    question = {"apiVersion": _API_VERSION, "method": "getPorts"}
    try:
        answer = await gateway.post_json(serial_number, _MANAGEMENT, question)
    except NetrexCameraNotFoundError, NetrexCameraMethodError:
        return await _read_parameters(gateway, serial_number)
    items = as_mapping(answer.get("data")).get("items")
    return _by_number(parse_each(items, _parse_port))


async def switch_port(
    gateway: GatewayClient, serial_number: str, port: Port, *, active: bool
) -> None:
    """Switch an output. Raises what the gateway client raises."""
    if not port.managed:
        # Counted from 1; a slash makes it active, a backslash ends that.
        action = f"{port.number + 1}:{'/' if active else '\\'}"
        await gateway.post_form(serial_number, _PORT, {"action": action})
        return
    state = _OTHER[port.normal_state] if active else port.normal_state
    question: Mapping[str, object] = {
        "apiVersion": _API_VERSION,
        "method": "setPorts",
        "params": {"ports": [{"port": str(port.number), "state": state}]},
    }
    await gateway.post_json(serial_number, _MANAGEMENT, question)


def _parse_port(item: Mapping[str, object]) -> Port | None:
    number = as_int(item.get("port"))
    direction = item.get("direction")
    normal = item.get("normalState")
    if number is None or number < 0 or direction not in ("input", "output"):
        return None
    state = item.get("state")
    normal_state = normal if isinstance(normal, str) and normal in _OTHER else "open"
    return Port(
        number=number,
        is_input=direction == "input",
        name=as_text(item.get("name")),
        active=state != normal_state if state in _OTHER else None,
        normal_state=normal_state,
    )


async def _read_parameters(
    gateway: GatewayClient, serial_number: str
) -> tuple[Port, ...]:
    try:
        text = await gateway.get_text(
            serial_number, _PARAMETERS, {"action": "list", "group": "IOPort"}
        )
    except NetrexCameraRefusedError:
        # There is no such group.
        return ()
    rows: dict[int, dict[str, str]] = {}
    for number, name, value in _PARAMETER.findall(text):
        rows.setdefault(int(number), {})[name] = value
    ports: list[Port] = []
    for number, row in rows.items():
        direction = row.get("Direction")
        if direction in ("input", "output"):
            name = row.get(f"{direction.capitalize()}.Name")
            ports.append(
                Port(number, direction == "input", name or None, managed=False)
            )
    return _by_number(ports)


def _by_number(ports: tuple[Port, ...] | list[Port]) -> tuple[Port, ...]:
    unique = {port.number: port for port in reversed(ports)}
    return tuple(unique[number] for number in sorted(unique))
