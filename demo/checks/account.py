"""Checks of the account: sign-in, tree, status, numbers, and the query budget."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise

from ..account import wait_for_load
from ..client import Json
from ..cloud import USERNAME
from ..numbers import (
    ALL_TYPES,
    METRICS,
    OCCUPANCY,
    SETTLING,
    SUMS,
    Sensor,
    expected_sensors,
    read_numbers,
    sensors,
    settled_day,
)
from ..registry import read_places
from ..zone import ZONE
from .case import Case, Failed, eventually, expect, refresh

# Limits: queries until an account is ready, and live view links by then.
MAX_START_QUERIES = 5
DAILY_ALLOWANCE = 8000
# The portal may count them, so the ledger does (decision 0002); the cloud's list of
# queries has none of them.
SIGN_IN_TOKEN_REQUESTS = 1
# Money and ratios have decimals.
TOLERANCE = 0.01
STATUS_TIMEOUT = 30.0


async def sign_in(case: Case) -> str:
    """The account was added through the portal's pages."""
    entry = await _entry(case)
    expect(entry["state"] == "loaded", f"the entry is {entry['state']}")
    expect(await _queries(case), f"no query came as {USERNAME}")
    return (
        f"config flow, portal's login and consent, callback: “{entry['title']}”"
        f" loaded in {case.account.seconds:.1f} s"
    )


async def start(case: Case) -> str:
    """Loading the account took few queries and no live view link."""
    # Numbers are read after the start; the first queries may be sent meanwhile.
    queries = [
        fields
        for fields in case.account.queries
        if not any(field.startswith("statistic") for field in fields)
    ]
    links = case.account.links
    expect(
        len(queries) <= MAX_START_QUERIES,
        f"{len(queries)} queries until loaded: {queries}",
    )
    expect(links == 0, f"{links} links without a viewer")
    now = len(await case.running.control.get("links"))
    expect(now == 0, f"{now} links without a viewer")
    return f"{len(queries)} queries until loaded, no link without a viewer"


async def tree(case: Case) -> str:
    """Each camera of the cloud is a device below its shop."""
    world = await case.running.control.get("world")
    nodes = {node["node_id"]: node for node in world["nodes"]}
    places = await read_places(case.running.client)
    by_node = {place.node_id: place for place in places if place.node_id is not None}
    by_device = {place.device_id: place for place in places}
    for camera in world["cameras"]:
        node = nodes[camera["node_id"]]
        place = by_node.get(node["node_id"])
        expect(place and "camera" in place.entities, f"no camera {node['name']}")
        if place is None:
            continue
        expect(place.name == node["name"], f"{node['name']} is called {place.name}")
        parent = by_device.get(place.parent_id or "")
        shop = nodes[node["parent_node_id"]]
        expect(
            parent and parent.node_id == shop["node_id"],
            f"{node['name']} is not below {shop['name']} but {parent}",
        )
    strangers = by_node.keys() - nodes.keys()
    expect(not strangers, f"devices without a node: {strangers}")
    kinds = Counter(place.model for place in by_node.values())
    return ", ".join(f"{count} {model}" for model, count in kinds.most_common())


async def status(case: Case) -> str:
    """The connection of each camera is the cloud's, also after one was lost."""
    client, control = case.running.client, case.running.control
    world = await control.get("world")
    sensors = {
        place.node_id: place.entities["connectivity"]
        for place in await read_places(client)
        if "connectivity" in place.entities
    }
    states = await client.states()
    wrong = [
        camera["node_id"]
        for camera in world["cameras"]
        if (states[sensors[camera["node_id"]]]["state"] == "on")
        != camera["is_connected"]
    ]
    expect(not wrong, f"{len(wrong)} of {len(world['cameras'])} differ: {wrong[:5]}")
    lost = world["cameras"][-1]["node_id"]
    took = []
    for connected in (False, True):
        await control.post("camera", node_id=lost, is_connected=connected)
        await refresh(case, sensors[lost])
        wanted = "on" if connected else "off"

        async def shown(wanted: str = wanted) -> bool:
            state = (await client.states())[sensors[lost]]["state"]
            return bool(state == wanted)

        took.append(
            await eventually(shown, STATUS_TIMEOUT, f"the camera is not {wanted}")
        )
    return (
        f"{len(sensors)} cameras match the cloud; a lost one shown"
        f" {took[0]:.1f} s after a refresh, its return {took[1]:.1f} s"
    )


async def kpi(case: Case) -> str:
    """Each node with numbers has those of today, and they are correct."""
    client, control = case.running.client, case.running.control
    expected = await expected_sensors(control, ALL_TYPES)
    showing = await sensors(client)
    missing, strangers = expected - showing.keys(), showing.keys() - expected
    expect(not missing, f"{len(missing)} sensors are missing: {sorted(missing)[:3]}")
    expect(not strangers, f"{len(strangers)} are too many: {sorted(strangers)[:3]}")
    # If a quarter hour settles meanwhile, compare again.
    wrong = await _wrong_numbers(case, showing)
    if wrong:
        await asyncio.sleep(SETTLING / 2)
        wrong = await _wrong_numbers(case, showing)
    expect(not wrong, f"{len(wrong)} of {len(showing)} differ: {'; '.join(wrong[:3])}")
    nodes = {node_id for node_id, _ in showing}
    return f"{len(showing)} numbers of {len(nodes)} nodes are the cloud's"


async def _wrong_numbers(case: Case, showing: Mapping[Sensor, str]) -> list[str]:
    """Compare all numbers with the truth up to the last settled quarter hour."""
    control = case.running.control
    states = await case.running.client.states()
    numbers = read_numbers(states)
    midnight, settled = settled_day()
    today = datetime.fromtimestamp(midnight, ZONE)
    wrong: list[str] = []
    for (node_id, key), entity_id in showing.items():
        if key == OCCUPANCY:
            came, left = [
                await control.truth(node_id, SUMS[name], midnight, settled) or 0
                for name in ("people_in_today", "people_out_today")
            ]
            truth: float | None = max(0, came - left)
        else:
            truth = await control.truth(node_id, METRICS[key], midnight, settled)
        shown = numbers.get(entity_id)
        if shown != truth and (
            shown is None or truth is None or abs(shown - truth) > TOLERANCE
        ):
            wrong.append(f"{entity_id} {shown}, truth {truth}")
        reset = states[entity_id]["attributes"].get("last_reset")
        if key in SUMS and datetime.fromisoformat(reset) != today:
            wrong.append(f"{entity_id} counts since {reset}")
    return wrong


async def reload(case: Case) -> str:
    """A reload restores all states with few queries."""
    client, control = case.running.client, case.running.control
    before = len(await control.get("queries"))
    missing = [name for name, state in (await client.states()).items() if _gone(state)]
    path = f"/api/config/config_entries/entry/{case.account.entry_id}/reload"
    await client.request("POST", path)
    await wait_for_load(case.running, case.account.entry_id)
    queries = len(await control.get("queries")) - before
    expect(queries <= MAX_START_QUERIES, f"{queries} queries until loaded again")

    async def back() -> bool:
        states = await client.states()
        return [name for name, state in states.items() if _gone(state)] == missing

    took = await eventually(back, 60, "not all states are restored")
    return f"{queries} queries until loaded again, all states {took:.1f} s later"


async def ledger(case: Case) -> str:
    """The ledger counts each query and token request since the start of the flow."""
    places = await read_places(case.running.client)
    service = next(place for place in places if place.node_id is None)
    used_id = service.entities["queries_used"]
    before = await _counted(case)
    await refresh(case, used_id)
    shown: list[float] = []

    async def true() -> bool:
        shown.append(read_numbers(await case.running.client.states()).get(used_id, -1))
        return before <= shown[-1] <= await _counted(case)

    try:
        await eventually(true, 70, "the ledger differs from the cloud's count")
    except Failed as err:
        now = await _counted(case)
        raise Failed(f"{err}: {shown[0]}, then {shown[-1]}; {before}, {now}") from None
    numbers = read_numbers(await case.running.client.states())
    used, left = numbers[used_id], numbers[service.entities["queries_remaining"]]
    expect(used + left == DAILY_ALLOWANCE, f"{used} used, {left} left")
    return f"{used:.0f} requests used as the cloud counted, {left:.0f} left"


async def limits(case: Case) -> str:
    """The cloud's strict rate limiter has refused no query."""
    switches = await case.running.control.get("switches")
    expect(switches["rate_limit"], "the cloud's limiter is off")
    queries = await case.running.control.get("queries")
    refused = [query["fields"] for query in queries if query["refused"]]
    expect(not refused, f"{len(refused)} of {len(queries)} refused: {refused[:3]}")
    gap = min(later["time"] - earlier["time"] for earlier, later in pairwise(queries))
    return f"none of {len(queries)} queries refused; the closest two {gap:.2f} s apart"


def _gone(state: Json) -> bool:
    return state["state"] in {"unavailable", "unknown"}


async def _entry(case: Case) -> Json:
    entries = await case.running.client.request(
        "GET", "/api/config/config_entries/entry?domain=netrex"
    )
    entry: Json = next(e for e in entries if e["entry_id"] == case.account.entry_id)
    return entry


async def _counted(case: Case) -> int:
    """Return the number of requests that the ledger has to count."""
    return len(await case.running.control.get("queries")) + SIGN_IN_TOKEN_REQUESTS


async def _queries(case: Case) -> int:
    """Return the number of queries that the cloud counted for the account."""
    queries = await case.running.control.get("queries")
    return sum(query["account"] == USERNAME for query in queries)
