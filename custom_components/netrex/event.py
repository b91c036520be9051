"""Events: what becomes of downloads, and what a camera tells that has no state."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, override

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .client.camera.topics import STATELESS, EventKind
from .entity import NetrexCameraEntity, NetrexEntity, async_add_per_node
from .gateway.events import EventCoordinator
from .models import NetrexConfigEntry
from .recordings import Clip, JobEvent, JobState

PARALLEL_UPDATES = 0

# Percent between two writes of a state: a download tells each block.
_STEP = 10


class RecordingEvent(NetrexCameraEntity, EventEntity):
    """The downloads of a camera's recordings.

    Each change of state is an event; while a preparation or a download goes on, only
    the attribute `progress` changes.
    """

    _attr_translation_key = "recording"
    # Links expire, and a percentage is of no interest afterwards.
    _unrecorded_attributes = frozenset({"progress", "url"})

    def __init__(self, entry: NetrexConfigEntry, node_id: int) -> None:
        """Attach to camera `node_id`."""
        super().__init__(entry, node_id, "recording")
        self._attr_event_types = [state.value for state in JobState]
        self._recordings = entry.runtime_data.recordings
        # What was told last of each clip, and of which clip the last event was.
        self._states: dict[Clip, JobState] = {}
        self._last: Clip | None = None
        self._progress: int | None = None

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the camera's downloads."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self._recordings.async_add_listener(self.node_id, self._async_news)
        )

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {"progress": self._progress}

    @callback
    def _async_news(self, news: JobEvent) -> None:
        clip, state = news.clip, news.state
        if self._states.get(clip) == state and state is not JobState.REQUESTED:
            if clip == self._last and self._is_step(news.progress):
                self._progress = news.progress
                self.async_write_ha_state()
            return
        self._states[clip] = state
        if state in (JobState.DOWNLOADED, JobState.FAILED):
            del self._states[clip]
        self._last = clip
        self._progress = news.progress
        self._trigger_event(state.value, _attributes(news))
        self.async_write_ha_state()

    def _is_step(self, progress: int | None) -> bool:
        """Whether to tell a percentage. It falls where something begins anew."""
        told = self._progress or 0
        return progress is not None and not told <= progress < told + _STEP


def _attributes(news: JobEvent) -> dict[str, Any]:
    """Return what an automation needs to go on with."""
    attributes: dict[str, Any] = {
        "start": dt_util.utc_from_timestamp(news.clip.start).isoformat(),
        "end": dt_util.utc_from_timestamp(news.clip.end).isoformat(),
    }
    if (saved := news.saved) is not None:
        attributes |= {
            "path": str(saved.path),
            "size": saved.size,
            "duration": saved.duration,
            "height": saved.height,
            "url": saved.url,
        }
    if news.reason is not None:
        attributes["reason"] = news.reason
    return attributes


class AlertEvent(NetrexEntity[EventCoordinator], EventEntity):
    """What a camera tells that happens and is over at once."""

    _attr_translation_key = "alert"

    def __init__(self, coordinator: EventCoordinator, entry: NetrexConfigEntry) -> None:
        super().__init__(coordinator, entry, coordinator.node_id, "alert")
        self._attr_event_types = sorted(kind.value for kind in STATELESS)

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the camera."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.async_add_alert_listener(self._async_alert)
        )

    @callback
    def _async_alert(self, kind: EventKind) -> None:
        self._trigger_event(kind.value)
        self.async_write_ha_state()


def _alerts(entry: NetrexConfigEntry, node_id: int) -> Iterator[AlertEvent]:
    gateway = entry.runtime_data.gateway
    if gateway is not None and (events := gateway.events.get(node_id)) is not None:
        yield AlertEvent(events, entry)


# What each camera has; a module with events of another kind adds a line.
CAMERA_EVENTS: tuple[Callable[[NetrexConfigEntry, int], Iterable[EventEntity]], ...] = (
    lambda entry, node_id: [RecordingEvent(entry, node_id)],
    _alerts,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the events of each camera, also for cameras to come."""
    inventory = entry.runtime_data.inventory
    async_add_per_node(
        entry,
        async_add_entities,
        inventory,
        lambda: inventory.data.cameras,
        lambda node_id: [
            entity for make in CAMERA_EVENTS for entity in make(entry, node_id)
        ],
    )
