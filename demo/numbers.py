"""The numbers of the KPI sensors, and when they are all there."""

import asyncio
from collections.abc import Mapping, Sequence
import time

from .client import HomeAssistantClient, Json
from .dashboard import FIGURES
from .processes import DemoError
from .registry import Place, read_places

# The cloud answers one query per second, and nobody knows beforehand which of its
# nodes count people: finding out takes a query per five nodes.
TIMEOUT = 240.0
POLL_INTERVAL = 2.0
QUIET = 8.0


def read_numbers(states: Mapping[str, Json]) -> dict[str, float]:
    """Return the states that are numbers, by entity id."""
    numbers: dict[str, float] = {}
    for entity_id, state in states.items():
        try:
            numbers[entity_id] = float(state["state"])
        except ValueError:
            continue
    return numbers


def kpi_entities(places: Sequence[Place]) -> list[str]:
    """Return the entity ids of the KPI sensors."""
    return [
        place.entities[figure.key]
        for place in places
        for figure in FIGURES
        if figure.key in place.entities
    ]


async def wait_for_numbers(client: HomeAssistantClient) -> None:
    """Wait until each KPI sensor has a number and no further one turns up."""
    deadline = time.monotonic() + TIMEOUT
    complete_since, known = time.monotonic(), 0
    while time.monotonic() - complete_since < QUIET or not known:
        if time.monotonic() > deadline:
            raise DemoError(f"Not all numbers are there after {TIMEOUT:.0f} s")
        await asyncio.sleep(POLL_INTERVAL)
        wanted = kpi_entities(await read_places(client))
        numbers = read_numbers(await client.states())
        if len(wanted) != known or not numbers.keys() >= set(wanted):
            complete_since, known = time.monotonic(), len(wanted)
