"""The design's days: 100 cameras, 20 shops with eight metrics, people and automations.

Home Assistant, the coordinators, the pacer with its second between two queries, the
ledger, the client and the cloud with its strict limiter are the real ones, and so are
the sockets between them; the clock alone is virtual. Left out is what costs no query:
the bytes of live pictures and of downloads, and the recorder, which confirms all.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
import logging
from pathlib import Path
import random
import time
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant import loader
from homeassistant.const import CONF_API_TOKEN, CONF_HOST, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, frame
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)
from yarl import URL

from custom_components.netrex.client import Lane, Ledger, Pacer
from custom_components.netrex.client.days import DAY, QUARTER
from custom_components.netrex.const import CONF_KPI_NODES, DOMAIN
from custom_components.netrex.history import HistoryImporter, importer
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
# No part of a minute or a quarter hour, so that all ages are met alike.
SAMPLE = 37
# How often one-query-per-value polling has to ask for the same freshness, seconds.
STATUS = 90
# Until all nodes with KPIs are found and read, seconds.
WARM_UP = 3600


@dataclass(slots=True)
class Report:
    """What a simulation counted; ages in seconds."""

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
        """Return it as the documentation shows it."""
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
        """Queries of a client that asks for each value by itself, and as often."""
        values = self.sensors * DAY / QUARTER + self.cameras * DAY / STATUS
        return round(values * self.days) + self.views + self.queries["recordings"]


def percentile(values: list[float], share: float) -> float:
    """Return the value below which this share of the values is."""
    return sorted(values)[int(share * (len(values) - 1))]


def kind(query: str) -> str:
    """Return what a query is for."""
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
    """One account's life."""

    def __init__(self, hass: HomeAssistant, cloud: Simulator, days: float) -> None:
        self.hass = hass
        self.cloud = cloud
        self.report = Report(days, cameras=len(cloud.world.cameras))
        self.random = random.Random(7)  # noqa: S311 - a plan, no secret
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
            options={CONF_KPI_NODES: [str(shop) for shop in shops]},
        )

    async def run(self) -> Report:
        """Live through it, after a first hour in which all is looked for."""
        self.entry.add_to_hass(self.hass)
        await self.hass.config_entries.async_setup(self.entry.entry_id)
        await asyncio.sleep(WARM_UP / 2)
        self._enable()
        await self.hass.config_entries.async_reload(self.entry.entry_id)
        await asyncio.sleep(WARM_UP / 2)
        people = [
            asyncio.create_task(self._plan(VIEWS, self._view)),
            asyncio.create_task(self._plan(DOWNLOADS, self._download)),
        ]
        end = time.time() + self.report.days * DAY
        while time.time() < end:
            await asyncio.sleep(SAMPLE)
            self._sample()
        await asyncio.gather(*people)
        self._count()
        await self.hass.config_entries.async_unload(self.entry.entry_id)
        return self.report

    def _enable(self) -> None:
        """Enable today's sensors of all eight metrics."""
        registry = er.async_get(self.hass)
        wanted = {f"{metric.key}_today" for metric in BASE}
        for found in er.async_entries_for_config_entry(registry, self.entry.entry_id):
            if found.translation_key in wanted and found.disabled_by:
                registry.async_update_entity(found.entity_id, disabled_by=None)

    async def _plan(self, count: int, act: Callable[[], Any]) -> None:
        """Act so often a day, in opening hours rather than at night."""
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
        """Begin to watch a camera: what the relay asks for when a player connects."""
        live = self.entry.runtime_data.live
        camera = self.random.choice(list(self.cloud.world.cameras))
        await live._async_get_link(f"stream_{camera}")
        self.report.views += 1

    async def _download(self) -> None:
        """Save five minutes of a camera."""
        camera = self.random.choice(list(self.cloud.world.cameras))
        end = int(time.time()) - self.random.randrange(300, 20_000)
        clip = Clip(camera, end - 300, end)
        await self.entry.runtime_data.recordings.async_fetch(clip, Lane.COMMAND)
        self.report.downloads += 1

    def _sample(self) -> None:
        """Note how old everything is that is shown now."""
        now, data = time.time(), self.entry.runtime_data
        # Just after midnight nothing of the new day is there to be old.
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
    """Run it; `frozen` is the process's time, `folder` for files."""
    loop = WireTimeLoop()
    # A debug line for each of tens of thousands of queries takes longer than they do.
    logging.getLogger().setLevel(logging.WARNING)
    made = folder / "made.mp4"
    made.write_bytes(b"-")

    async def fetch(
        _: Downloader, url: str, partial: PartialFile, on_percent: Callable[[int], None]
    ) -> None:
        partial.write([made.read_bytes()])

    def write(_: RecordingStore, *__: object) -> asyncio.Future[Path]:
        future: asyncio.Future[Path] = loop.create_future()
        future.set_result(made)
        return future

    async def written(*_: object) -> tuple[int, bool]:
        return 0, True

    async def known(*_: object) -> set[object]:
        return set()

    recorder = SimpleNamespace(async_recorder_ready=asyncio.Event())
    recorder.async_recorder_ready.set()
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
            # As Home Assistant's own start does; 2026.11 looks who calls it.
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
    defaults: dict[str, Any] = Ledger.__init__.__kwdefaults__  # type: ignore[assignment]
    with (
        patch.dict(defaults, clock=lambda: time.time()),  # noqa: PLW0108 - looked up at each call
        patch("custom_components.netrex.pacing.Pacer", pacer),
        patch.object(Downloader, "fetch", fetch),
        patch.object(RecordingStore, "_write", write),
        patch.object(HistoryImporter, "available", new=True),
        patch.object(importer, "get_instance", lambda _: recorder),
        patch.object(NodeStatistics, "async_write", written),
        patch.object(NodeStatistics, "async_known", known),
        patch("homeassistant.config_entries.RELOAD_AFTER_UPDATE_DELAY", 1e9),
        asyncio.Runner(loop_factory=lambda: loop) as runner,
    ):
        return runner.run(main())
