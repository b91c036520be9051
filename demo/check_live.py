"""Checks of the pictures: live through Home Assistant, still, and in a browser."""

import asyncio
import time

from .browser import WATCH_AFTER, find_browser, watch
from .case import Case, NotRun, eventually, expect
from .dashboard import LIVE_CAMERAS
from .frames import decode_live, open_media, open_playlist, parts
from .registry import DOMAIN, read_places

VIEWED = 2
MIN_FRAMES = 10
# A wall of cameras costs at most two queries, however many start at once.
MAX_WALL_QUERIES = 2
# Seconds.
RECOVERY_TIMEOUT = 60.0
RECOVERY_GOAL = 5.0
GOOD_SESSION = 10.0
NEW_PARTS = 2


async def _cameras(case: Case) -> list[str]:
    """Return the entities of the first cameras; all of the chain's are alike."""
    places = await read_places(case.running.client)
    cameras = [
        place.entities["camera"] for place in places if "camera" in place.entities
    ]
    return cameras[:VIEWED]


async def live_view(case: Case) -> str:
    """Cameras play through Home Assistant's HLS, by links asked for at that moment."""
    client, control = case.running.client, case.running.control
    cameras = await _cameras(case)
    before = time.time()
    decoded = await asyncio.gather(*(decode_live(client, name) for name in cameras))
    for name, video in zip(cameras, decoded, strict=True):
        expect(video.frames >= MIN_FRAMES, f"{name}: {video.frames} frames")
        expect(video.distinct >= MIN_FRAMES, f"{name}: the picture stands still")
    links = await control.get("links")
    expect(all(link["used"] for link in links), "links were asked for and not used")
    queries = [
        query
        for query in await control.get("queries", since=before)
        if "camera" in query["fields"]
    ]
    expect(
        len(queries) <= MAX_WALL_QUERIES,
        f"{len(queries)} queries for {len(cameras)} cameras",
    )
    first = decoded[0]
    return (
        f"{len(cameras)} cameras at once, {sum(video.frames for video in decoded)}"
        f" frames of {first.width}x{first.height} {first.codec};"
        f" first segment after {max(video.seconds for video in decoded):.1f} s;"
        f" {len(links)} links by {len(queries)} queries"
    )


async def after_a_drop(case: Case) -> str:
    """A session that the cloud ends goes on by itself, with a fresh link."""
    client, control = case.running.client, case.running.control
    camera = (await _cameras(case))[0]
    # Somebody watches all the time: without a viewer nothing has to come back.
    await decode_live(client, camera)
    await asyncio.sleep(GOOD_SESSION)
    playlist = await open_playlist(client, camera)
    links = len(await control.get("links"))
    before = await parts(client, playlist)
    dropped = (await control.post("sessions/drop"))["dropped"]
    expect(dropped, "there was no session to drop")

    async def playing() -> bool:
        # The first new part may still hold what came before the drop.
        return len(await parts(client, playlist) - before) >= NEW_PARTS

    seconds = await eventually(playing, RECOVERY_TIMEOUT, "no new picture")
    expect(seconds <= RECOVERY_GOAL, f"the picture is back after {seconds:.1f} s")
    video = await decode_live(client, camera)
    expect(video.frames >= MIN_FRAMES, f"{video.frames} frames")
    links = len(await control.get("links")) - links
    return (
        f"{dropped} sessions dropped: the picture is back {seconds:.1f} s later,"
        f" by {links} new links"
    )


async def still_image(case: Case) -> str:
    """A camera that nobody watches gives a still image."""
    client = case.running.client
    places = await read_places(client)
    camera = [place for place in places if "camera" in place.entities][-1]
    path = f"/api/camera_proxy/{camera.entities['camera']}"
    started = time.monotonic()
    async with client.session.get(client.url + path, headers=client.headers) as answer:
        expect(answer.ok, f"{camera.name}: status {answer.status}")
        expect(answer.content_type == "image/jpeg", f"it is {answer.content_type}")
        image = await answer.read()
    seconds = time.monotonic() - started
    width, height = await asyncio.to_thread(_size, image)
    return f"{width}x{height}, {len(image) // 1024} kB, after {seconds:.1f} s"


def _size(image: bytes) -> tuple[int, int]:
    """Return the size of a JPEG image, by decoding it."""
    with open_media(image) as container:
        frame = next(container.decode(container.streams.video[0]))
        return frame.width, frame.height


async def frontend(case: Case) -> str:
    """A person who logs in sees the live cameras move, also after a drop."""
    if find_browser() is None:
        raise NotRun("no Chromium on this machine")

    async def drop() -> None:
        # Sessions that end at once are taken for failures, and links become rare.
        await asyncio.sleep(GOOD_SESSION)
        await case.running.control.post("sessions/drop")

    seen = await watch(case.running.client.url, DOMAIN, LIVE_CAMERAS, interrupt=drop)
    expect(
        seen.freeze <= RECOVERY_GOAL,
        f"the picture stands still for {seen.freeze:.1f} s",
    )
    reloaded = ", after a reload of the page" if seen.reloads else ""
    return (
        f"logged in; {len(seen.advances)} live videos play, on by"
        f" {min(seen.advances):.1f} s in {seen.watched:.1f} s{reloaded};"
        f" all sessions dropped: no picture stood still for more than"
        f" {seen.freeze:.1f} s in {WATCH_AFTER:.0f} s"
    )
