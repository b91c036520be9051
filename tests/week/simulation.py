"""Days of an account with 100 cameras, 20 shops, eight metrics, viewers and downloads.

Home Assistant, the coordinators, the pacer with its second between two queries, the
ledger, the client and the cloud with its strict limiter are the real ones, and so are
the sockets between them; only the clock is virtual. Left out are the parts that cost no
query: the bytes of live views and downloads, and the recorder, which confirms all rows.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
import logging
from pathlib import Path
import random
import time
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant import loader
from homeassistant.const import CONF_API_TOKEN, CONF_HOST, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import frame
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)
from yarl import URL

from custom_components.netrex.client import Lane, Ledger, Pacer
from custom_components.netrex.client.days import DAY, QUARTER
from custom_components.netrex.const import (
    CONF_KPI_NODES,
    CONF_KPI_PLACE_SENSORS,
    DOMAIN,
)
from custom_components.netrex.history import HistoryImporter
from custom_components.netrex.history.coverage import Hours
from custom_components.netrex.history.statistics import NodeStatistics
from custom_components.netrex.kpi import BASE, SeriesKey
from custom_components.netrex.kpi.sensor import KpiSensor
from custom_components.netrex.kpi.windows import Window
from custom_components.netrex.recordings.clip import Clip
from custom_components.netrex.recordings.download import Downloader
from custom_components.netrex.recordings.partial import PartialFile
from simulator import Simulator, Switches
from simulator.clock import Clock
from simulator.media.recordings import RecordingStore

from .loop import WireTimeLoop

VIEWS = 200
DOWNLOADS = 50
# Does not divide a minute or a quarter hour, so that samples have all ages.
SAMPLE_SECONDS = 37
# Interval of polling one query per value for states of the same age.
STATUS_SECONDS = 90
# Until all nodes with KPIs are found and read.
WARM_UP_SECONDS = 3600


@dataclass(slots=True)
class Report:
    """Results of a simulation; ages in seconds."""

    days: float
    cameras: int = 0
    sensors: int = 0
    queries: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    most_in_a_day: int = 0
    views: int = 0
    downloads: int = 0
    kpi_ages: list[float] = field(default_factory=list)
    status_ages: list[float] = field(default_factory=list)
    history: float | None = None

    @property
    def table(self) -> str:
        """Return the table of the documentation."""
        rows = [
            *((name, str(count)) for name, count in self.queries.most_common()),
            ("all queries", str(self.queries.total())),
            ("refused", str(self.refused)),
            ("most in 24 hours", str(self.most_in_a_day)),
            ("one query per value", str(self.polling)),
            ("live views and downloads", f"{self.views} and {self.downloads}"),
            *(
                (
                    f"age of {name}, s: median, p95, most",
                    " ".join(f"{percentile(ages, s):.0f}" for s in (0.5, 0.95, 1)),
                )
                for name, ages in (
                    ("KPIs", self.kpi_ages),
                    ("states", self.status_ages),
                )
            ),
        ]
        return "\n".join(f"{name:40} {value:>16}" for name, value in rows)

    @property
    def polling(self) -> int:
        """Queries of a client that polls each value separately, for the same ages."""
        values = self.sensors * DAY / QUARTER + self.cameras * DAY / STATUS_SECONDS
        return round(values * self.days) + self.views + self.queries["recordings"]


def percentile(values: list[float], share: float) -> float:
    """Return the percentile of a share."""
    return sorted(values)[int(share * (len(values) - 1))]


def kind(query: str) -> str:
    """Return the purpose of a query."""
    kinds = {
        "granularity:HQ": "KPIs",
        "granularity:H)": "history",
        "granularity:D)": "search for KPIs",
        "statisticDataMetric(": "comparison of ratios",
        "live_view": "live view",
        "recording": "recordings",
        "__schema": "schema",
        "nodeList": "tree",
        "cameraList": "states",
    }
    return next((name for part, name in kinds.items() if part in query), query)


class Week:
    """The days of an account."""

    def __init__(self, hass: HomeAssistant, cloud: Simulator, days: float) -> None:
        self.hass = hass
        self.cloud = cloud
        self.report = Report(days, cameras=len(cloud.world.cameras))
        self.random = random.Random(7)  # noqa: S311 - a plan, not a secret
        host = URL(cloud.url).authority
        shops = [n.node_id for n in cloud.world.nodes if n.type == "location"]
        self.entry = MockConfigEntry(
            domain=DOMAIN,
            title="Week",
            unique_id=f"{host}_{cloud.world.nodes[0].node_id}",
            data={
                CONF_HOST: host,
                CONF_URL: cloud.url,
                CONF_API_TOKEN: cloud.create_api_token(),
            },
            options={
                CONF_KPI_NODES: [str(shop) for shop in shops],
                CONF_KPI_PLACE_SENSORS: [metric.key for metric in BASE],
            },
        )

    async def run(self) -> Report:
        """Simulate the days after a first hour that finds and reads everything."""
        self.entry.add_to_hass(self.hass)
        await self.hass.config_entries.async_setup(self.entry.entry_id)
        await asyncio.sleep(WARM_UP_SECONDS / 2)
        await asyncio.sleep(WARM_UP_SECONDS / 2)
        plans = [
            asyncio.create_task(self._plan(VIEWS, self._view)),
            asyncio.create_task(self._plan(DOWNLOADS, self._download)),
        ]
        end = time.time() + self.report.days * DAY
        while time.time() < end:
            await asyncio.sleep(SAMPLE_SECONDS)
            self._sample()
        await asyncio.gather(*plans)
        self._count()
        await self.hass.config_entries.async_unload(self.entry.entry_id)
        return self.report

    async def _plan(self, count: int, act: Callable[[], Any]) -> None:
        """Act `count` times a day, mostly in opening hours."""
        now, days = time.time(), self.report.days
        moments = sorted(
            now + (day + self.random.triangular(0, 1, 0.6)) * DAY
            for day in range(round(days))
            for _ in range(count)
        )
        tasks = []
        for moment in moments:
            await asyncio.sleep(max(0.0, moment - time.time()))
            tasks.append(asyncio.create_task(act()))
        await asyncio.gather(*tasks)

    async def _view(self) -> None:
        """Start a live view: request a link as the relay does for a player."""
        live = self.entry.runtime_data.live
        camera = self.random.choice(list(self.cloud.world.cameras))
        await live._async_get_link(f"stream_{camera}")
        self.report.views += 1

    async def _download(self) -> None:
        """Download five minutes of a recording."""
        camera = self.random.choice(list(self.cloud.world.cameras))
        end = int(time.time()) - self.random.randrange(300, 20_000)
        clip = Clip(camera, end - 300, end)
        await self.entry.runtime_data.recordings.async_fetch(clip, Lane.COMMAND)
        self.report.downloads += 1

    def _sample(self) -> None:
        """Record the ages of all values and states."""
        now, data = time.time(), self.entry.runtime_data
        # Just after midnight no quarter hour of the new day has settled.
        midnight = data.kpi.data.windows[Window.TODAY].start
        for node_id in data.kpi.nodes:
            for metric in BASE:
                reach = data.kpi.quarter_hours.reach(SeriesKey(node_id, metric.key))
                if reach:
                    self.report.kpi_ages.append(now - max(midnight, reach[1]))
        self.report.status_ages.append(now - self._status_read())

    def _status_read(self) -> float:
        return next(
            query.time
            for query in reversed(self.cloud.queries)
            if "cameraList" in query.query and not query.refused
        )

    def _count(self) -> None:
        report, queries = self.report, self.cloud.queries
        report.queries = Counter(kind(query.query) for query in queries)
        report.refused = sum(query.refused for query in queries)
        report.sensors = sum(
            isinstance(entity, KpiSensor)
            for entity in self.hass.data["sensor"].entities
        )
        first = 0
        for last, query in enumerate(queries):
            while queries[first].time <= query.time - DAY:
                first += 1
            report.most_in_a_day = max(report.most_in_a_day, last - first + 1)
        if progress := self.entry.runtime_data.history.progress:
            report.history = progress.percent


def simulate(frozen: FrozenDateTimeFactory, folder: Path, days: float) -> Report:
    """Run a simulation with the frozen time of the process and a temporary folder."""
    loop = WireTimeLoop()
    # Debug messages about tens of thousands of queries take longer than the queries.
    logging.getLogger().setLevel(logging.WARNING)
    made = folder / "made.mp4"
    made.write_bytes(b"-")

    async def fetch(
        _: Downloader,
        url: str,
        partial: PartialFile,
        seconds: int,
        on_percent: Callable[[int], None],
    ) -> None:
        partial.write([made.read_bytes()])

    def write(_: RecordingStore, *__: object) -> asyncio.Future[Path]:
        future: asyncio.Future[Path] = loop.create_future()
        future.set_result(made)
        return future

    written: dict[SeriesKey, tuple[int, int]] = {}

    async def write_rows(
        _: object, node_id: int, __: str, arrived: Mapping[str, Hours]
    ) -> int:
        for metric, hours in arrived.items():
            if hours:
                key = SeriesKey(node_id, metric)
                known = written.get(key, (min(hours), max(hours)))
                written[key] = min(known[0], *hours), max(known[1], *hours)
        return 0

    async def stored(*_: object) -> dict[SeriesKey, tuple[int, int]]:
        return written

    async def rename(*_: object) -> None:
        pass

    pacers: list[Pacer] = []

    def pacer(ledger: Ledger) -> Pacer:
        pacers.append(Pacer(ledger, clock=loop.time))
        return pacers[-1]

    async def main() -> Report:
        clock = Clock(lambda: time.time())  # noqa: PLW0108 - looked up at each call
        async with (
            Simulator("chain", switches=Switches(), clock=clock) as cloud,
            async_test_home_assistant(config_dir=str(folder)) as hass,
        ):
            hass.data.pop(loader.DATA_CUSTOM_COMPONENTS, None)
            # As Home Assistant does at start; required from 2026.11 on.
            frame.async_setup(hass)
            await hass.config.async_set_time_zone("Europe/Prague")
            report = await Week(hass, cloud, days).run()
            await hass.async_stop(force=True)
            return report

    def passed(seconds: float) -> None:
        frozen.tick(seconds)

    loop.follow(
        passed,
        lambda: any(one._running for one in pacers),
    )
    defaults: dict[str, Any] = Ledger.__init__.__kwdefaults__  # type: ignore[assignment]  # it has defaults
    with (
        patch.dict(defaults, clock=lambda: time.time()),  # noqa: PLW0108 - looked up at each call
        patch("custom_components.netrex.pacing.Pacer", pacer),
        patch.object(Downloader, "fetch", fetch),
        patch.object(RecordingStore, "_write", write),
        patch.object(HistoryImporter, "available", new=True),
        patch.object(NodeStatistics, "async_write", write_rows),
        patch.object(NodeStatistics, "async_stored", stored),
        patch.object(NodeStatistics, "async_rename", rename),
        patch("homeassistant.config_entries.RELOAD_AFTER_UPDATE_DELAY", 1e9),
        asyncio.Runner(loop_factory=lambda: loop) as runner,
    ):
        return runner.run(main())
