"""Reads the account's long-term statistics from Home Assistant."""

import asyncio
from collections.abc import Iterable
import time

from .client import HomeAssistantClient
from .processes import DemoError
from .registry import DOMAIN

# Days of history in the demo. A year of a chain has a million rows, which would take
# the recorder half an hour.
DAYS = 8
METRIC = "visitors"
# The import has the lowest priority.
TIMEOUT = 300.0
POLL_INTERVAL = 2.0


async def history_ids(client: HomeAssistantClient, wanted: str) -> dict[int, str]:
    """Return the statistic IDs of a metric by node."""
    ids: dict[int, str] = {}
    for item in await client.command("recorder/list_statistic_ids"):
        before, _, metric = item["statistic_id"].rpartition("_")
        if item["source"] == DOMAIN and metric == wanted:
            ids[int(before.rpartition("_")[2])] = item["statistic_id"]
    return ids


async def wait_for_history(
    client: HomeAssistantClient, node_ids: Iterable[int], metric: str = METRIC
) -> dict[int, str]:
    """Wait until all these nodes have a history; return their statistics."""
    wanted = set(node_ids)
    deadline = time.monotonic() + TIMEOUT
    while missing := wanted - (ids := await history_ids(client, metric)).keys():
        if time.monotonic() > deadline:
            raise DemoError(
                f"{len(missing)} of {len(wanted)} places have no history after"
                f" {TIMEOUT:.0f} s"
            )
        await asyncio.sleep(POLL_INTERVAL)
    return ids
