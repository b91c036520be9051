"""Few sensors by default, more as chosen, and what a user uses stays."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.const import CONF_KPI_KEPT_SENSORS
from simulator import Simulator

from .test_sensor import sensor, settle, shop_id

DISABLED = er.RegistryEntryDisabler.INTEGRATION


@pytest.mark.parametrize("scenario", ["chain"])
async def test_a_chain_has_few_entities(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    entries = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)

    assert 700 < len(entries) <= 1200


async def test_cameras_have_visitors_only(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    counter = next(c for c in cloud.world.cameras if cloud.kpi.sources(c))
    assert sensor(hass, entry, counter, "visitors_today")
    assert sensor(hass, entry, counter, "occupancy") is None
    assert sensor(hass, entry, shop_id(cloud), "occupancy")
    assert sensor(hass, entry, shop_id(cloud), "visitors_week") is None


async def test_sensors_in_use_survive_the_migration(
    hass: HomeAssistant, cloud: Simulator, config_entry: MockConfigEntry
) -> None:
    config_entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(config_entry, minor_version=1)
    registry = er.async_get(hass)
    shop = shop_id(cloud)

    def create(
        key: str, disabled: er.RegistryEntryDisabler | None = DISABLED
    ) -> er.RegistryEntry:
        return registry.async_get_or_create(
            "sensor",
            "netrex",
            f"{config_entry.unique_id}_{shop}_{key}",
            config_entry=config_entry,
            disabled_by=disabled,
        )

    unused = create("visitors_month")
    selected = create("visitors_today")
    enabled = create("visitors_week", None)
    renamed = create("refunds_week")
    registry.async_update_entity(renamed.entity_id, name="Returns")
    exposed = create("sales_week")
    registry.async_update_entity_options(
        exposed.entity_id, "conversation", {"should_expose": True}
    )
    automatic = create("sales_month")
    registry.async_update_entity_options(
        automatic.entity_id, "sensor", {"suggested_display_precision": 0}
    )
    await hass.config_entries.async_setup(config_entry.entry_id)
    await settle(hass, config_entry)
    entry = config_entry

    assert registry.async_get(unused.entity_id) is None
    assert registry.async_get(automatic.entity_id) is None
    for kept in (renamed, exposed, selected):
        assert registry.async_get(kept.entity_id)
    state = hass.states.get(enabled.entity_id)
    assert state
    assert float(state.state) > 0
    assert state.attributes["unit_of_measurement"] == "people"
    assert set(entry.options[CONF_KPI_KEPT_SENSORS]) == {
        f"{shop}_{key}" for key in ("visitors_week", "refunds_week", "sales_week")
    }
    assert entry.minor_version == 2
