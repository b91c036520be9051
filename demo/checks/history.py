"""Checks of the long-term statistics and of the action get_kpi."""

from datetime import datetime, timedelta
import time

from ..client import Json
from ..history import DAYS, wait_for_history
from ..numbers import METRICS, PLACE_TYPES, SUMS, VISITORS
from ..zone import ZONE
from .case import Case, expect

TOLERANCE = 0.01
# The metrics of the action, and the portal's names for them.
ASKED = {"visitors": SUMS[VISITORS], "conversion": METRICS["conversion_today"]}
ASKED_DAYS = 28
ASKING = {"statisticDataMetricByGranularity", "statisticDataMetric"}


async def history(case: Case) -> str:
    """The recorder has each hour of the configured days, with the cloud's numbers."""
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
        f" match the cloud; complete {took:.0f} s after the other checks"
    )


async def get_kpi(case: Case) -> str:
    """The action returns correct numbers for folders, shops, and cameras."""
    control = case.running.control
    end = datetime.now(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    start = end - timedelta(days=ASKED_DAYS)
    world = await control.get("world")
    nodes = [
        next(node for node in world["nodes"] if node["type"] == kind)
        for kind in ("folder", "location", "camera")
    ]
    before = len(await control.get("queries"))
    compared = 0
    wrong = []
    for granularity, length in (("D", timedelta(days=1)), ("total", end - start)):
        answer = await _get_kpi(
            case,
            nodes=[str(node["node_id"]) for node in nodes],
            metrics=list(ASKED),
            start=start.isoformat(),
            end=end.isoformat(),
            granularity=granularity,
        )
        expect(not answer["errors"], f"errors: {answer['errors']}")
        for node in nodes:
            for key, metric in ASKED.items():
                rows = answer["nodes"][str(node["node_id"])]["metrics"][key]
                expect(
                    len(rows) == (end - start) // length,
                    f"{len(rows)} values of {granularity}",
                )
                for row in rows:
                    truth = await control.truth(
                        node["node_id"],
                        metric,
                        datetime.fromisoformat(row["start"]).timestamp(),
                        datetime.fromisoformat(row["end"]).timestamp(),
                    )
                    compared += 1
                    if abs((row["value"] or 0) - (truth or 0)) > TOLERANCE:
                        wrong.append(f"{node['name']} {key} {row}, truth {truth}")
    queries = [
        query["fields"]
        for query in (await control.get("queries"))[before:]
        if any(field in ASKING for field in query["fields"])
    ]
    expect(not wrong, f"{len(wrong)} of {compared} differ: {'; '.join(wrong[:3])}")
    return (
        f"{compared} values of a folder, a shop, and a camera, by day and in total,"
        f" match the cloud; at most {len(queries)} queries"
    )


async def _get_kpi(case: Case, **data: object) -> Json:
    """Call the action and return its response."""
    answer = await case.running.client.request(
        "POST",
        "/api/services/netrex/get_kpi?return_response",
        {"config_entry_id": case.account.entry_id, **data},
    )
    response: Json = answer["service_response"]
    return response
