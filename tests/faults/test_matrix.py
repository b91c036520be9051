"""Every kind of item gets a kind of response, while all others are watched.

One account has a victim for each kind of item. All others must stay as they were, and
each victim must come back by itself. The clock is virtual; the limiter and the second
between two queries are real.
"""

import asyncio
from collections.abc import Awaitable, Callable, Container, Iterable
from dataclasses import dataclass, field
import os
from pathlib import Path
import time

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import (
    CONF_API_TOKEN,
    CONF_HOST,
    CONF_URL,
    EVENT_STATE_CHANGED,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from custom_components.netrex.client import Lane, NetrexError
from custom_components.netrex.client.days import HOUR, QUARTER, Span
from custom_components.netrex.const import CONF_DEVICE_TOKEN, CONF_DEVICE_URL, DOMAIN
from custom_components.netrex.entity import split_unique_id
from custom_components.netrex.kpi import BY_KEY
from custom_components.netrex.kpi.windows import Window
from custom_components.netrex.models import NetrexRuntimeData
from custom_components.netrex.recordings.clip import Clip
from custom_components.netrex.relay.terms import LinkError
from simulator import Simulator
from simulator.world.builder import WorldBuilder

from ..kpi_options import ALL_SENSORS
from ..virtual import run_virtually

# Kind of fault and its value.
type Response = tuple[str, float | None]

RESPONSES: dict[str, Response] = {
    "null": ("null", None),
    "refused": ("denied", None),
    "not_found": ("not_found", None),
    "wrong_type": ("wrong_types", None),
    "html": ("html", None),
    "empty": ("empty", None),
    "slow": ("delay", 90),
    "cut": ("cut", None),
    "401": ("status", 401),
    "403": ("status", 403),
    "429": ("status", 429),
    "500": ("status", 500),
}
# Only the first row by default. Decision 0026 says which of the others pass.
ROWS = RESPONSES if os.environ.get("NETREX_ALL_FAULTS") else {"null": RESPONSES["null"]}
# How the gateway says what GraphQL says in a field.
STATUSES = {"denied": 403, "not_found": 404}
FAULT_SECONDS = HOUR
LONGEST_SECONDS = 3 * HOUR
# A camera that says that it lacks a feature is asked again after a day.
ABSENT = {"null", "denied", "not_found", "wrong_types"}
_GONE = (STATE_UNAVAILABLE, STATE_UNKNOWN)
COUNTS = ("people_in_today", "people_out_today", "visitors_today", "transactions_today")


@dataclass
class Account:
    """The account, its victims, and what became of the requests.

    Attributes:
        victims: The node of each kind of item.
        blinks: Entities of others that became unavailable or unknown.
        wrong: Numbers and requests of others that were not right.
        unhurt: Victims that are known although all their requests fail.
    """

    hass: HomeAssistant
    cloud: Simulator
    entry: MockConfigEntry
    victims: dict[str, int]
    blinks: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unhurt: set[str] = field(default_factory=set)

    @property
    def data(self) -> NetrexRuntimeData:
        """The runtime data."""
        data: NetrexRuntimeData = self.entry.runtime_data
        return data

    def add_faults(self, items: Iterable[str], response: Response) -> None:
        """Let the requests for the victims of some kinds be answered like this."""
        kind, value = response
        for item in items:
            node = f"node_id:{self.victims[item]}"
            endpoint, texts = FAULTS[item]
            match = texts.format(node=node, serial=self.serial_number(item))
            if endpoint == "gateway" and kind in STATUSES:
                self.cloud.faults.add(
                    endpoint, "status", STATUSES[kind], count=None, match=match
                )
                continue
            is_field = kind in ("null", "denied", "not_found", "wrong_types")
            # The document of a query names the node before what it asks for.
            self.cloud.faults.add(
                endpoint, kind, match if is_field else value, count=None, match=match
            )

    def serial_number(self, item: str) -> str:
        """Return the serial number of a victim that is a camera."""
        camera = self.cloud.world.cameras.get(self.victims[item])
        return camera.serial_number.lower() if camera else ""

    def watch(self) -> Callable[[], None]:
        """Record entities of others that become unavailable; return how to stop."""
        registry = er.async_get(self.hass)
        spared = {self.victims["place"], self.victims["series"]}

        @callback
        def changed(event: Event[EventStateChangedData]) -> None:
            old, new = event.data["old_state"], event.data["new_state"]
            found = registry.async_get(event.data["entity_id"])
            if old is None or found is None or found.platform != DOMAIN:
                return
            node_id, _ = split_unique_id(self.entry, found.unique_id)
            is_gone = new is None or new.state in _GONE
            if is_gone and old.state not in _GONE and node_id not in spared:
                self.blinks.append(f"{found.entity_id} {time.time():.0f}")

        return self.hass.bus.async_listen(EVENT_STATE_CHANGED, changed)

    def count(self, node_id: int, key: str) -> float | None:
        """Return the state of a count; None if it is not known."""
        entity_id = er.async_get(self.hass).async_get_entity_id(
            "sensor", DOMAIN, f"{self.entry.unique_id}_{node_id}_{key}"
        )
        state = self.hass.states.get(entity_id) if entity_id else None
        return None if state is None or state.state in _GONE else float(state.state)

    def has_true_counts(self, node_id: int) -> bool:
        """Return whether the counts of a node are those of the cloud."""
        kpi = self.data.kpi
        start = kpi.data.windows[Window.TODAY].start
        for key in COUNTS:
            metric = BY_KEY[key.removesuffix("_today")]
            if metric.key not in kpi.metrics(node_id):
                continue
            truth = self.cloud.truth(node_id, str(metric.metric), start, kpi.data.end)
            if self.count(node_id, key) != (truth or 0.0):
                return False
        return True

    async def request_all(self) -> set[str]:
        """Request a link, clip, ... of each camera; return the victims that work."""
        data, now = self.data, int(time.time())
        gateway = data.gateway
        assert gateway
        requests: dict[str, Callable[[int], Awaitable[object]]] = {
            "link": lambda node: data.live._async_get_link(f"stream_{node}"),
            "clip": lambda node: data.recordings.async_fetch(
                Clip(node, now - 7200, now - 7200 + 60), Lane.COMMAND
            ),
            "availability": lambda node: data.availability.async_recorded(
                node, [Span(now - 7200, now - 3600)]
            ),
            "snapshot": lambda node: gateway.async_snapshot(node, None, 0, 0),
        }

        async def succeeds(item: str, node: int) -> bool:
            try:
                return bool(await requests[item](node))
            except NetrexError, LinkError, HomeAssistantError:
                return False

        pairs = [(item, node) for item in requests for node in self.cloud.world.cameras]
        results = await asyncio.gather(*(succeeds(*pair) for pair in pairs))
        working: set[str] = set()
        for (item, node), is_good in zip(pairs, results, strict=True):
            if self.victims[item] == node:
                working.update({item} if is_good else ())
            elif not is_good:
                self.wrong.append(f"{item} of {node} at {time.time():.0f}")
        return working

    def known(self) -> set[str]:
        """Return the victims whose polled data are known; check those of others."""
        data, gateway = self.data, self.data.gateway
        working = set[str]()
        assert gateway
        polled: dict[str, Container[int]] = {
            "capabilities": gateway.capabilities.data,
            "presets": gateway.presets.data,
            "broadcasts": gateway.broadcasts.data,
            "series": [n for n in data.kpi.nodes if self.has_true_counts(n)],
        }
        polled["place"] = polled["series"]
        for item, found in polled.items():
            is_kpi = item in ("series", "place")
            for node in data.kpi.nodes if is_kpi else self.cloud.world.cameras:
                if node == self.victims[item]:
                    working.update({item} if node in found else ())
                elif node not in found and node not in self.also_hurt(item):
                    self.wrong.append(f"{item} of {node} at {time.time():.0f}")
        return working

    def also_hurt(self, item: str) -> set[int]:
        """Return the nodes that a fault of another kind of item concerns as well."""
        if item in ("series", "place"):
            return {self.victims["series"], self.victims["place"]}
        # Only a camera that is known to move has presets.
        return {self.victims["capabilities"]} if item == "presets" else set()


# The endpoint of each kind of item, and a text of the requests for its victim.
FAULTS = {
    "series": ("graphql", "{node},granularity"),
    "place": ("graphql", "{node},granularity"),
    "link": ("graphql", "{node}){{live_view"),
    "clip": ("graphql", "{node}){{recordings"),
    "availability": ("graphql", "{node}){{a0:"),
    "snapshot": ("gateway", "{serial}/axis-cgi/jpg"),
    "capabilities": ("gateway", "{serial}/axis-cgi/param"),
    "presets": ("gateway", "{serial}/axis-cgi/com/ptz"),
    "broadcasts": ("gateway", "{serial}/local/camstreamer"),
}


def build_world(cloud: Simulator) -> dict[str, int]:
    """Add a second shop; return a victim of each kind."""
    world = cloud.world
    root = world.nodes[0].node_id
    build = WorldBuilder(world, next_id=400_000)
    build.serial = 0x00408C_900000
    place = build.shop("Praha, Anděl", 900, root, 4, cameras=5)
    for camera in world.cameras.values():
        camera.ptz = camera.camstreamer = True
    cameras = list(world.cameras)
    items = [item for item in FAULTS if item not in ("series", "place")]
    victims = dict(zip(items, cameras[1:], strict=False))
    counting = next(node for node in cameras if node in world.sources)
    return victims | {"series": counting, "place": place}


async def set_up(hass: HomeAssistant, cloud: Simulator) -> Account:
    """Add the account without loading it."""
    victims = build_world(cloud)
    host = URL(cloud.url).authority
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Faults",
        unique_id=f"{host}_{cloud.world.nodes[0].node_id}",
        data={
            CONF_HOST: host,
            CONF_URL: cloud.url,
            CONF_API_TOKEN: cloud.create_api_token(),
        },
        options=ALL_SENSORS
        | {
            CONF_DEVICE_TOKEN: cloud.create_api_token(scopes=["configuration"]),
            CONF_DEVICE_URL: f"{cloud.url}/camera/{{serial_number}}",
        },
    )
    entry.add_to_hass(hass)
    return Account(hass, cloud, entry, victims)


async def next_quarter() -> None:
    """Sleep until half a minute before the next quarter hour."""
    await asyncio.sleep(QUARTER - (time.time() + 30) % QUARTER)


async def run_row(account: Account, response: Response) -> dict[str, float]:
    """Answer all requests for the victims like this; return when each came back.

    That is the time in seconds after the last such response.
    """
    cached = ("capabilities", "presets", "broadcasts")
    account.add_faults(cached, response)
    await account.hass.config_entries.async_setup(account.entry.entry_id)
    await asyncio.sleep(HOUR / 2)
    await next_quarter()
    stop = account.watch()
    account.wrong.clear()
    account.add_faults([item for item in FAULTS if item not in cached], response)
    end = time.time() + FAULT_SECONDS
    while time.time() < end:
        await account.request_all()
        await next_quarter()
        account.unhurt = account.known()
    account.cloud.faults.clear()
    cleared, back = time.time(), dict[str, float]()
    while set(back) != set(FAULTS) and time.time() < cleared + LONGEST_SECONDS:
        working = await account.request_all() | account.known()
        for item in working:
            back.setdefault(item, time.time() - cleared)
        await next_quarter()
    stop()
    await account.hass.config_entries.async_unload(account.entry.entry_id)
    return back


@pytest.mark.spaced
@pytest.mark.timeout(300)
@pytest.mark.parametrize("response", ROWS.values(), ids=ROWS)
def test_trouble_stays_with_its_item_and_ends_with_it(
    freezer: FrozenDateTimeFactory, tmp_path: Path, response: Response
) -> None:
    freezer.move_to("2026-11-18T09:00:00+01:00")

    async def act(
        hass: HomeAssistant, cloud: Simulator
    ) -> tuple[Account, dict[str, float]]:
        account = await set_up(hass, cloud)
        return account, await run_row(account, response)

    account, back = run_virtually(freezer, tmp_path, act)
    assert account.blinks == []
    assert account.wrong == []
    # Not one of the failing responses was taken for data.
    assert account.unhurt == set()
    is_absent = response[0] in ABSENT
    assert set(FAULTS) - set(back) <= (
        {"presets", "broadcasts"} if is_absent else set()
    )
