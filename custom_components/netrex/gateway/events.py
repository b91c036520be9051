"""What cameras tell as it happens: a connection for each that the user chose."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
import random
from typing import Any, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from ..client import (
    GatewayClient,
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
from ..coordinator import InventoryCoordinator, StatusCoordinator
from ..models import NetrexConfigEntry

# Seconds until the next attempt, doubled each time that one fails.
FIRST_DELAY = 1.0
LONGEST_DELAY = 300.0
# Of a connection that came about, however short it was, less is lost by a cut.
LONGEST_PAUSE = 5.0
# A connection that lasted so long was no failure.
_GOOD_LIFE = 60.0
# What does not pass by itself.
_LASTING = (
    NetrexCameraTokenError,
    NetrexCameraPermissionError,
    NetrexCameraNotFoundError,
)
# A camera may tell of so many things; of topics that nobody here knows so many are
# counted.
_MOST_STATES = 200
_MOST_TOPICS = 100

# Names of ports that nobody gave: one of these words and a number.
_DEFAULT_WORDS = frozenset(("port", "input", "output"))

# What tells states apart: a kind, and which one of it.
type EventKey = tuple[EventKind, str]


@dataclass(frozen=True, slots=True)
class CameraState:
    """What a camera told since the connection is up, and its electrical ports."""

    states: Mapping[EventKey, bool] = field(default_factory=dict)
    ports: Mapping[int, Port] = field(default_factory=dict)


class EventCoordinator(DataUpdateCoordinator[CameraState]):
    """Follows the event stream of one camera, and connects again when it is cut.

    While it is cut nothing is known, so `last_update_success` is False.
    """

    config_entry: NetrexConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        client: GatewayClient,
        node_id: int,
        *,
        inventory: InventoryCoordinator,
        status: StatusCoordinator,
    ) -> None:
        super().__init__(
            hass, LOGGER, config_entry=entry, name=f"events of camera {node_id}"
        )
        self.node_id = node_id
        self.data = CameraState()
        self.last_update_success = False
        # For diagnostics: what was told that nobody here knows, by topic.
        self.ignored: Counter[str] = Counter()
        self.unreadable = 0
        self.connections = 0
        self.error: NetrexError | None = None
        self._client = client
        self._inventory = inventory
        self._status = status
        self._was_online = status.is_online(node_id)
        self._wake = asyncio.Event()
        self._told = False
        self._alert_listeners: set[Callable[[EventKind], None]] = set()

    @callback
    def async_start(self) -> None:
        """Connect, until the account is unloaded."""
        entry = self.config_entry
        entry.async_on_unload(
            self._status.async_add_listener(self._async_status_changed)
        )
        entry.async_create_background_task(self.hass, self._async_run(), self.name)

    @callback
    def async_add_alert_listener(
        self, listener: Callable[[EventKind], None]
    ) -> Callable[[], None]:
        """Be told of what has no state, as it happens."""
        self._alert_listeners.add(listener)
        return lambda: self._alert_listeners.discard(listener)

    async def async_switch(self, number: int, *, active: bool) -> None:
        """Switch an output, and read back what it is now. Raises NetrexError."""
        port = self.data.ports.get(number)
        if port is None:
            raise NetrexCameraNotFoundError("The camera has no such output any more")
        await switch_port(self._client, self._serial_number, port, active=active)
        if not port.managed:
            # Such firmware does not tell what state its ports are in.
            self._async_set({(EventKind.OUTPUT, str(number)): active})
            return
        self._async_set_ports(await self._async_read_ports())

    @override
    async def _async_update_data(self) -> CameraState:
        """Answer who asks for an update: the camera tells by itself, or cannot."""
        if not self.last_update_success:
            raise UpdateFailed
        return self.data

    def diagnostics(self) -> dict[str, Any]:
        """Return counts and topics; no name, serial number or address."""
        return {
            "connected": self.last_update_success,
            "connections": self.connections,
            "error": type(self.error).__name__ if self.error else None,
            "ports": Counter(
                "input" if port.is_input else "output"
                for port in self.data.ports.values()
            ),
            "states": Counter(kind.value for kind, _ in self.data.states),
            "unreadable": self.unreadable,
            "ignored": dict(self.ignored),
        }

    @callback
    def _async_status_changed(self) -> None:
        """Connect at once when the portal sees the camera again."""
        is_online = self._status.is_online(self.node_id)
        if is_online and not self._was_online:
            self._wake.set()
        self._was_online = is_online

    async def _async_run(self) -> None:
        delay = FIRST_DELAY
        while True:
            started = self.hass.loop.time()
            longest = LONGEST_DELAY
            try:
                await self._async_follow()
                self.error, longest = None, LONGEST_PAUSE
            except NetrexError as err:
                self.error = err
                self._async_tell_failure()
                if isinstance(err, _LASTING):
                    delay = LONGEST_DELAY
            self._async_lost()
            if self.hass.loop.time() - started > _GOOD_LIFE:
                delay = FIRST_DELAY
            self._wake.clear()
            # Many cameras that a gateway lost at once should not come back at once.
            delay = min(delay, longest)
            pause = delay * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            delay *= 2

    async def _async_follow(self) -> None:
        """Take what the camera tells until the connection ends."""
        async with open_events(self._client, self._serial_number) as events:
            ports = await self._async_read_ports()
            self.connections += 1
            self.data = CameraState()
            self.last_update_success = True
            if self._told:
                self._told = False
                LOGGER.info("Camera %s tells its events again", self.node_id)
            self._async_set_ports(ports)
            async for event in events:
                self._async_take(event)

    async def _async_read_ports(self) -> tuple[Port, ...]:
        try:
            return await read_ports(self._client, self._serial_number)
        except NetrexCameraRefusedError:
            # It may tell of its picture all the same.
            return ()

    @callback
    def _async_take(self, event: CameraEvent | None) -> None:
        if event is None:
            self.unreadable += 1
        elif event.kind is None:
            if event.topic in self.ignored or len(self.ignored) < _MOST_TOPICS:
                self.ignored[event.topic] += 1
        elif event.kind in STATELESS:
            for listener in list(self._alert_listeners):
                listener(event.kind)
        elif event.state is not None:
            key = event.kind, event.place
            if key in self.data.states or len(self.data.states) < _MOST_STATES:
                self._async_set({key: event.state})

    @callback
    def _async_set_ports(self, ports: tuple[Port, ...]) -> None:
        states = {
            (
                EventKind.INPUT if port.is_input else EventKind.OUTPUT,
                str(port.number),
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
        """Tell the entities, unless nothing is new."""
        data = CameraState(
            {**self.data.states, **states},
            self.data.ports if ports is None else ports,
        )
        if data != self.data or ports is not None:
            self.data = data
            self.async_update_listeners()

    @callback
    def _async_lost(self) -> None:
        if self.last_update_success:
            self.last_update_success = False
            self.async_update_listeners()

    @callback
    def _async_tell_failure(self) -> None:
        """Log once that there is no connection; a cut that is mended is no news."""
        if not self._told:
            self._told = True
            LOGGER.info(
                "Camera %s does not tell its events: %s", self.node_id, self.error
            )

    def port_name(self, port: Port) -> str | None:
        """Return what an input or output is called; None if nobody named it.

        The portal's tree has electrical inputs below their camera, without a word
        about which port they are. They are matched by name, or in order if there are
        as many.
        """
        own = None if _is_default(port) else port.name
        names = [
            node.name
            for node in self._inventory.data.tree.children(self.node_id)
            if node.type is NodeType.DEVICE_INPUT
        ]
        inputs = [one.number for one in self.data.ports.values() if one.is_input]
        if port.is_input and own not in names and len(inputs) == len(names):
            return names[inputs.index(port.number)]
        return own

    @property
    def _serial_number(self) -> str:
        return self._inventory.data.serial_number(self.node_id)


def _is_default(port: Port) -> bool:
    """Whether a port has no name but the one that it came with."""
    if not port.name:
        return True
    word, _, number = port.name.lower().partition(" ")
    return word in _DEFAULT_WORDS and number.strip().isdecimal()
