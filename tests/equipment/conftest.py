"""An account with a camera access token, and ways to look at its cameras."""

from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import GatewayClient
from custom_components.netrex.const import (
    CONF_CAMERA_EVENTS,
    DOMAIN,
)
from custom_components.netrex.gateway import events
from simulator import Simulator
from simulator.camera.camera import SimulatedCamera


@pytest.fixture
def scenario() -> str:
    """Return the account of the documentation: two cameras, one with everything."""
    return "documentation"


@pytest.fixture(autouse=True)
def _haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask cameras without a pause, and connect again soon."""
    defaults = GatewayClient.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "spacing", 0)
    monkeypatch.setattr(events, "FIRST_DELAY", 0.02)
    monkeypatch.setattr(events, "LONGEST_DELAY", 0.05)


@pytest.fixture
def node_id() -> int:
    """Return the camera with a head, ports and analytics."""
    return 140094


@pytest.fixture
def camera(cloud: Simulator, node_id: int) -> SimulatedCamera:
    """Return that camera as it really is."""
    return cloud.camera(node_id)


@pytest.fixture
def entry_options(camera_options: dict[str, Any], node_id: int) -> dict[str, Any]:
    """Return the options: one camera tells its events."""
    return {**camera_options, CONF_CAMERA_EVENTS: [str(node_id)]}


@pytest.fixture
def config_entry(hass: HomeAssistant, config_entry: MockConfigEntry) -> MockConfigEntry:
    """Return the entry, added but not set up."""
    config_entry.add_to_hass(hass)
    return config_entry


@pytest.fixture
async def entry(hass: HomeAssistant, config_entry: MockConfigEntry) -> MockConfigEntry:
    """Return the entry, set up."""
    await hass.config_entries.async_setup(config_entry.entry_id)
    await hass.async_block_till_done()
    assert config_entry.state is ConfigEntryState.LOADED
    return config_entry


class Entities:
    """The entities of a camera, by domain and the end of their unique ids."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry, node: int) -> None:
        self._hass = hass
        self._prefix = f"{entry.unique_id}_{node}_"

    def id(self, domain: str, key: str) -> str | None:
        """Return an entity id; None if there is none."""
        registry = er.async_get(self._hass)
        return registry.async_get_entity_id(domain, DOMAIN, f"{self._prefix}{key}")

    def state(self, domain: str, key: str) -> str | None:
        """Return a state; None for an entity that has none."""
        state = self._hass.states.get(self.id(domain, key) or "")
        return state.state if state else None

    def has(self, domain: str, key: str) -> bool:
        """Whether an entity is there and of use."""
        return self.state(domain, key) not in (None, STATE_UNAVAILABLE)


@pytest.fixture
def entities(hass: HomeAssistant, entry: MockConfigEntry, node_id: int) -> Entities:
    """Return the entities of the camera with everything."""
    return Entities(hass, entry, node_id)
