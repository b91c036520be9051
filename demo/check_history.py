"""Check of the long-term statistics."""

from datetime import datetime, timedelta
import time

from .case import Case, expect
from .history import DAYS, wait_for_history
from .numbers import PLACE_TYPES, SUMS, ZONE
from .roles import VISITORS

TOLERANCE = 0.01


async def history(case: Case) -> str:
    """The wished days are in the recorder, hour by hour, and they are the cloud's."""
    client, control = case.running.client, case.running.control
    end = datetime.now(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    start = end - timedelta(days=DAYS - 1)
    truths: dict[int, float] = {}
    for node in (await control.get("world"))["nodes"]:
        if node["type"] in PLACE_TYPES:
            truths[node["node_id"]] = (
                await control.truth(
                    node["node_id"],
                    SUMS[VISITORS],
                    start.timestamp(),
                    end.timestamp(),
                )
                or 0
            )
    started = time.monotonic()
    ids = await wait_for_history(client, truths)
    took = time.monotonic() - started
    rows = await client.command(
        "recorder/statistics_during_period",
        start_time=start.isoformat(),
        end_time=end.isoformat(),
        statistic_ids=[ids[node_id] for node_id in truths],
        period="hour",
        types=["change"],
    )
    wrong = []
    hours_written = 0
    for node_id, truth in truths.items():
        hours = rows.get(ids[node_id], [])
        hours_written += len(hours)
        total = sum(hour["change"] or 0 for hour in hours)
        if len(hours) != (end - start) // timedelta(hours=1) or (
            abs(total - truth) > TOLERANCE
        ):
            wrong.append(f"{ids[node_id]}: {total} in {len(hours)} h, truth {truth}")
    expect(not wrong, f"{len(wrong)} of {len(truths)} differ: {'; '.join(wrong[:3])}")
    return (
        f"{len(truths)} places, {(end - start).days} whole days, {hours_written} hours"
        f" are the cloud's; complete {took:.0f} s after the other checks"
    )
