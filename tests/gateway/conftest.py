"""Accounts with camera access, and ways to look at their cameras."""

from dataclasses import dataclass
from typing import Any

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import GatewayClient
from custom_components.netrex.const import CONF_CAMERA_EVENTS, DOMAIN
from custom_components.netrex.gateway import CameraGateway, events
from simulator import Simulator
from simulator.camera.camera import SimulatedCamera
from simulator.records import CallRecord

SENSOR = "ImageSource.I0.Sensor"
BRIGHTNESS = f"{SENSOR}.Brightness"


@dataclass(frozen=True)
class Account:
    """A simulated account; a module names its own as `ACCOUNT`.

    Attributes:
        scenario: Of the simulator.
        has_events: The user chose to receive the events of the first camera.
    """

    scenario: str
    has_events: bool = False


SHOP = Account("shop")
# Two cameras; the first has PTZ, ports, analytics and the CamStreamer App.
DOCUMENTATION = Account("documentation", has_events=True)


@pytest.fixture
def account(request: pytest.FixtureRequest) -> Account:
    """Return the account of the module."""
    found = getattr(request.module, "ACCOUNT", SHOP)
    assert isinstance(found, Account)
    return found


@pytest.fixture
def scenario(account: Account) -> str:
    """Return the scenario of the account."""
    return account.scenario


@pytest.fixture
def node_id(cloud: Simulator) -> int:
    """Return the first camera."""
    return next(iter(cloud.world.cameras))


@pytest.fixture
def camera(cloud: Simulator, node_id: int) -> SimulatedCamera:
    """Return the first camera as it really is."""
    return cloud.camera(node_id)


@pytest.fixture
def entry_options(
    account: Account, camera_options: dict[str, Any], node_id: int
) -> dict[str, Any]:
    """Return the options of an account with camera access."""
    if not account.has_events:
        return camera_options
    return {**camera_options, CONF_CAMERA_EVENTS: [str(node_id)]}


@pytest.fixture
def haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Call cameras without a pause, and reconnect to their events soon."""
    defaults = GatewayClient.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "spacing", 0)
    monkeypatch.setattr(events, "MIN_BACKOFF_SECONDS", 0.02)
    monkeypatch.setattr(events, "MAX_BACKOFF_SECONDS", 0.05)
    monkeypatch.setattr(events, "MAX_RECONNECT_SECONDS", 0.05)


@pytest.fixture
async def gateway(hass: HomeAssistant, entry: MockConfigEntry) -> CameraGateway:
    """Return the gateway of an account whose cameras have been asked."""
    await hass.async_block_till_done(wait_background_tasks=True)
    found = entry.runtime_data.gateway
    assert isinstance(found, CameraGateway)
    return found


class Entities:
    """The entities of a camera, by domain and the end of their unique ids."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry, node: int) -> None:
        self._hass = hass
        self._prefix = f"{entry.unique_id}_{node}_"

    def find(self, domain: str, key: str) -> str | None:
        """Return an entity id; None if there is none."""
        registry = er.async_get(self._hass)
        return registry.async_get_entity_id(domain, DOMAIN, f"{self._prefix}{key}")

    def id(self, domain: str, key: str) -> str:
        """Return the id of an entity that exists."""
        entity_id = self.find(domain, key)
        assert entity_id is not None
        return entity_id

    def registered(self, domain: str, key: str) -> er.RegistryEntry:
        """Return the registry's entry of an entity that exists."""
        found = er.async_get(self._hass).async_get(self.id(domain, key))
        assert found is not None
        return found

    def state(self, domain: str, key: str) -> str | None:
        """Return a state; None for an entity that has none."""
        state = self._hass.states.get(self.find(domain, key) or "")
        return state.state if state else None

    def has(self, domain: str, key: str) -> bool:
        """Whether an entity exists and is available."""
        return self.state(domain, key) not in (None, STATE_UNAVAILABLE)

    async def call(self, domain: str, action: str, key: str, **data: object) -> None:
        """Call an action of an entity."""
        target = {"entity_id": self.id(domain, key)}
        await self._hass.services.async_call(
            domain, action, target | data, blocking=True
        )


@pytest.fixture
def entities(hass: HomeAssistant, entry: MockConfigEntry, node_id: int) -> Entities:
    """Return the entities of the first camera."""
    return Entities(hass, entry, node_id)


def parameters(cloud: Simulator, node_id: int) -> dict[str, str]:
    """Return what a camera really has."""
    return cloud.camera(node_id).parameters.values


def parameter_calls(cloud: Simulator) -> list[CallRecord]:
    """Return the calls about parameters; others have other reasons to call cameras."""
    return [call for call in cloud.calls if call.path == "axis-cgi/param.cgi"]
