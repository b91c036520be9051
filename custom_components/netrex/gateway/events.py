"""The event streams of cameras: one connection for each camera that the user chose."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
import random
from typing import Any, NamedTuple, override

from homeassistant.core import callback
from homeassistant.helpers.update_coordinator import UpdateFailed

from ..client import (
    NetrexCameraNotFoundError,
    NetrexCameraPermissionError,
    NetrexCameraRefusedError,
    NetrexCameraTokenError,
    NetrexError,
    NodeType,
)
from ..client.camera.events import CameraEvent, open_events
from ..client.camera.ports import Port, read_ports, switch_port
from ..client.camera.topics import STATELESS, EventKind
from ..const import LOGGER
from .coordinator import GatewayContext, GatewayCoordinator

# Back-off: doubled after each failed attempt.
MIN_BACKOFF_SECONDS = 1.0
MAX_BACKOFF_SECONDS = 300.0
# Longest back-off after a connection had been established, however short it was.
MAX_RECONNECT_SECONDS = 5.0
# A connection that lasted this long resets the back-off.
_STABLE_SECONDS = 60.0
# Errors that do not pass by themselves.
_PERMANENT = (
    NetrexCameraTokenError,
    NetrexCameraPermissionError,
    NetrexCameraNotFoundError,
)
# Limits per camera; further states and unknown topics are dropped.
_MAX_STATES = 200
_MAX_TOPICS = 100

# The default name of a port is one of these words and a number.
_DEFAULT_WORDS = frozenset(("port", "input", "output"))


class EventKey(NamedTuple):
    """Identifies a state of a camera; `place` tells states of one kind apart."""

    node_id: int
    kind: EventKind
    place: str


@dataclass(frozen=True, slots=True)
class CameraState:
    """What a camera has reported on the current connection, and its I/O ports."""

    states: Mapping[EventKey, bool] = field(default_factory=dict)
    ports: Mapping[int, Port] = field(default_factory=dict)


class EventCoordinator(GatewayCoordinator[CameraState]):
    """Follows the event stream of one camera, and reconnects when it is cut.

    `last_update_success` is False while there is no connection.

    Attributes:
        ignored: How many messages had a topic that no entity uses; for diagnostics.
        unreadable: How many messages could not be parsed; for diagnostics.
        connections: How many connections were established; for diagnostics.
        error: Why the last attempt failed; for diagnostics.
    """

    def __init__(self, context: GatewayContext, node_id: int) -> None:
        super().__init__(context, f"events of camera {node_id}")
        self.node_id = node_id
        self.data = CameraState()
        self.last_update_success = False
        self.ignored: Counter[str] = Counter()
        self.unreadable = 0
        self.connections = 0
        self.error: NetrexError | None = None
        self._was_online = self.status.is_online(node_id)
        self._wake = asyncio.Event()
        self._failure_logged = False
        self._alert_listeners: set[Callable[[EventKind], None]] = set()

    @callback
    def async_start(self) -> None:
        """Stay connected until the config entry is unloaded."""
        entry = self.config_entry
        entry.async_on_unload(
            self.status.async_add_listener(self._async_status_changed)
        )
        entry.async_create_background_task(self.hass, self._async_run(), self.name)

    @callback
    def async_add_alert_listener(
        self, listener: Callable[[EventKind], None]
    ) -> Callable[[], None]:
        """Subscribe to stateless events; return what unsubscribes."""
        self._alert_listeners.add(listener)
        return lambda: self._alert_listeners.discard(listener)

    async def async_switch(self, number: int, *, active: bool) -> None:
        """Switch an output and read its new state back. Raises NetrexError."""
        port = self.data.ports.get(number)
        if port is None:
            raise NetrexCameraNotFoundError("The camera no longer has this output")
        await switch_port(self.client, self._serial_number, port, active=active)
        if not port.managed:
            # Firmware without port management cannot report the state of its ports.
            self._async_set({self._key(EventKind.OUTPUT, str(number)): active})
            return
        self._async_set_ports(await self._async_read_ports())

    @override
    async def _async_update_data(self) -> CameraState:
        """Handle a manual refresh: data are pushed, so only report if they are current.

        Raises UpdateFailed while there is no connection.
        """
        if not self.last_update_success:
            raise UpdateFailed
        return self.data

    def diagnostics(self) -> dict[str, Any]:
        """Return counts and topics without names, serial numbers and addresses."""
        return {
            "connected": self.last_update_success,
            "connections": self.connections,
            "error": type(self.error).__name__ if self.error else None,
            "ports": Counter(
                "input" if port.is_input else "output"
                for port in self.data.ports.values()
            ),
            "states": Counter(key.kind.value for key in self.data.states),
            "unreadable": self.unreadable,
            "ignored": dict(self.ignored),
        }

    @callback
    def _async_status_changed(self) -> None:
        """Reconnect immediately when the portal reports the camera online again."""
        is_online = self.status.is_online(self.node_id)
        if is_online and not self._was_online:
            self._wake.set()
        self._was_online = is_online

    async def _async_run(self) -> None:
        backoff = MIN_BACKOFF_SECONDS
        while True:
            started = self.hass.loop.time()
            longest = MAX_BACKOFF_SECONDS
            try:
                await self._async_follow()
                self.error, longest = None, MAX_RECONNECT_SECONDS
            except NetrexError as err:
                self.error = err
                self._async_log_failure()
                if isinstance(err, _PERMANENT):
                    backoff = MAX_BACKOFF_SECONDS
            self._async_disconnected()
            if self.hass.loop.time() - started > _STABLE_SECONDS:
                backoff = MIN_BACKOFF_SECONDS
            self._wake.clear()
            backoff = min(backoff, longest)
            # Random, so that not all cameras of a gateway reconnect at the same time.
            pause = backoff * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            backoff *= 2

    async def _async_follow(self) -> None:
        """Process events until the connection ends."""
        async with open_events(self.client, self._serial_number) as events:
            ports = await self._async_read_ports()
            self.connections += 1
            self.data = CameraState()
            self.last_update_success = True
            if self._failure_logged:
                self._failure_logged = False
                LOGGER.info("Camera %s reports its events again", self.node_id)
            self._async_set_ports(ports)
            async for event in events:
                self._async_process(event)

    async def _async_read_ports(self) -> tuple[Port, ...]:
        try:
            return await read_ports(self.client, self._serial_number)
        except NetrexCameraRefusedError:
            # It may still report events of other kinds.
            return ()

    @callback
    def _async_process(self, event: CameraEvent | None) -> None:
        if event is None:
            self.unreadable += 1
        elif event.kind is None:
            if event.topic in self.ignored or len(self.ignored) < _MAX_TOPICS:
                self.ignored[event.topic] += 1
        elif event.kind in STATELESS:
            for listener in list(self._alert_listeners):
                listener(event.kind)
        elif event.state is not None:
            key = self._key(event.kind, event.place)
            if key in self.data.states or len(self.data.states) < _MAX_STATES:
                self._async_set({key: event.state})

    def _key(self, kind: EventKind, place: str) -> EventKey:
        return EventKey(self.node_id, kind, place)

    @callback
    def _async_set_ports(self, ports: tuple[Port, ...]) -> None:
        states = {
            self._key(
                EventKind.INPUT if port.is_input else EventKind.OUTPUT, str(port.number)
            ): port.active
            for port in ports
            if port.active is not None
        }
        self._async_set(states, {port.number: port for port in ports})

    @callback
    def _async_set(
        self,
        states: Mapping[EventKey, bool],
        ports: Mapping[int, Port] | None = None,
    ) -> None:
        """Update the listeners if anything changed."""
        data = CameraState(
            {**self.data.states, **states},
            self.data.ports if ports is None else ports,
        )
        if data != self.data or ports is not None:
            self.data = data
            self.async_update_listeners()

    @callback
    def _async_disconnected(self) -> None:
        if self.last_update_success:
            self.last_update_success = False
            self.async_update_listeners()

    @callback
    def _async_log_failure(self) -> None:
        """Log once per outage, and only if reconnecting failed."""
        if not self._failure_logged:
            self._failure_logged = True
            LOGGER.info(
                "Camera %s does not report its events: %s", self.node_id, self.error
            )

    def port_name(self, port: Port) -> str | None:
        """Return the name that a user gave to an input or output; None without one.

        The portal's tree lists inputs below their camera, but not their port numbers.
        They are matched by name, or by order if there are as many as the camera has.
        """
        own = None if _is_default(port) else port.name
        names = [
            node.name
            for node in self.inventory.data.tree.children(self.node_id)
            if node.type is NodeType.DEVICE_INPUT
        ]
        inputs = [one.number for one in self.data.ports.values() if one.is_input]
        if port.is_input and own not in names and len(inputs) == len(names):
            return names[inputs.index(port.number)]
        return own

    @property
    def _serial_number(self) -> str:
        return self.inventory.data.serial_number(self.node_id)


def _is_default(port: Port) -> bool:
    """Return whether a port has no name, or only its default one."""
    if not port.name:
        return True
    word, _, number = port.name.lower().partition(" ")
    return word in _DEFAULT_WORDS and number.strip().isdecimal()
