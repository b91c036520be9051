"""Base classes of the entities that require a camera access token."""

from typing import Any, override

from homeassistant.core import callback
from homeassistant.helpers.typing import UndefinedType

from ..client.camera.camstreamer import AppStream
from ..client.camera.topics import EventKind
from ..entity import NetrexEntity
from ..models import NetrexConfigEntry
from .broadcasts import BroadcastCoordinator, StreamKey
from .coordinator import GatewayCoordinator
from .events import EventCoordinator, EventKey
from .polling import PollingCoordinator


class GatewayEntity[CoordinatorT: GatewayCoordinator[Any]](NetrexEntity[CoordinatorT]):
    """An entity that is available only while the portal reports the camera online."""

    def __init__(
        self,
        coordinator: CoordinatorT,
        entry: NetrexConfigEntry,
        node_id: int,
        key: str,
    ) -> None:
        """Attach to camera `node_id`."""
        super().__init__(coordinator, entry, node_id, key, context=node_id)
        self.entry = entry
        self.node_id = node_id

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.status.async_add_listener(self._handle_coordinator_update)
        )

    @property
    @override
    def available(self) -> bool:
        return super().available and self.coordinator.status.is_online(self.node_id)


class PollingEntity[CoordinatorT: PollingCoordinator[Any]](GatewayEntity[CoordinatorT]):
    """An entity whose state is polled; its name follows the camera."""

    @property
    def title(self) -> str | None:
        """The name on the camera, as it was last read; None if it has no name."""
        return None

    @callback
    def _update_name(self, placeholder: str, default: str) -> None:
        """Put the title into the placeholder of the translated name."""
        self._placeholder, self._default = placeholder, default
        self._attr_translation_placeholders = {placeholder: self.title or default}
        # Home Assistant caches the name by its own attributes alone.
        self.__dict__.pop("name", None)

    @override
    @callback
    def _handle_coordinator_update(self) -> None:
        # Keep the last name if the camera no longer has the item.
        if self.available:
            self._update_name(self._placeholder, self._default)
        super()._handle_coordinator_update()

    @property
    @override
    def available(self) -> bool:
        return (
            super().available
            and self.node_id in self.coordinator.data
            and self.node_id not in self.coordinator.failed
        )


class BroadcastEntity(PollingEntity[BroadcastCoordinator]):
    """An entity of a stream of the CamStreamer App."""

    def __init__(
        self,
        coordinator: BroadcastCoordinator,
        entry: NetrexConfigEntry,
        translation_key: str,
        key: StreamKey,
    ) -> None:
        self.key = key
        super().__init__(
            coordinator, entry, key.node_id, f"{translation_key}_{key.stream_id}"
        )
        self._attr_translation_key = translation_key
        self._update_name("stream", key.stream_id)

    @property
    @override
    def title(self) -> str | None:
        return stream.title if (stream := self.stream) else None

    @property
    @override
    def available(self) -> bool:
        return super().available and self.stream is not None

    @property
    def stream(self) -> AppStream | None:
        """The stream as it was last read; None if the camera no longer has it."""
        return self.coordinator.data.get(self.key.node_id, {}).get(self.key.stream_id)


class EventStateEntity(NetrexEntity[EventCoordinator]):
    """An entity of a state that a camera reports; unavailable without a connection."""

    def __init__(
        self, coordinator: EventCoordinator, entry: NetrexConfigEntry, key: EventKey
    ) -> None:
        part = key.place.replace("/", "_").lower()
        suffix = f"{key.kind.value}_{part}" if part else key.kind.value
        super().__init__(coordinator, entry, key.node_id, suffix)
        self._attr_translation_key = key.kind.value
        self.key = key
        self._written: tuple[object, ...] | None = None

    @property
    @override
    def name(self) -> str | UndefinedType | None:
        """The name of an input or output on the camera, as it was last read."""
        if self.key.kind in (EventKind.INPUT, EventKind.OUTPUT):
            port = self.coordinator.data.ports.get(int(self.key.place))
            if port and (name := self.coordinator.port_name(port)):
                return name
        return super().name

    @property
    @override
    def available(self) -> bool:
        """Whether the camera reported the state on the current connection."""
        return super().available and self.key in self.coordinator.data.states

    @property
    def is_on(self) -> bool | None:
        """The state; None if it is not known."""
        return self.coordinator.data.states.get(self.key)

    @override
    @callback
    def _handle_coordinator_update(self) -> None:
        """Write only what changed: a camera reports many states."""
        state = self.available, self.is_on, self.name
        if state != self._written:
            self._written = state
            self.async_write_ha_state()
