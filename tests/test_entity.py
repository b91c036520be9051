"""Entities that are added and removed while the entry runs."""

from collections.abc import Iterable
from datetime import timedelta
import logging

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.const import DOMAIN
from custom_components.netrex.entity import async_add_per_node


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (ConfigEntryState.LOADED, [{1}, {2}]),
        # The platform has removed its entities; others would stay after the reload,
        # and keep those of the new platform out.
        (ConfigEntryState.UNLOAD_IN_PROGRESS, [{1}]),
    ],
)
async def test_nothing_is_added_while_the_entry_is_unloaded(
    hass: HomeAssistant, state: ConfigEntryState, expected: list[set[int]]
) -> None:
    entry = MockConfigEntry(domain=DOMAIN)
    entry.add_to_hass(hass)
    entry.mock_state(hass, ConfigEntryState.LOADED)
    coordinator = DataUpdateCoordinator[set[int]](
        hass,
        logging.getLogger(__name__),
        name="test",
        config_entry=entry,
        update_interval=timedelta(hours=1),
    )
    coordinator.data = {1}
    added: list[set[int]] = []

    def add(
        new_entities: Iterable[Entity],
        update_before_add: bool = False,
        *,
        config_subentry_id: str | None = None,
    ) -> None:
        added.append({int(str(entity.name)) for entity in new_entities})

    def entity(node_id: int) -> list[Entity]:
        made = Entity()
        made._attr_name = str(node_id)
        return [made]

    async_add_per_node(entry, add, coordinator, lambda: coordinator.data, entity)
    entry.mock_state(hass, state)
    coordinator.async_set_updated_data({1, 2})

    assert added == expected
    await coordinator.async_shutdown()
