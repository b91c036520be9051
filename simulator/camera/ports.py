"""Electrical inputs and outputs of a camera (VAPIX I/O port management, port.cgi).

Port management is JSON and counts ports from 0, port.cgi is text and counts from 1.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
import re
from typing import Any, Literal

API_VERSION = "1.0"
_ACTION = re.compile(r"(\d+):((?:[/\\]|\d+)+)")
_STATES = ("open", "closed")


@dataclass(slots=True)
class Port:
    """A port; active while its circuit is not in its normal state."""

    number: int
    direction: Literal["input", "output"]
    name: str
    usage: str = ""
    active: bool = False
    normal_state: Literal["open", "closed"] = "open"

    def as_item(self) -> dict[str, Any]:
        """Return the port as getPorts shows it."""
        other = _STATES[1 - _STATES.index(self.normal_state)]
        return {
            "port": str(self.number),
            "configurable": False,
            "usage": self.usage,
            "name": self.name,
            "direction": self.direction,
            "state": other if self.active else self.normal_state,
            "normalState": self.normal_state,
        }


class PortError(Exception):
    """A refusal with an error code of the API."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Ports:
    """The ports of one camera, inputs first."""

    def __init__(
        self, inputs: int, outputs: int, on_change: Callable[[Port], None]
    ) -> None:
        """Create ports; `on_change` is called with each port that changed."""
        self._on_change = on_change
        directions = ["input"] * inputs + ["output"] * outputs
        self.ports = [
            Port(number, "input" if way == "input" else "output", f"Port {number + 1}")
            for number, way in enumerate(directions)
        ]

    def set(self, number: int, active: bool) -> None:
        """Switch a port. Raises LookupError if there is no such port."""
        port = self.ports[number]
        if port.active != active:
            port.active = active
            self._on_change(port)

    def manage(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the data of a portmanagement.cgi response. Raises PortError."""
        method = body.get("method")
        if method == "getSupportedVersions":
            return {"apiVersions": [API_VERSION]}
        if body.get("apiVersion") != API_VERSION:
            raise PortError(2003, "Invalid API version")
        if method == "getPorts":
            data: dict[str, Any] = {"numberOfPorts": len(self.ports)}
            if self.ports:
                data["items"] = [port.as_item() for port in self.ports]
            return data
        if method == "setPorts":
            self._set_ports(body.get("params"))
            return {}
        raise PortError(2004, "Method not supported")

    def act(self, action: str) -> str:
        r"""Answer `action=2:/500\` of port.cgi; delays between steps are ignored."""
        match = _ACTION.fullmatch(action)
        if match is None or not 1 <= int(match[1]) <= len(self.ports):
            return "# Error: Invalid port or action\r\n"
        number = int(match[1]) - 1
        if self.ports[number].direction != "output":
            return "# Error: The port is no output\r\n"
        for step in re.findall(r"[/\\]", match[2]):
            self.set(number, step == "/")
        return "OK\r\n"

    def _set_ports(self, params: object) -> None:
        wanted = params.get("ports") if isinstance(params, dict) else params
        if not isinstance(wanted, list) or not wanted:
            raise PortError(4004, "Invalid parameter(s)")
        changes: list[tuple[Port, bool]] = []
        for item in wanted:
            number = str(item.get("port", "")) if isinstance(item, dict) else ""
            state = item.get("state") if isinstance(item, dict) else None
            known = number.isdecimal() and int(number) < len(self.ports)
            if not known or state not in _STATES:
                raise PortError(1000, "Invalid parameter value specified")
            port = self.ports[int(number)]
            if port.direction != "output":
                raise PortError(1000, "Invalid parameter value specified")
            changes.append((port, state != port.normal_state))
        for port, active in changes:
            self.set(port.number, active)
