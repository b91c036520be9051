"""Switches: outputs and broadcasts of cameras; require a camera access token."""

from collections.abc import Iterator
from typing import Any, override

from homeassistant.components.switch import SwitchEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .client.camera.topics import EventKind
from .entity import NotExposedEntity, async_add_per_node
from .errors import command_errors
from .gateway.entity import BroadcastEntity, EventStateEntity
from .gateway.events import EventCoordinator, EventKey
from .models import NetrexConfigEntry

# The gateway client already limits each camera to one call at a time.
PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a switch for each output and broadcast, as they are found."""
    if (gateway := entry.runtime_data.gateway) is None:
        return
    broadcasts = gateway.broadcasts
    async_add_per_node(
        entry,
        async_add_entities,
        broadcasts,
        broadcasts.streams,
        lambda key: [BroadcastSwitch(broadcasts, entry, "broadcast", key)],
    )
    for events in gateway.events.values():
        _async_add_outputs(entry, async_add_entities, events)


def _async_add_outputs(
    entry: NetrexConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    events: EventCoordinator,
) -> None:
    def keys() -> Iterator[EventKey]:
        for number, port in events.data.ports.items():
            if not port.is_input:
                yield EventKey(events.node_id, EventKind.OUTPUT, str(number))

    async_add_per_node(
        entry,
        async_add_entities,
        events,
        keys,
        lambda key: [OutputSwitch(events, entry, key)],
    )


class OutputSwitch(NotExposedEntity, EventStateEntity, SwitchEntity):
    """An electrical output of a camera."""

    def __init__(
        self, coordinator: EventCoordinator, entry: NetrexConfigEntry, key: EventKey
    ) -> None:
        """Attach to an output; `key.place` is its number, counted from 0."""
        super().__init__(coordinator, entry, key)
        self._entry = entry
        self._number = int(key.place)
        self._attr_translation_placeholders = {"number": str(self._number + 1)}

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Make the output active."""
        await self._async_switch(active=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Return the output to its normal state."""
        await self._async_switch(active=False)

    async def _async_switch(self, *, active: bool) -> None:
        with command_errors(self._entry):
            await self.coordinator.async_switch(self._number, active=active)


class BroadcastSwitch(NotExposedEntity, BroadcastEntity, SwitchEntity):
    """Whether a stream of the CamStreamer App is enabled."""

    @property
    @override
    def is_on(self) -> bool | None:
        return stream.enabled if (stream := self.stream) else None

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Enable the stream; does nothing if it is already enabled."""
        await self._async_switch(enabled=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Disable the stream."""
        await self._async_switch(enabled=False)

    async def _async_switch(self, *, enabled: bool) -> None:
        with command_errors(self.entry):
            await self.coordinator.async_set_enabled(self.key, enabled=enabled)
