"""The numbers of the KPI sensors: the expected ones, and waiting for them."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
import time

from .client import HomeAssistantClient, Json
from .cloud import Control
from .processes import DemoError
from .registry import read_places
from .zone import ZONE

# Sensors by the end of their unique ID, and the portal's names of their metrics.
# Places have these sensors by default; others are chosen in the options.
VISITORS = "visitors_today"
SUMS: Mapping[str, str] = {
    VISITORS: "peopleCountAverage",
    "people_in_today": "peopleCountIn",
    "people_out_today": "peopleCountOut",
    "transactions_today": "transactionCountPositive",
    "sales_today": "transactionAmountPositive",
}
CONVERSION = "conversion_today"
OCCUPANCY = "occupancy"
METRICS: Mapping[str, str] = {**SUMS, CONVERSION: "conversionCount"}
PEOPLE = (VISITORS, "people_in_today", "people_out_today", OCCUPANCY)
SALES = ("transactions_today", "sales_today")

# A camera counts one door, so it has fewer sensors than a place.
CAMERA_KEYS = frozenset({VISITORS})

PLACE_TYPES = frozenset({"folder", "location"})
ALL_TYPES = PLACE_TYPES | {"camera"}

QUARTER = 15 * 60
# Time from the end of a quarter hour until it is read.
SETTLING = 2 * 60
WEEK = 7 * 24 * 60 * 60
# The cloud answers one query per second. Which nodes have which numbers is unknown at
# first: finding out takes one query per five nodes and metric.
TIMEOUT = 400.0
POLL_INTERVAL = 2.0

type Sensor = tuple[int, str]


def read_numbers(states: Mapping[str, Json]) -> dict[str, float]:
    """Return the states that are numbers, by entity ID."""
    numbers: dict[str, float] = {}
    for entity_id, state in states.items():
        try:
            numbers[entity_id] = float(state["state"])
        except ValueError:
            continue
    return numbers


def settled_day() -> tuple[float, float]:
    """Return the local midnight and the end of the last settled quarter hour."""
    now = datetime.now(ZONE)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    settled = (now.timestamp() - SETTLING) // QUARTER * QUARTER
    return midnight, max(midnight, settled)


async def expected_sensors(control: Control, types: frozenset[str]) -> set[Sensor]:
    """Return the sensors that nodes of these types must have, by the cloud's data."""
    end = time.time()
    expected: set[Sensor] = set()
    for node in (await control.get("world"))["nodes"]:
        if node["type"] not in types:
            continue
        node_id = node["node_id"]
        people, sales = [
            await control.truth(node_id, SUMS[key], end - WEEK, end)
            for key in (PEOPLE[0], SALES[0])
        ]
        keys = (
            *(PEOPLE if people else ()),
            *(SALES if sales else ()),
            *((CONVERSION,) if people and sales else ()),
        )
        if node["type"] == "camera":
            keys = tuple(key for key in keys if key in CAMERA_KEYS)
        expected |= {(node_id, key) for key in keys}
    return expected


async def sensors(client: HomeAssistantClient) -> dict[Sensor, str]:
    """Return the entity IDs of the enabled KPI sensors."""
    return {
        (place.node_id, key): place.entities[key]
        for place in await read_places(client)
        if place.node_id is not None
        for key in (*METRICS, OCCUPANCY)
        if key in place.entities
    }


async def wait_for_numbers(
    client: HomeAssistantClient, control: Control, types: frozenset[str]
) -> None:
    """Wait until all sensors of nodes of these types exist and have numbers."""
    expected = await expected_sensors(control, types)
    deadline = time.monotonic() + TIMEOUT
    while missing := expected - await _known(client):
        if time.monotonic() > deadline:
            raise DemoError(
                f"{len(missing)} of {len(expected)} numbers are missing after"
                f" {TIMEOUT:.0f} s, among them {sorted(missing)[:3]}"
            )
        await asyncio.sleep(POLL_INTERVAL)


async def _known(client: HomeAssistantClient) -> set[Sensor]:
    """Return the sensors that have a number or cannot have one yet."""
    numbers = read_numbers(await client.states())
    midnight, settled = settled_day()
    return {
        sensor
        for sensor, entity_id in (await sensors(client)).items()
        # Without a visitor there is no ratio, and just after midnight no number at all.
        if entity_id in numbers or sensor[1] not in SUMS or midnight == settled
    }
