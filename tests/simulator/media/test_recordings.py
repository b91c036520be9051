"""Recordings: list, prepare, wait, and download, over real sockets."""

from collections.abc import AsyncGenerator, Awaitable, Callable
import contextlib
import io
import logging

from aiohttp import ClientPayloadError, ClientSession, web
import av
import pytest

from simulator.clock import Clock
from simulator.fault_middleware import fault_middleware
from simulator.graphql.context import RequestRefusedError
from simulator.media.download import Downloads
from simulator.media.recordings import RecordingStore
from simulator.media.studio import Studio
from simulator.state import State
from simulator.world.model import ArchivedRecording, Camera

type Ready = Callable[..., Awaitable[str]]


@pytest.fixture
async def store(
    state: State, studio: Studio, caplog: pytest.LogCaptureFixture
) -> AsyncGenerator[RecordingStore]:
    """Return a store with a download server on a free port."""
    store = RecordingStore(state, studio)
    app = web.Application(middlewares=[fault_middleware(state)])
    app.router.add_routes(Downloads(state, store).routes())
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    store.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield store
    await runner.cleanup()
    await store.close()
    records = caplog.get_records("call")
    assert [record for record in records if record.levelno >= logging.ERROR] == []


@pytest.fixture
async def session() -> AsyncGenerator[ClientSession]:
    """Return an HTTP client."""
    async with ClientSession() as session:
        yield session


@pytest.fixture
def camera(state: State) -> Camera:
    """Return a camera that records."""
    return state.world.cameras[11]


@pytest.fixture
def ready(store: RecordingStore, camera: Camera, clock: Clock) -> Ready:
    """Return a function that returns the download URL of a prepared recording."""

    async def prepare(duration: int = 12, ago: int = 600) -> str:
        start = int(clock.now()) - ago
        row = store.list(camera, start, start + duration)[0]
        assert store.prepare(row.recording_id, row.outputs[-1].height)
        clock.jump(10)
        url = store.progress(row.recording_id).download_url
        assert url is not None
        return url

    return prepare


async def test_a_recording_is_prepared_step_by_step(
    store: RecordingStore, camera: Camera, clock: Clock
) -> None:
    camera.stream_profiles[0].height = 180
    start = int(clock.now()) - 3600
    row = store.list(camera, start, start + 20)[0]
    assert len(row.recording_id) == 10
    assert row.recording_id.isalnum()
    assert (row.duration, row.download_url) == (20, None)
    assert [output.height for output in row.outputs] == [180]

    assert store.prepare(row.recording_id, 180) is True
    seen = []
    for _ in range(6):
        state = store.progress(row.recording_id)
        seen.append(state.progress)
        assert (state.download_url is not None) == (state.progress == 100)
        clock.jump(1)

    assert seen == sorted(seen, key=lambda progress: progress or 0)
    assert seen[0] != 100
    assert seen[-1] == 100


async def test_the_file_decodes_and_has_the_requested_duration(
    ready: Ready, session: ClientSession, state: State
) -> None:
    url = await ready(duration=12)
    async with session.get(url) as response:
        assert response.content_type == "video/mp4"
        body = await response.read()
        assert response.content_length == len(body)

    with av.open(io.BytesIO(body), "r") as container:
        video = container.streams.video[0]
        assert video.codec_context.name == "h264"
        assert (video.width, video.height) == (320, 180)
        frames = sum(1 for _ in container.decode(video))
        assert container.duration == pytest.approx(12_000_000, abs=200_000)
    assert frames == 120
    # The index is at the front, so that a player can start before the end arrives.
    assert body.index(b"moov") < body.index(b"mdat")
    assert url.rpartition("=")[2] in state.secrets


async def test_a_long_recording_repeats_its_pictures(
    ready: Ready, session: ClientSession
) -> None:
    async with session.get(await ready(duration=1500, ago=7200)) as response:
        body = await response.read()

    with av.open(io.BytesIO(body), "r") as container:
        assert container.duration == pytest.approx(1_500e6, rel=0.1)
        container.seek(int(1_300e6))
        frame = next(container.decode(video=0))
        assert frame.time is not None
        assert 1_290 < frame.time <= 1_300


async def test_downloads_support_ranges_and_head(
    ready: Ready, session: ClientSession
) -> None:
    url = await ready()
    async with session.get(url) as response:
        whole = await response.read()
    async with session.get(url, headers={"Range": "bytes=1000-"}) as response:
        assert response.status == 206
        assert response.headers["Content-Range"] == (
            f"bytes 1000-{len(whole) - 1}/{len(whole)}"
        )
        assert await response.read() == whole[1000:]
    async with session.get(url, headers={"Range": "bytes=-10"}) as response:
        assert await response.read() == whole[-10:]
    async with session.head(url) as response:
        assert response.content_length == len(whole)
    async with session.get(
        url, headers={"Range": f"bytes={len(whole) + 1}-"}
    ) as response:
        assert response.status == 416


async def test_ranges_and_length_can_be_switched_off(
    ready: Ready, session: ClientSession, state: State
) -> None:
    url = await ready()
    async with session.get(url) as response:
        whole = await response.read()
    state.switches.download_range = False
    async with session.get(url, headers={"Range": "bytes=1000-"}) as response:
        assert response.status == 200
        assert await response.read() == whole
    async with session.head(url) as response:
        assert response.content_length == len(whole)
    state.switches.download_length = False
    async with session.get(url) as response:
        assert "Content-Length" not in response.headers
        assert await response.read() == whole
    state.switches.download_range = True
    async with session.get(url, headers={"Range": "bytes=5-9"}) as response:
        assert response.status == 206
        assert await response.read() == whole[5:10]


async def test_a_cut_download_can_be_resumed(
    ready: Ready, session: ClientSession, state: State
) -> None:
    url = await ready()
    async with session.get(url) as response:
        whole = await response.read()
    state.faults.add("download", "cut_body", 50_000)

    received = b""
    async with session.get(url) as response:
        with contextlib.suppress(ClientPayloadError):
            async for block in response.content.iter_any():
                received += block
        assert response.content.exception() is not None
    assert received == whole[: len(received)]
    assert len(received) <= 50_000

    rest = {"Range": f"bytes={len(received)}-"}
    async with session.get(url, headers=rest) as response:
        assert received + await response.read() == whole


async def test_a_download_url_expires(
    ready: Ready, session: ClientSession, clock: Clock, state: State
) -> None:
    url = await ready()
    clock.jump(23 * 3600)
    async with session.get(url) as response:
        assert response.status == 200
    clock.jump(3500)
    async with session.get(url) as response:
        assert response.status == 200
    clock.jump(200)
    state.switches.download_expired_status = 410
    async with session.get(url) as response:
        assert response.status == 410


async def test_a_download_url_expires_sooner_after_a_download(
    ready: Ready, session: ClientSession, clock: Clock
) -> None:
    url = await ready()
    async with session.get(url) as response:
        assert response.status == 200
        await response.read()
    clock.jump(6 * 3600 - 60)
    async with session.get(url) as response:
        assert response.status == 200
    clock.jump(61)
    async with session.get(url) as response:
        assert response.status == 404


async def test_an_unused_id_expires_after_an_hour(
    store: RecordingStore, camera: Camera, clock: Clock
) -> None:
    start = int(clock.now()) - 600
    used, unused = (store.list(camera, start, start + 5)[0] for _ in range(2))
    store.prepare(used.recording_id, 180)
    clock.jump(3601)

    assert store.progress(used.recording_id).progress == 100
    with pytest.raises(RequestRefusedError):
        store.progress(unused.recording_id)
    with pytest.raises(RequestRefusedError):
        store.prepare("0123456789", 180)
    with pytest.raises(RequestRefusedError):
        store.prepare(used.recording_id, 181)


@pytest.mark.parametrize(("switch", "answer"), [("true", True), ("false", False)])
async def test_the_answer_to_a_second_preparation_is_a_switch(
    store: RecordingStore, camera: Camera, state: State, *, switch: str, answer: bool
) -> None:
    state.switches.set("prepare_twice", switch)
    start = int(state.clock.now()) - 600
    row = store.list(camera, start, start + 5)[0]

    assert store.prepare(row.recording_id, 180) is True
    assert store.prepare(row.recording_id, 180) is answer
    state.switches.prepare_twice = "error"
    with pytest.raises(RequestRefusedError):
        store.prepare(row.recording_id, 180)


async def test_a_preparation_may_be_refused(
    store: RecordingStore, camera: Camera, state: State
) -> None:
    start = int(state.clock.now()) - 600
    row = store.list(camera, start, start + 5)[0]
    height = row.outputs[-1].height
    state.switches.prepare_answer = "false"
    assert store.prepare(row.recording_id, height) is False
    state.switches.prepare_answer = "error"
    with pytest.raises(RequestRefusedError):
        store.prepare(row.recording_id, height)
    state.clock.jump(60)
    refused = store.progress(row.recording_id)
    assert (refused.progress, refused.download_url) == (0, None)


@pytest.mark.parametrize(
    ("shown", "progress"), [("null", None), ("zero", 0), ("minus", -1)]
)
async def test_a_failing_preparation_never_finishes(
    store: RecordingStore,
    camera: Camera,
    state: State,
    shown: str,
    progress: int | None,
) -> None:
    state.switches.prepare_fails = True
    state.switches.set("failed_progress", shown)
    start = int(state.clock.now()) - 600
    row = store.list(camera, start, start + 5)[0]
    assert store.prepare(row.recording_id, 180) is True
    state.clock.jump(60)

    failed = store.progress(row.recording_id)
    assert (failed.progress, failed.download_url) == (progress, None)
    state.switches.failed_progress = "error"
    with pytest.raises(RequestRefusedError):
        store.progress(row.recording_id)

    state.switches.prepare_fails = False
    assert store.prepare(row.recording_id, 180) is True
    state.clock.jump(60)
    assert store.progress(row.recording_id).progress == 100


async def test_a_gap_is_not_listed(
    store: RecordingStore, camera: Camera, state: State
) -> None:
    now = int(state.clock.now())
    assert store.list(camera, now + 60, now + 120) == []
    assert store.list(camera, now - 60 * 86_400, now - 59 * 86_400) == []
    state.switches.recording_gap = 120
    rows = store.list(camera, now - 2 * 86_400, now - 86_400)
    assert [row.duration for row in rows] == [86_400 - 120]
    state.switches.recording_gap = 0
    rows = store.list(camera, now - 2 * 86_400, now - 86_400)
    assert [row.duration for row in rows] == [86_400]
    camera.records = False
    assert store.list(camera, now - 600, now - 500) == []


async def test_every_storage_has_its_own_entry(
    store: RecordingStore, camera: Camera, state: State
) -> None:
    state.switches.recording_storages = 2
    start = int(state.clock.now()) - 600
    cloud, card = store.list(camera, start, start + 30)
    assert cloud.recording_id != card.recording_id
    assert cloud.duration == card.duration

    for row in (cloud, card):
        store.prepare(row.recording_id, 180)
    state.clock.jump(5)
    assert store.progress(cloud.recording_id).progress == 100
    assert (store.progress(card.recording_id).progress or 0) < 100


async def test_a_file_can_be_padded_to_the_size_of_a_real_one(
    ready: Ready, session: ClientSession, state: State
) -> None:
    state.switches.recording_size = 3 << 20
    async with session.get(await ready()) as response:
        body = await response.read()

    assert len(body) == 3 << 20
    with av.open(io.BytesIO(body), "r") as container:
        assert sum(1 for _ in container.decode(video=0)) == 120


async def test_a_download_may_require_the_token(
    ready: Ready, session: ClientSession, state: State
) -> None:
    state.switches.download_needs_token = True
    async with session.get(await ready()) as response:
        assert response.status == 401


async def test_an_archived_recording_keeps_its_id(state: State, studio: Studio) -> None:
    state.world.archive = [
        ArchivedRecording("xRMElmAkh3", 11, 1000, 1598, (480, 720)),
        ArchivedRecording("6RjiHGzqCE", 11, 400, 404, (180,), prepared=True),
    ]
    store = RecordingStore(state, studio)
    try:
        rows = store.list(state.world.cameras[11], 1000, 1600)
        assert [(row.recording_id, row.duration) for row in rows] == [
            ("xRMElmAkh3", 598)
        ]
        ready = store.progress("6RjiHGzqCE")
        assert ready.progress == 100
        assert ready.download_url is not None
        assert store.list(state.world.cameras[12], 1000, 1600) == []
    finally:
        await store.close()
