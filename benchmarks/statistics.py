"""A year of hours: the integration's import compared with the recorder's own.

    python -m benchmarks.statistics [--shops 20] [--days 365]

A real Home Assistant with a recorder on SQLite imports the history of shops, with eight
metrics each, from a cloud in another process at one query per second. Then everything
is read again, and nothing may be written. Then the recorder alone imports the same rows
under other IDs. The two are compared by their processor time, because the elapsed time
depends on what else runs on the machine.
"""

import argparse
import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
import sys
import time
from typing import Any, cast

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.models import StatisticData, StatisticMetaData
from homeassistant.components.recorder.statistics import (
    async_add_external_statistics,
    get_metadata,
    statistics_during_period,
)
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from custom_components.netrex.const import (
    CONF_HISTORY_DAYS,
    CONF_KPI_NODES,
    DOMAIN,
)
from custom_components.netrex.kpi.metrics import BASE
from demo.cloud import Control

from .cloud import open_cloud
from .core import make_entry, open_core, run

MOST_QUERIES = 40
RATE = 0.8
OTHER = "benchmark"
LOOK = 0.2

type Rows = dict[str, list[Any]]


async def _queries(control: Control) -> int:
    """Return the number of queries for hours so far."""
    queries = await control.get("queries")
    return sum("granularity:H)" in query["query"] for query in queries)


@dataclass(frozen=True, slots=True)
class Watch:
    """Measures elapsed time and processor time of this process, in seconds."""

    clock: float = field(default_factory=time.monotonic)
    processor: float = field(default_factory=time.process_time)

    def passed(self) -> Watch:
        """Return both times since the start."""
        return Watch(
            time.monotonic() - self.clock, time.process_time() - self.processor
        )

    def describe(self, rows: int) -> str:
        """Return a text with the times and the rate."""
        return (
            f"{self.clock:.0f} s, {self.processor:.0f} s of a processor"
            f" ({rows / self.processor:.0f} rows per second of it)"
        )


async def _import(hass: HomeAssistant, entry: ConfigEntry, control: Control) -> Watch:
    """Wait for the whole history; return the times since its first query."""
    await hass.config_entries.async_add(entry)
    history = entry.runtime_data.history
    while not await _queries(control):  # noqa: ASYNC110 - another process counts
        await asyncio.sleep(LOOK)
    watch = Watch()
    while (found := history.progress) is None or found.done < found.wanted:  # noqa: ASYNC110 - a number, no event
        await asyncio.sleep(LOOK)
    await get_instance(hass).async_block_till_done()
    return watch.passed()


def _read(hass: HomeAssistant) -> tuple[dict[str, StatisticMetaData], Rows]:
    """Return the rows in the recorder."""
    metadata = {
        name: found[1]
        for name, found in get_metadata(hass, statistic_source=DOMAIN).items()
    }
    rows = statistics_during_period(
        hass,
        dt_util.utc_from_timestamp(0),
        None,
        set(metadata),
        "hour",
        None,
        {"state", "sum", "mean", "min", "max"},
    )
    return metadata, rows


async def _import_again(
    hass: HomeAssistant, metadata: dict[str, StatisticMetaData], rows: Rows
) -> Watch:
    """Let the recorder import the same rows under other IDs; return the times."""
    columns = ("state", "sum", "mean", "min", "max")
    data: dict[str, list[StatisticData]] = {
        name: [
            cast(
                "StatisticData",
                {"start": dt_util.utc_from_timestamp(row["start"])}
                | {key: row[key] for key in columns if row.get(key) is not None},
            )
            for row in found
        ]
        for name, found in rows.items()
    }
    watch = Watch()
    for name, found in data.items():
        other = metadata[name].copy()
        other["source"] = OTHER
        other["statistic_id"] = name.replace(DOMAIN, OTHER, 1)
        async_add_external_statistics(hass, other, found)
    await get_instance(hass).async_block_till_done()
    return watch.passed()


async def _wrong(entry: ConfigEntry, control: Control, rows: Rows) -> int:
    """Return the number of sums that differ from the cloud's truth."""
    wrong = 0
    for series in entry.runtime_data.history.series():
        metric = next(row.metric for row in BASE if row.key == series.metric)
        found = next(
            found
            for name, found in rows.items()
            if name.endswith(f"_{series.node_id}_{series.metric}")
        )
        truth = await control.truth(
            series.node_id, str(metric), found[0]["start"], found[-1]["end"]
        )
        wrong += abs(found[-1]["sum"] - (truth or 0)) > 0.01  # noqa: PLR2004 - sums have cents
    return wrong


async def _run(shops: int, days: int) -> bool:
    async with AsyncExitStack() as stack:
        control = await stack.enter_async_context(open_cloud("chain"))
        hass = await stack.enter_async_context(open_core())
        world = await control.get("world")
        chosen = [n["node_id"] for n in world["nodes"] if n["type"] == "location"]
        entry = make_entry(
            control.url,
            (await control.post("tokens"))["token"],
            world["nodes"][0]["node_id"],
            {
                CONF_HISTORY_DAYS: days,
                CONF_KPI_NODES: [str(node_id) for node_id in chosen[:shops]],
            },
        )
        ours = await _import(hass, entry, control)
        queries = await _queries(control)
        history = entry.runtime_data.history
        metadata, rows = await get_instance(hass).async_add_executor_job(_read, hass)
        count = sum(map(len, rows.values()))
        wrong = await _wrong(entry, control, rows)
        print(
            f"{len(history.series())} series, {days} days: {queries} queries,"
            f" {len(rows)} statistics, {count} rows: {ours.describe(count)};"
            f" {wrong} sums are wrong",
            flush=True,
        )
        started = time.monotonic()
        start = dt_util.utcnow() - timedelta(days=days)
        written = await history.async_import(history.series(), int(start.timestamp()))
        took = time.monotonic() - started
        print(f"read again in {took:.0f} s: {written} rows written", flush=True)
        alone = await _import_again(hass, metadata, rows)
        rate = alone.processor / ours.processor
        print(
            f"the recorder alone: {alone.describe(count)};"
            f" the integration has {rate:.2f} of its rate",
            flush=True,
        )
    few = queries <= MOST_QUERIES
    return few and not wrong and not written and rate >= RATE


def main() -> int:
    """Run the measurement; return exit code 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shops", type=int, default=20)
    parser.add_argument("--days", type=int, default=365)
    options = parser.parse_args()
    return int(not run(_run(options.shops, options.days)))


if __name__ == "__main__":
    sys.exit(main())
