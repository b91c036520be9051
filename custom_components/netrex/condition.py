"""Conditions: connectivity, KPIs, and the state of places."""

from typing import Any, ClassVar, override

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.const import CONF_OPTIONS, STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.condition import (
    NUMERICAL_CONDITION_SCHEMA,
    Condition,
    ConditionConfig,
    EntityNumericalConditionBase,
    EntityStateConditionBase,
)
from homeassistant.helpers.typing import ConfigType
import voluptuous as vol

from .automation_targets import (
    BINARY_SENSORS,
    CONF_KPI,
    KPI_OPTION,
    SENSORS,
    check_entities,
    check_kpi,
    kpi_keys,
    own_entities,
)
from .kpi.place_entities import FULL, OPEN

ON_STATES: set[str | bool] = {STATE_ON}
OFF_STATES: set[str | bool] = {STATE_OFF}


class _BinarySensorCondition(EntityStateConditionBase):
    """A binary sensor of this integration has a state."""

    _domain_specs = BINARY_SENSORS
    # Connectivity is a diagnostic entity, which Home Assistant would skip in an area.
    _primary_entities_only = False
    _keys: ClassVar[frozenset[str]]

    @override
    @classmethod
    async def async_validate_config(
        cls, hass: HomeAssistant, config: ConfigType
    ) -> ConfigType:
        """Validate the configuration."""
        config = await super().async_validate_config(hass, config)
        check_entities(hass, config, BINARY_SENSOR_DOMAIN, cls._keys)
        return config

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        return own_entities(self._hass, entities, BINARY_SENSOR_DOMAIN, self._keys)

    @override
    def _check_all_match_state(self, states: list[State]) -> bool:
        """Return whether all states match; False if none is known."""
        return bool(states) and super()._check_all_match_state(states)


class CameraIsOfflineCondition(_BinarySensorCondition):
    """A camera is not connected to the portal."""

    _keys = frozenset({"connectivity"})
    _states = OFF_STATES


class PlaceIsFullCondition(_BinarySensorCondition):
    """As many people are at a place as its limit allows."""

    _keys = frozenset({FULL})
    _states = ON_STATES


class PlaceIsOpenCondition(_BinarySensorCondition):
    """A place is usually open at this time."""

    _keys = frozenset({OPEN})
    _states = ON_STATES


class KpiIsCondition(EntityNumericalConditionBase):
    """A KPI is in the range of a threshold."""

    _domain_specs = SENSORS
    _schema = NUMERICAL_CONDITION_SCHEMA.extend(
        {vol.Required(CONF_OPTIONS): {vol.Optional(CONF_KPI): KPI_OPTION}}
    )

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        super().__init__(hass, config)
        options: dict[str, Any] = config.options or {}
        self._keys = kpi_keys(options)

    @override
    @classmethod
    async def async_validate_config(
        cls, hass: HomeAssistant, config: ConfigType
    ) -> ConfigType:
        """Validate the configuration."""
        config = await super().async_validate_config(hass, config)
        check_kpi(config)
        check_entities(hass, config, SENSOR_DOMAIN, kpi_keys(config[CONF_OPTIONS]))
        return config

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        return own_entities(self._hass, entities, SENSOR_DOMAIN, self._keys)

    @override
    def _check_all_match_state(self, states: list[State]) -> bool:
        """Return whether all values match; False if none is known."""
        return bool(states) and super()._check_all_match_state(states)


CONDITIONS: dict[str, type[Condition]] = {
    "camera_is_offline": CameraIsOfflineCondition,
    "kpi_is": KpiIsCondition,
    "place_is_full": PlaceIsFullCondition,
    "place_is_open": PlaceIsOpenCondition,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions of this integration."""
    return CONDITIONS
