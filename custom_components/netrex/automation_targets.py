"""The entities to which triggers and conditions apply.

Home Assistant imports trigger and condition platforms before an account is loaded, so
nothing here needs runtime data.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, override

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.event import DOMAIN as EVENT_DOMAIN
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.const import (
    ATTR_ENTITY_ID,
    CONF_OPTIONS,
    CONF_TARGET,
    STATE_OFF,
    STATE_ON,
)
from homeassistant.core import HomeAssistant, callback, split_entity_id
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.typing import ConfigType
import voluptuous as vol

from .const import DOMAIN
from .entity import split_unique_id
from .kpi import place_entities
from .kpi.metrics import METRICS
from .kpi.selection import sensor_key, windows

BINARY_SENSORS = {BINARY_SENSOR_DOMAIN: DomainSpec()}
EVENTS = {EVENT_DOMAIN: DomainSpec()}
SENSORS = {SENSOR_DOMAIN: DomainSpec()}
ON = {STATE_ON}
OFF = {STATE_OFF}
CONF_KPI = "kpi"
# The KPI sensors, by the last part of their unique ids.
SENSOR_KEYS = (
    tuple(
        sensor_key(description, window)
        for description in METRICS
        for window in windows(description)
    )
    + place_entities.SENSOR_KEYS
)
KPI_OPTION = vol.In(SENSOR_KEYS)


@callback
def _own_entities(
    hass: HomeAssistant, entity_ids: Iterable[str], domain: str, keys: Collection[str]
) -> set[str]:
    """Return the entities of this integration with a domain and one of these keys.

    The key is the last part of the unique id.
    """
    registry = er.async_get(hass)
    return {
        entity_id
        for entity_id in entity_ids
        if split_entity_id(entity_id)[0] == domain
        and (entity := registry.async_get(entity_id)) is not None
        and _key(hass, entity) in keys
    }


def _key(hass: HomeAssistant, entity: er.RegistryEntry) -> str | None:
    if entity.platform != DOMAIN:
        return None
    entry = hass.config_entries.async_get_entry(entity.config_entry_id or "")
    return None if entry is None else split_unique_id(entry, entity.unique_id)[1]


class OwnEntitiesMixin:
    """Limits a trigger or condition to entities of this integration.

    The next class validates the configuration first.

    Attributes:
        _domain_specs: The domain of the entities; only one.
        _keys: The last parts of their unique ids.
    """

    _domain_specs: Mapping[str, DomainSpec]
    _keys: Collection[str]
    _hass: HomeAssistant

    @classmethod
    async def async_validate_config(
        cls, hass: HomeAssistant, config: ConfigType
    ) -> ConfigType:
        """Validate the configuration."""
        validate = super().async_validate_config  # type: ignore[misc]  # the next class
        validated: ConfigType = await validate(hass, config)
        [domain] = cls._domain_specs
        _check_entities(hass, validated, domain, cls._keys_for(validated[CONF_OPTIONS]))
        return validated

    @classmethod
    def _keys_for(cls, _: Mapping[str, Any], /) -> Collection[str]:
        """Return the keys of the entities that the options select."""
        return cls._keys

    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the entities that the trigger or condition applies to."""
        [domain] = self._domain_specs
        return _own_entities(self._hass, entities, domain, self._keys)


class OwnKpisMixin(OwnEntitiesMixin):
    """Limits a trigger or condition to KPI sensors, all or one of a place.

    Subclasses set `_keys` to those of their options.
    """

    _domain_specs: Mapping[str, DomainSpec] = SENSORS

    @override
    @classmethod
    async def async_validate_config(
        cls, hass: HomeAssistant, config: ConfigType
    ) -> ConfigType:
        """Validate the configuration."""
        validated = await super().async_validate_config(hass, config)
        _check_kpi(validated)
        return validated

    @override
    @classmethod
    def _keys_for(cls, options: Mapping[str, Any], /) -> Collection[str]:
        return {options[CONF_KPI]} if CONF_KPI in options else SENSOR_KEYS


@callback
def _check_entities(
    hass: HomeAssistant,
    config: Mapping[str, Any],
    domain: str,
    keys: Collection[str],
) -> None:
    """Check the entities that a configuration names.

    Entities that do not exist are accepted: their account may be added later.

    Raises:
        vol.Invalid: An existing entity is not of the expected kind, so that it would
            be ignored.
    """
    named = set(config[CONF_TARGET].get(ATTR_ENTITY_ID, ()))
    registry = er.async_get(hass)
    existing = {
        entity_id
        for entity_id in named
        if registry.async_get(entity_id) or hass.states.get(entity_id)
    }
    if wrong := existing - _own_entities(hass, existing, domain, keys):
        raise vol.Invalid(
            f"{', '.join(sorted(wrong))} cannot be used here: "
            f"choose a Netrex {domain} of one of these kinds: {', '.join(sorted(keys))}"
        )


def _check_kpi(config: Mapping[str, Any]) -> None:
    """Check that a device, area, floor, or label comes with the KPI that is meant.

    Each of them has many KPIs, and a threshold makes sense for one of them only.

    Raises:
        vol.Invalid: The KPI is missing.
    """
    if CONF_KPI not in config[CONF_OPTIONS] and config[CONF_TARGET].keys() - {
        ATTR_ENTITY_ID
    }:
        raise vol.Invalid(
            "A device, area, floor, or label has several KPIs: choose one of them "
            f"with the option {CONF_KPI}"
        )
