"""What the entities of the cameras' own interfaces share."""

from typing import Any, override

from homeassistant.core import callback

from ..client.camera.camstreamer import AppStream
from ..client.camera.topics import EventKind
from ..entity import NetrexEntity
from ..models import NetrexConfigEntry
from .broadcasts import BroadcastCoordinator
from .events import EventCoordinator
from .polling import RoundsCoordinator


class RoundsEntity[CoordinatorT: RoundsCoordinator[Any]](NetrexEntity[CoordinatorT]):
    """An entity of what cameras are asked for now and then."""

    def __init__(
        self,
        coordinator: CoordinatorT,
        entry: NetrexConfigEntry,
        node_id: int,
        key: str,
    ) -> None:
        """Attach to what is read of camera `node_id`."""
        super().__init__(coordinator, entry, node_id, key, context=node_id)
        self.entry = entry
        self.node_id = node_id

    @override
    async def async_added_to_hass(self) -> None:
        """Follow also whether the portal sees the camera."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.status.async_add_listener(self._handle_coordinator_update)
        )

    @property
    @override
    def available(self) -> bool:
        """Whether the portal sees the camera, and the last reading did not fail."""
        return (
            super().available
            and self.coordinator.status.is_online(self.node_id)
            and self.node_id in self.coordinator.data
            and self.node_id not in self.coordinator.failed
        )


class BroadcastEntity(RoundsEntity[BroadcastCoordinator]):
    """An entity of a stream of the CamStreamer App."""

    def __init__(
        self,
        coordinator: BroadcastCoordinator,
        entry: NetrexConfigEntry,
        key: str,
        node_id: int,
        stream_id: str,
    ) -> None:
        """Attach to a stream of camera `node_id`."""
        super().__init__(coordinator, entry, node_id, f"{key}_{stream_id}")
        self._attr_translation_key = key
        self.stream_id = stream_id
        title = stream.title if (stream := self.stream) else stream_id
        self._attr_translation_placeholders = {"stream": title}

    @property
    @override
    def available(self) -> bool:
        """Whether the camera can be reached and still has the stream."""
        return super().available and self.stream is not None

    @property
    def stream(self) -> AppStream | None:
        """The stream as it was read last."""
        return self.coordinator.data.get(self.node_id, {}).get(self.stream_id)


class CameraStateEntity(NetrexEntity[EventCoordinator]):
    """An entity of a state that a camera tells of; unknown while it cannot tell."""

    def __init__(
        self,
        coordinator: EventCoordinator,
        entry: NetrexConfigEntry,
        kind: EventKind,
        place: str,
    ) -> None:
        part = place.replace("/", "_").lower()
        key = f"{kind.value}_{part}" if part else kind.value
        super().__init__(coordinator, entry, coordinator.node_id, key)
        self._attr_translation_key = kind.value
        self.event_key = (kind, place)
        self._shown: tuple[bool, bool | None] | None = None

    @property
    @override
    def available(self) -> bool:
        """Whether the camera told the state on this connection."""
        return super().available and self.event_key in self.coordinator.data.states

    @property
    def state_told(self) -> bool | None:
        """What the camera told last."""
        return self.coordinator.data.states.get(self.event_key)

    @override
    @callback
    def _handle_coordinator_update(self) -> None:
        """Write only what changed: a camera tells of many things."""
        shown = self.available, self.state_told
        if shown != self._shown:
            self._shown = shown
            self.async_write_ha_state()
