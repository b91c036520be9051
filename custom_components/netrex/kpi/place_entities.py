"""Entities of places: limits, full, counting, open, and expectations."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
)
from homeassistant.components.number import NumberMode, RestoreNumber
from homeassistant.components.sensor import SensorEntity, SensorStateClass
from homeassistant.const import PERCENTAGE, STATE_OFF, STATE_ON, EntityCategory
from homeassistant.core import callback
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import RestoreEntity

from ..entity import NetrexEntity, async_add_per_node
from ..models import NetrexConfigEntry
from .coordinator import KpiCoordinator
from .metrics import OCCUPANCY, SeriesKey, needs
from .places import counting_places, people_metric, place_name
from .values import KpiKey
from .weeks import YEAR_METRICS, PlaceWeeks
from .windows import Window

OCCUPANCY_LIMIT = "occupancy_limit"
VISITORS_TARGET = "visitors_target"
FULL = "full"
COUNTING = "counting"
OPEN = "open"
EXPECTED = "visitors_expected_today"
YEAR_CHANGES = {f"{metric}_year_change_today": metric for metric in YEAR_METRICS}
SENSOR_KEYS = (EXPECTED, *YEAR_CHANGES)
# A place is no longer full at this share of its limit, or with one person less, so
# that it does not become full with everyone who enters.
_HYSTERESIS = 0.05
_MAX_PEOPLE = 1_000_000


class _PlaceEntity(NetrexEntity[KpiCoordinator]):
    """An entity of a place; it reads nothing itself."""

    def __init__(self, entry: NetrexConfigEntry, node_id: int, key: str) -> None:
        super().__init__(entry.runtime_data.kpi, entry, node_id, key)
        self._attr_translation_key = key
        self._node_id = node_id
        self._entry = entry
        self._weeks: PlaceWeeks = entry.runtime_data.weeks
        self._shown: object = None

    @override
    async def async_added_to_hass(self) -> None:
        """Follow what is known about the place."""
        await super().async_added_to_hass()
        self.async_on_remove(self._weeks.async_add_listener(self._async_update))
        self._compute()

    @callback
    def _async_update(self) -> None:
        if (shown := (self._compute(), self.available)) != self._shown:
            self._shown = shown
            self.async_write_ha_state()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Update: also when the portal is available again."""
        self._async_update()

    def _compute(self) -> object:
        """Compute the state again, and return what is shown of it."""
        return None


class PlaceNumber(_PlaceEntity, RestoreNumber):
    """A number that the user sets for a place; 0 removes it."""

    _attr_entity_category = EntityCategory.CONFIG
    _attr_mode = NumberMode.BOX
    _attr_native_min_value = 0
    _attr_native_max_value = _MAX_PEOPLE
    _attr_native_step = 1

    def __init__(self, entry: NetrexConfigEntry, node_id: int, key: str) -> None:
        super().__init__(entry, node_id, key)
        self._is_limit = key == OCCUPANCY_LIMIT

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the number."""
        await super().async_added_to_hass()
        if stored := await self.async_get_last_number_data():
            self._attr_native_value = stored.native_value or None
        self._set_limit()

    @property
    @override
    def available(self) -> bool:
        """Return True: the number does not depend on the portal."""
        return True

    @override
    async def async_set_native_value(self, value: float) -> None:
        self._attr_native_value = value or None
        self.async_write_ha_state()
        self._set_limit()

    def _set_limit(self) -> None:
        if self._is_limit:
            self._weeks.async_set_limit(self._node_id, self._attr_native_value)


class _PlaceBinarySensor(_PlaceEntity, BinarySensorEntity):
    @property
    @override
    def available(self) -> bool:
        """Return whether the state is known; it outlasts failed readings."""
        return super().available or self._attr_is_on is not None


class FullSensor(_PlaceBinarySensor, RestoreEntity):
    """Whether as many people are at a place as its limit allows."""

    _attr_device_class = BinarySensorDeviceClass.OCCUPANCY

    def __init__(self, entry: NetrexConfigEntry, node_id: int) -> None:
        super().__init__(entry, node_id, FULL)
        self._was_on: bool | None = None

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the state, so that a restart does not make the place full again."""
        if (last := await self.async_get_last_state()) is not None:
            self._was_on = {STATE_ON: True, STATE_OFF: False}.get(last.state)
        await super().async_added_to_hass()

    @override
    def _compute(self) -> object:
        limit = self._weeks.limits.get(self._node_id)
        if limit is None:
            # The limit may still be being restored.
            self._attr_is_on = None
            return None
        key = KpiKey(self._node_id, OCCUPANCY.key, Window.TODAY)
        people = self.coordinator.reading(key).value
        if people is not None:
            least = limit - max(1.0, limit * _HYSTERESIS) if self._was_on else limit - 1
            self._was_on = people > least
        self._attr_is_on = self._was_on
        return self._attr_is_on


class CountingSensor(_PlaceBinarySensor):
    """Whether counting has stopped at a place or at one of its cameras."""

    _attr_device_class = BinarySensorDeviceClass.PROBLEM

    def __init__(self, entry: NetrexConfigEntry, node_id: int) -> None:
        super().__init__(entry, node_id, COUNTING)

    @override
    def _compute(self) -> object:
        is_counting = self._weeks.is_counting(self._node_id)
        self._attr_is_on = None if is_counting is None else not is_counting
        cameras = self._weeks.stopped_cameras(self._node_id)
        self._attr_extra_state_attributes = {
            "cameras": [place_name(self._entry, camera) for camera in cameras]
        }
        return self._attr_is_on, cameras


class OpenSensor(_PlaceBinarySensor):
    """Whether a place is usually open at this time."""

    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, entry: NetrexConfigEntry, node_id: int) -> None:
        super().__init__(entry, node_id, OPEN)

    @override
    def _compute(self) -> object:
        self._attr_is_on = self._weeks.is_open(self._node_id)
        return self._attr_is_on


class _PlaceSensor(_PlaceEntity, SensorEntity):
    _attr_state_class = SensorStateClass.MEASUREMENT


class ExpectedSensor(_PlaceSensor):
    """The visitors that a place can expect today."""

    _attr_suggested_display_precision = 0

    def __init__(self, entry: NetrexConfigEntry, node_id: int) -> None:
        super().__init__(entry, node_id, EXPECTED)

    @override
    def _compute(self) -> object:
        value = self._weeks.expected_today(self._node_id)
        self._attr_native_value = None if value is None else round(value)
        return self._attr_native_value


class YearChangeSensor(_PlaceSensor):
    """Today's change from the same weekday last year."""

    _attr_native_unit_of_measurement = PERCENTAGE
    _attr_suggested_display_precision = 1
    _attr_entity_registry_enabled_default = False

    def __init__(self, entry: NetrexConfigEntry, node_id: int, key: str) -> None:
        super().__init__(entry, node_id, key)
        self._series = SeriesKey(node_id, YEAR_CHANGES[key])

    @override
    def _compute(self) -> object:
        self._attr_native_value = self._weeks.year_change(self._series)
        return self._attr_native_value


class PlaceKey(NamedTuple):
    """Identifies an entity of a place."""

    node_id: int
    key: str


def _keys(entry: NetrexConfigEntry, wanted: Iterable[str]) -> Iterator[PlaceKey]:
    """Yield the entities of places that have the metrics that they need."""
    kpi = entry.runtime_data.kpi
    for node_id in counting_places(entry):
        metrics = kpi.metrics(node_id)
        if people_metric(metrics) is None:
            continue
        for key in wanted:
            if metrics.issuperset(_NEEDS.get(key, ())):
                yield PlaceKey(node_id, key)


_NEEDS: Mapping[str, tuple[str, ...]] = {
    OCCUPANCY_LIMIT: needs(OCCUPANCY),
    FULL: needs(OCCUPANCY),
    **{key: (metric,) for key, metric in YEAR_CHANGES.items()},
}
_NUMBERS = (OCCUPANCY_LIMIT, VISITORS_TARGET)
_BINARY_SENSORS: Mapping[str, Callable[[NetrexConfigEntry, int], Entity]] = {
    COUNTING: CountingSensor,
    FULL: FullSensor,
    OPEN: OpenSensor,
}


def _sensor(entry: NetrexConfigEntry, key: PlaceKey) -> Entity:
    if key.key == EXPECTED:
        return ExpectedSensor(entry, key.node_id)
    return YearChangeSensor(entry, *key)


def _async_add(
    entry: NetrexConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    keys: Iterable[str],
    entity: Callable[[PlaceKey], Entity],
) -> None:
    async_add_per_node(
        entry,
        async_add_entities,
        entry.runtime_data.kpi,
        lambda: _keys(entry, keys),
        lambda key: [entity(key)],
    )


@callback
def async_add_place_numbers(
    entry: NetrexConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the numbers of each place once it is known to count people."""
    _async_add(
        entry, async_add_entities, _NUMBERS, lambda key: PlaceNumber(entry, *key)
    )


@callback
def async_add_place_binary_sensors(
    entry: NetrexConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the binary sensors of each place."""
    _async_add(
        entry,
        async_add_entities,
        _BINARY_SENSORS,
        lambda key: _BINARY_SENSORS[key.key](entry, key.node_id),
    )


@callback
def async_add_place_sensors(
    entry: NetrexConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of each place."""
    _async_add(entry, async_add_entities, SENSOR_KEYS, lambda key: _sensor(entry, key))
