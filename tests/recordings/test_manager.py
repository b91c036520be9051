"""Jobs are shared, fairly ordered, and use the cache."""

import asyncio
from dataclasses import replace
from pathlib import Path
import time

import av
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import Lane, Recording
from custom_components.netrex.recordings import (
    Clip,
    Job,
    JobState,
    RecordingManager,
)
from custom_components.netrex.recordings.lanes import LaneSemaphore
from custom_components.netrex.recordings.partial import publish
from custom_components.netrex.recordings.renditions import select_rendition
from simulator import Simulator
from simulator.world.model import Scope

from ..waiting import token_checked_twice
from .conftest import QUICK, Events, Source, contents, files


def asked(cloud: Simulator, word: str) -> int:
    """Return how often a word occurs in the queries."""
    return sum(query.query.count(word) for query in cloud.queries)


async def test_the_same_clip_is_one_job(
    hass: HomeAssistant,
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    media: Path,
    source: Source,
    events: Events,
) -> None:
    """Two downloads and a player request it concurrently."""
    first, second, played = await asyncio.gather(
        manager.async_download(clip, media / "a.mp4"),
        manager.async_download(clip, media / "new" / "b.mp4"),
        manager.async_fetch(clip),
    )
    assert asked(cloud, "recordings(") == asked(cloud, "recordingPrepare") == 1
    assert len(source.urls) == 1
    assert files(media) == [first.path, second.path]
    assert contents(first.path) == contents(second.path) == contents(played)
    assert played.is_relative_to(manager._cache.folder)
    assert manager.job(clip) is None
    assert manager.diagnostics() == {"jobs": {}, "ended": {"downloaded": 2}}
    # Each download has its own last event; the others are shared.
    assert events.types.count("downloaded") == 2
    assert events.types.count("preparing") == 1

    # A cached recording takes no queries, and the saved file is independent.
    queries = len(cloud.queries)
    again = await manager.async_download(clip, media / "c.mp4")
    assert await manager.async_fetch(clip) == played
    assert len(cloud.queries) == queries
    assert (again.duration, again.height) == (4, 180)
    played.unlink()
    assert contents(again.path) == contents(first.path)


async def test_a_prepared_recording_is_not_prepared_again(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    media: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = await manager.async_download(clip, media / "a.mp4")
    store = cloud.recordings
    monkeypatch.setattr(
        store,
        "list",
        lambda *_: [store._row(one) for one in store._recordings.values()],
    )
    second = await manager.async_download(clip, media / "b.mp4")
    assert contents(first.path) == contents(second.path)
    assert asked(cloud, "recordings(") == 2
    assert asked(cloud, "recordingPrepare") == 1


async def test_playback_causes_no_events(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    media: Path,
    events: Events,
) -> None:
    states: list[JobState] = []
    playing = asyncio.create_task(manager.async_fetch(clip))
    async with asyncio.timeout(5):
        while (job := manager.job(clip)) is None:  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0)
    job.async_add_listener(lambda job: states.append(job.state))
    await playing
    assert events.types == []
    assert JobState.PREPARING in states
    assert states[-1] is JobState.DOWNLOADING


async def test_playback_causes_no_events_after_the_action_was_canceled(
    hass: HomeAssistant,
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    media: Path,
    events: Events,
) -> None:
    cloud.switches.prepare_duration = 0.5
    playing = asyncio.create_task(manager.async_fetch(clip))
    download = asyncio.create_task(manager.async_download(clip, media / "left.mp4"))
    async with asyncio.timeout(5):
        while "preparing" not in events.types:  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0.01)
    download.cancel()
    await playing
    await hass.async_block_till_done()
    assert events.types == ["requested", "preparing", "failed"]


async def test_canceling_one_waiter_keeps_the_job_of_the_others(
    manager: RecordingManager, clip: Clip, media: Path, source: Source
) -> None:
    canceled = asyncio.create_task(manager.async_download(clip, media / "left.mp4"))
    kept = asyncio.create_task(manager.async_download(clip, media / "kept.mp4"))
    await asyncio.sleep(0.05)
    canceled.cancel()
    saved = await kept
    assert files(media) == [saved.path]
    assert len(source.urls) == 1


async def test_an_existing_file_is_kept(
    cloud: Simulator, manager: RecordingManager, clip: Clip, media: Path
) -> None:
    target = media / "mine.mp4"
    await asyncio.to_thread(target.write_bytes, b"mine")
    with pytest.raises(HomeAssistantError) as caught:
        await manager.async_download(clip, target)
    assert caught.value.translation_key == "file_exists"
    assert contents(target) == b"mine"
    assert asked(cloud, "recordings(") == 0
    saved = await manager.async_download(clip, target, overwrite=True)
    assert len(contents(target)) == saved.size > 4


async def test_two_clips_with_one_name(
    manager: RecordingManager, clip: Clip, media: Path
) -> None:
    """The second one fails only when its file is published."""
    other = replace(clip, end=clip.end + 2)
    target = media / "same.mp4"
    results = await asyncio.gather(
        manager.async_download(clip, target),
        manager.async_download(other, target),
        return_exceptions=True,
    )
    [failed] = [one for one in results if isinstance(one, HomeAssistantError)]
    assert failed.translation_key == "file_exists"
    assert files(media) == [target]


async def test_a_job_waits_for_a_future_clip(
    cloud: Simulator, manager: RecordingManager, camera_id: int, media: Path
) -> None:
    # The cloud provides recordings with a delay of some seconds.
    cloud.clock.jump(30)
    now = int(time.time())
    clip = Clip(camera_id, now - 3, now + 1)
    saved = await manager.async_download(clip, media / "soon.mp4")
    assert time.time() >= clip.end
    assert saved.duration == 4


@pytest.mark.parametrize("timing", [replace(QUICK, grace=30.0)])
async def test_a_clip_that_has_just_ended_is_listed_again(
    cloud: Simulator, manager: RecordingManager, camera_id: int, media: Path
) -> None:
    now = int(time.time())
    clip = Clip(camera_id, now - 13, now + 1)
    download = asyncio.create_task(manager.async_download(clip, media / "late.mp4"))
    async with asyncio.timeout(5):
        while asked(cloud, "recordings(") < 2:  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0.01)
    cloud.clock.jump(30)
    saved = await download
    assert saved.duration == 14


async def test_a_recording_that_stays_incomplete_is_used(
    cloud: Simulator, manager: RecordingManager, camera_id: int, media: Path
) -> None:
    now = int(time.time())
    saved = await manager.async_download(
        Clip(camera_id, now - 20, now), media / "short.mp4"
    )
    assert saved.duration
    assert 8 <= saved.duration < 20


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"start": 2_000, "end": 2_004}, "no_recording"),
        ({"height": 181}, "height_not_offered"),
        ({"end": 0}, "end_before_start"),
        ({"start": 0}, "clip_too_long"),
        ({"node_id": 1}, "not_found"),
        ({"height": -5}, "height_invalid"),
    ],
)
async def test_impossible_clips_are_refused(
    manager: RecordingManager,
    clip: Clip,
    media: Path,
    change: dict[str, int],
    reason: str,
) -> None:
    impossible = replace(clip, **change)
    with pytest.raises(HomeAssistantError) as caught:
        await manager.async_download(impossible, media / "x.mp4")
    assert caught.value.translation_key == reason
    if reason != "end_before_start":
        with pytest.raises(HomeAssistantError):
            await manager.async_fetch(impossible)
    assert files(media) == []


async def test_missing_rights_and_a_revoked_token(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    manager: RecordingManager,
    clip: Clip,
    media: Path,
) -> None:
    for token in cloud.world.tokens.values():
        token.scopes = frozenset({Scope.READ})
    with pytest.raises(HomeAssistantError) as caught:
        await manager.async_download(clip, media / "x.mp4")
    assert caught.value.translation_key == "no_permission"
    cloud.oauth.revoke_all(None)
    with pytest.raises(HomeAssistantError) as caught:
        await manager.async_download(clip, media / "x.mp4")
    assert caught.value.translation_key == "invalid_auth"
    await token_checked_twice(hass, entry)
    assert [
        flow["context"]["source"] for flow in hass.config_entries.flow.async_progress()
    ] == ["reauth"]


@pytest.mark.parametrize("needs_token", [True, False])
async def test_a_download_can_require_the_token(
    cloud: Simulator,
    manager: RecordingManager,
    clip: Clip,
    media: Path,
    needs_token: bool,
) -> None:
    cloud.switches.download_needs_token = needs_token
    await manager.async_download(clip, media / "x.mp4")
    assert len(files(media)) == 1


async def test_the_cloud_is_preferred_to_a_memory_card(
    cloud: Simulator, manager: RecordingManager, clip: Clip, media: Path
) -> None:
    cloud.switches.recording_storages = 3
    for profile in cloud.world.cameras[clip.node_id].stream_profiles[:1]:
        profile.height = 90
    found = await manager.async_list(clip.node_id, clip.start, clip.end)
    assert len(found) == 3
    saved = await manager.async_download(replace(clip, height=90), media / "x.mp4")
    with av.open(saved.path) as video:
        assert video.streams.video[0].height == saved.height == 90


def test_the_most_complete_rendition_is_selected() -> None:
    long = Recording("a", 598.0, (480, 720))
    card = Recording("b", 599.0, (720,))
    short = Recording("c", 300.0, (480, 720, 1080))
    assert select_rendition([card, long, short], None).recording is long
    assert select_rendition([card, long, short], 1080).recording is short
    assert select_rendition([card], 720).height == 720
    assert select_rendition([Recording("d", None, (1,))], None).height == 1
    with pytest.raises(HomeAssistantError) as caught:
        select_rendition([long, card], 1080)
    assert caught.value.translation_placeholders == {"heights": "480, 720"}
    for nothing in ([], [Recording("e", 10.0, ())]):
        with pytest.raises(HomeAssistantError) as caught:
            select_rendition(nothing, None)
        assert caught.value.translation_key == "no_recording"


async def test_the_semaphore_is_fair_and_serves_people_first() -> None:
    semaphore, order = LaneSemaphore(1, 1), list[str]()
    lanes = {"a": Lane.COMMAND, "b": Lane.COMMAND, "c": Lane.COMMAND}
    release = asyncio.Event()

    async def work(name: str, lane: Lane | None = None) -> None:
        async with semaphore.acquire(lambda: lane if lane is not None else lanes[name]):
            order.append(name)
            await release.wait()

    tasks = [asyncio.create_task(work(name)) for name in "abc"]
    await asyncio.sleep(0)
    assert order == ["a"]
    # The reserve is for interactive waiters, and a lane that rises overtakes others.
    tasks.append(asyncio.create_task(work("person", Lane.INTERACTIVE)))
    await asyncio.sleep(0)
    assert order == ["a", "person"]
    lanes["c"] = Lane.INTERACTIVE
    tasks[1].cancel()
    await asyncio.sleep(0)
    release.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == ["a", "person", "c"]
    async with asyncio.timeout(1), semaphore.acquire(lambda: Lane.COMMAND):
        pass


def test_a_disk_without_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is moved if that is allowed, otherwise copied."""

    def no_links(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("custom_components.netrex.recordings.partial.os.link", no_links)
    folder = tmp_path / "media"
    source = folder / "source.mp4"
    source.write_bytes(b"video")
    publish(source, folder / "a.mp4", overwrite=False, may_move=False)
    assert source.exists()
    with pytest.raises(HomeAssistantError):
        publish(source, folder / "a.mp4", overwrite=False, may_move=True)
    publish(source, folder / "a.mp4", overwrite=True, may_move=False)
    publish(source, folder / "b.mp4", overwrite=False, may_move=True)
    assert not source.exists()
    assert contents(folder / "a.mp4") == contents(folder / "b.mp4") == b"video"


def test_the_lane_of_a_job_only_rises(manager: RecordingManager, clip: Clip) -> None:
    job = Job(clip, Lane.COMMAND, Path(), manager._context)
    job.raise_lane(Lane.INTERACTIVE)
    job.raise_lane(Lane.COMMAND)
    assert job.lane is Lane.INTERACTIVE
