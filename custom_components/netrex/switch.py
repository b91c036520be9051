"""Switches: a camera's outputs and broadcasts, where a camera access token opens it."""

from collections.abc import Iterator
from functools import partial
from typing import Any, override

from homeassistant.components.switch import SwitchEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .client.camera.topics import EventKind
from .entity import async_add_per_node
from .errors import command_errors
from .gateway.entity import BroadcastEntity, CameraStateEntity
from .gateway.events import EventCoordinator
from .models import NetrexConfigEntry

# A camera gets one call at a time anyway.
PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a switch per output and per broadcast, as they turn out to exist."""
    if (gateway := entry.runtime_data.gateway) is None:
        return
    broadcasts = gateway.broadcasts
    async_add_per_node(
        entry,
        async_add_entities,
        broadcasts,
        broadcasts.streams,
        lambda key: [BroadcastSwitch(broadcasts, entry, "broadcast", *key)],
        node_of=lambda key: key[0],
    )
    for events in gateway.events.values():
        async_add_per_node(
            entry,
            async_add_entities,
            events,
            partial(_outputs, events),
            lambda key: [OutputSwitch(key[0], entry, key[1])],
            node_of=lambda key: key[0].node_id,
        )


def _outputs(events: EventCoordinator) -> Iterator[tuple[EventCoordinator, int]]:
    for number, port in events.data.ports.items():
        if not port.is_input:
            yield events, number


class OutputSwitch(CameraStateEntity, SwitchEntity):
    """An electrical output of a camera."""

    def __init__(
        self, coordinator: EventCoordinator, entry: NetrexConfigEntry, number: int
    ) -> None:
        """Stand for output `number`, counted from 0."""
        super().__init__(coordinator, entry, EventKind.OUTPUT, str(number))
        name = coordinator.port_name(coordinator.data.ports[number])
        if name is not None:
            self._attr_name = name
        self._attr_translation_placeholders = {"number": str(number + 1)}
        self._entry = entry
        self._number = number

    @property
    @override
    def is_on(self) -> bool | None:
        return self.state_told

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Make the output active."""
        await self._async_switch(active=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Put the output back into its normal state."""
        await self._async_switch(active=False)

    async def _async_switch(self, *, active: bool) -> None:
        with command_errors(self.hass, self._entry):
            await self.coordinator.async_switch(self._number, active=active)


class BroadcastSwitch(BroadcastEntity, SwitchEntity):
    """Whether a stream of the CamStreamer App is enabled."""

    @property
    @override
    def is_on(self) -> bool | None:
        return stream.enabled if (stream := self.stream) else None

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Enable the stream; one that is enabled goes on undisturbed."""
        await self._async_switch(enabled=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Disable the stream."""
        await self._async_switch(enabled=False)

    async def _async_switch(self, *, enabled: bool) -> None:
        with command_errors(self.hass, self.entry):
            await self.coordinator.async_set_enabled(
                self.node_id, self.stream_id, enabled=enabled
            )
