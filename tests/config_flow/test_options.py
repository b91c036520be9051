"""The options of an account."""

from homeassistant.config_entries import (
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.const import (
    CONF_DAILY_ALLOWANCE,
)

from .steps import suggested


async def test_options(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    assert entry.runtime_data.pacer.ledger.allowance == 8000
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["step_id"] == "init"
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {CONF_DAILY_ALLOWANCE: 2500.0}
    )
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {CONF_DAILY_ALLOWANCE: 2500}
    assert isinstance(entry.options[CONF_DAILY_ALLOWANCE], int)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data.pacer.ledger.allowance == 2500
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert suggested(result, CONF_DAILY_ALLOWANCE) == 2500


@pytest.mark.parametrize("value", [499, 10_001, "many", None])
async def test_options_out_of_bounds(
    hass: HomeAssistant, token_entry: MockConfigEntry, value: object
) -> None:
    result = await hass.config_entries.options.async_init(token_entry.entry_id)
    with pytest.raises(InvalidData):
        await hass.config_entries.options.async_configure(
            result["flow_id"], {CONF_DAILY_ALLOWANCE: value}
        )
    assert not token_entry.options
