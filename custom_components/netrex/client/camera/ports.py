"""Electrical inputs and outputs of a camera (VAPIX I/O port management).

Port management (`portmanagement.cgi`) is JSON and counts ports from 0, as the event
stream does. Firmware without it lists its ports as parameters and switches them with
`port.cgi`, which counts from 1.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..errors import (
    NetrexCameraMethodError,
    NetrexCameraNotFoundError,
    NetrexCameraRefusedError,
)
from ..values import as_int, as_key, as_mapping, as_name, parse_each
from .gateway import GatewayClient
from .rows import read_rows

_MANAGEMENT = "axis-cgi/io/portmanagement.cgi"
_PORT = "axis-cgi/io/port.cgi"
_PARAMETERS = "axis-cgi/param.cgi"
_API_VERSION = "1.0"
_OPPOSITE = {"open": "closed", "closed": "open"}
_PREFIX = "root.IOPort.I"
# More than any camera has; each is an entity.
_MAX_PORTS = 100


@dataclass(frozen=True, slots=True)
class Port:
    """An electrical input or output.

    Attributes:
        number: Counted from 0.
        is_input: Whether it is an input.
        name: As set in the camera.
        active: Whether the circuit is not in its normal state; None if the camera does
            not report it.
        normal_state: "open" or "closed".
        managed: Whether the camera supports port management.
    """

    number: int
    is_input: bool
    name: str | None = None
    active: bool | None = None
    normal_state: str = "open"
    managed: bool = True


async def read_ports(gateway: GatewayClient, serial_number: str) -> tuple[Port, ...]:
    """Return a camera's ports by number; empty if the camera lacks the interface.

    Raises the errors of `GatewayClient.request`.
    """
    body = {"apiVersion": _API_VERSION, "method": "getPorts"}
    try:
        answer = await gateway.request_json(serial_number, _MANAGEMENT, body=body)
    except NetrexCameraNotFoundError, NetrexCameraMethodError:
        return await _read_parameters(gateway, serial_number)
    return parse_ports(answer)


async def switch_port(
    gateway: GatewayClient, serial_number: str, port: Port, *, active: bool
) -> None:
    """Switch an output. Raises the errors of `GatewayClient.request`."""
    if not port.managed:
        # Counted from 1; a slash activates the port, a backslash deactivates it.
        action = f"{port.number + 1}:{'/' if active else '\\'}"
        await gateway.request_text(serial_number, _PORT, form={"action": action})
        return
    state = _OPPOSITE[port.normal_state] if active else port.normal_state
    body: Mapping[str, object] = {
        "apiVersion": _API_VERSION,
        "method": "setPorts",
        "params": {"ports": [{"port": str(port.number), "state": state}]},
    }
    await gateway.request_json(serial_number, _MANAGEMENT, body=body)


def parse_ports(answer: Mapping[str, object]) -> tuple[Port, ...]:
    """Return the ports in the response to `getPorts`, sorted by number."""
    items = as_mapping(answer.get("data")).get("items")
    return _by_number(parse_each(items, _parse_port, _MAX_PORTS))


def _parse_port(item: Mapping[str, object]) -> Port | None:
    number = as_int(item.get("port"))
    direction = as_key(item.get("direction"))
    normal = as_key(item.get("normalState")) or ""
    if number is None or number < 0 or direction not in ("input", "output"):
        return None
    state = as_key(item.get("state")) or ""
    normal_state = normal if normal in _OPPOSITE else "open"
    return Port(
        number=number,
        is_input=direction == "input",
        name=as_name(item.get("name")),
        active=state != normal_state if state in _OPPOSITE else None,
        normal_state=normal_state,
    )


async def _read_parameters(
    gateway: GatewayClient, serial_number: str
) -> tuple[Port, ...]:
    try:
        text = await gateway.request_text(
            serial_number, _PARAMETERS, {"action": "list", "group": "IOPort"}
        )
    except NetrexCameraRefusedError:
        # The camera does not have this group.
        return ()
    return parse_port_rows(text)


def parse_port_rows(text: str) -> tuple[Port, ...]:
    """Return the ports in a listing of the group IOPort, sorted by number."""
    rows: dict[int, dict[str, str]] = {}
    for path, value in read_rows(text):
        port, _, key = path.removeprefix(_PREFIX).partition(".")
        index = as_int(port)
        if path.startswith(_PREFIX) and index is not None and 0 <= index < _MAX_PORTS:
            rows.setdefault(index, {})[key] = value
    ports: list[Port] = []
    for number, row in rows.items():
        direction = row.get("Direction")
        if direction in ("input", "output"):
            name = as_name(row.get(f"{direction.capitalize()}.Name"))
            ports.append(Port(number, direction == "input", name, managed=False))
    return _by_number(ports)


def _by_number(ports: Iterable[Port]) -> tuple[Port, ...]:
    """Sort ports; of several with the same number, keep the first."""
    unique: dict[int, Port] = {}
    for port in ports:
        unique.setdefault(port.number, port)
    return tuple(unique[number] for number in sorted(unique))
