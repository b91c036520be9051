"""50 concurrent downloads within the limits, while people watch.

Everything is ten times as fast: one query per 0.1 s, so a wait of 5 s becomes 0.5 s.
"""

import asyncio
from pathlib import Path
import time

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import pacer
from custom_components.netrex.live import VideoSource
from custom_components.netrex.recordings import Clip, ClipFile, RecordingManager
from custom_components.netrex.recordings.timing import Timing
from simulator import Simulator

from ..relay.players import watch
from .conftest import AGO_SECONDS, files

CAMERAS, CLIPS, VIEWS = 20, 50, 5
# Everything is ten times as fast as in reality.
SPEED = 10

pytestmark = [
    pytest.mark.spaced(interval=1.1 / SPEED),
    pytest.mark.switches(query_interval=1.0 / SPEED, prepare_duration=1.0),
]


@pytest.fixture(autouse=True)
def _response_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the gap after a response as much as the spacing of requests."""
    monkeypatch.setattr(pacer, "_RESPONSE_GAP", 1.0 / SPEED)


@pytest.fixture
def scenario() -> str:
    """Return the account with 100 cameras."""
    return "chain"


@pytest.fixture
def timing() -> Timing:
    """Return the default intervals, divided by ten."""
    return Timing(
        intervals=tuple(step / SPEED for step in Timing().intervals),
        settling=0.0,
        grace=Timing().grace / SPEED,
    )


async def most_at_once(
    manager: RecordingManager, downloads: list[asyncio.Task[ClipFile]]
) -> int:
    """Return the maximum number of concurrent downloads."""
    most = 0
    while not all(download.done() for download in downloads):
        most = max(most, manager._context.downloads._acquired)
        await asyncio.sleep(0.005)
    return most


async def test_downloads_stay_within_the_limits_and_viewers_go_first(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    camera_id: int,
    manager: RecordingManager,
    media: Path,
) -> None:
    cameras = [c.node_id for c in cloud.world.cameras.values() if c.records][:CAMERAS]
    assert len(cameras) == CAMERAS
    start = int(time.time()) - AGO_SECONDS
    clips = [
        Clip(cameras[number % CAMERAS], start + number, start + number + 2)
        for number in range(CLIPS)
    ]
    before = len(cloud.queries)
    began = time.monotonic()
    downloads = [
        asyncio.create_task(manager.async_download(clip, media / f"{number}.mp4"))
        for number, clip in enumerate(clips)
    ]
    most = asyncio.create_task(most_at_once(manager, downloads))
    await asyncio.sleep(0.5)
    assert not any(download.done() for download in downloads)
    sent = len(cloud.queries)
    live = entry.runtime_data.live
    for pictures in await asyncio.gather(
        *(
            watch(live.stream_source(VideoSource(node_id)))
            for node_id in cameras[:VIEWS]
        )
    ):
        assert pictures
    since = cloud.queries[sent:]
    links = [n for n, one in enumerate(since) if "live_view" in one.query]
    # Some queries are sent while the players connect, but no waiting query is sent
    # before a viewer's, and viewers share theirs.
    assert links[0] <= 3
    assert len(links) <= 2
    saved = await asyncio.gather(*downloads)
    took = time.monotonic() - began

    assert len(files(media)) == CLIPS
    assert all(one.size for one in saved)
    assert 0 < await most <= 3
    assert not [query for query in cloud.queries if query.refused]
    spent = [
        query
        for query in cloud.queries[before:]
        if "recording" in query.query and "live_view" not in query.query
    ]
    # Without sharing: 50 lists, 50 preparations, and at least 50 polls.
    assert len(spent) <= CLIPS
    assert took < 60
    # The KPI queries of 100 cameras are still queued.
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
