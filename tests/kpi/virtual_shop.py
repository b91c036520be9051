"""An account on the virtual clock, and every state of its KPI sensors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
import time
from typing import Any, NamedTuple

from homeassistant.const import (
    CONF_API_TOKEN,
    CONF_HOST,
    CONF_URL,
    EVENT_STATE_CHANGED,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from custom_components.netrex.const import DOMAIN
from custom_components.netrex.entity import split_unique_id
from simulator import Simulator

GONE = (STATE_UNAVAILABLE, STATE_UNKNOWN)


async def add_account(
    hass: HomeAssistant, cloud: Simulator, options: Mapping[str, Any]
) -> MockConfigEntry:
    """Set an account up."""
    host = URL(cloud.url).authority
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Shop",
        unique_id=f"{host}_{cloud.world.nodes[0].node_id}",
        data={
            CONF_HOST: host,
            CONF_URL: cloud.url,
            CONF_API_TOKEN: cloud.create_api_token(),
        },
        options=options,
    )
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    return entry


class Shown(NamedTuple):
    """A state that was written: when, what, and the unix time of its last reset."""

    time: float
    state: str
    reset: float | None


@dataclass
class Observer:
    """Every state of the entities of a node, by the last part of their unique ids."""

    hass: HomeAssistant
    entry: MockConfigEntry
    node_id: int
    states: dict[str, list[Shown]] = field(default_factory=dict)

    def start(self) -> Callable[[], None]:
        """Observe from now on; return how to stop."""
        registry = er.async_get(self.hass)

        @callback
        def changed(event: Event[EventStateChangedData]) -> None:
            found = registry.async_get(event.data["entity_id"])
            if found is None or found.platform != DOMAIN:
                return
            node_id, key = split_unique_id(self.entry, found.unique_id)
            if node_id != self.node_id:
                return
            new = event.data["new_state"]
            reset = dt_util.parse_datetime(
                str(new.attributes.get("last_reset")) if new else ""
            )
            self.states.setdefault(key, []).append(
                Shown(
                    time.time(),
                    new.state if new else STATE_UNAVAILABLE,
                    reset.timestamp() if reset else None,
                )
            )

        return self.hass.bus.async_listen(EVENT_STATE_CHANGED, changed)
