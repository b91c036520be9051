"""Checks of pictures: live video, still images, and the frontend in a browser."""

import asyncio
import time

from ..browser import WATCH_AFTER, find_browser, watch
from ..frames import decode_live, open_media, open_playlist, parts
from ..pictures import LIVE_PICTURES
from ..registry import DOMAIN, read_places
from .case import Case, NotRun, eventually, expect

VIEWED = 2
MIN_FRAMES = 10
# However many cameras start at once, they take at most two queries.
MAX_WALL_QUERIES = 2
# Seconds.
RECOVERY_TIMEOUT = 60.0
RECOVERY_GOAL = 5.0
GOOD_SESSION = 10.0
NEW_PARTS = 2


async def _cameras(case: Case) -> list[str]:
    """Return the entities of the first cameras; all cameras of the chain are alike."""
    places = await read_places(case.running.client)
    cameras = [
        place.entities["camera"] for place in places if "camera" in place.entities
    ]
    return cameras[:VIEWED]


async def live_view(case: Case) -> str:
    """Cameras play through Home Assistant's HLS, with links requested at that time."""
    client, control = case.running.client, case.running.control
    cameras = await _cameras(case)
    before = time.time()
    decoded = await asyncio.gather(*(decode_live(client, name) for name in cameras))
    for name, video in zip(cameras, decoded, strict=True):
        expect(video.frames >= MIN_FRAMES, f"{name}: {video.frames} frames")
        expect(video.distinct >= MIN_FRAMES, f"{name}: the picture does not change")
    links = await control.get("links")
    expect(all(link["used"] for link in links), "links were requested and not used")
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
    """A session that the cloud ended continues with a new link."""
    client, control = case.running.client, case.running.control
    camera = (await _cameras(case))[0]
    # A viewer is needed all the time: without one the session is not resumed.
    await decode_live(client, camera)
    await asyncio.sleep(GOOD_SESSION)
    playlist = await open_playlist(client, camera)
    links = len(await control.get("links"))
    before = await parts(client, playlist)
    dropped = (await control.post("sessions/drop"))["dropped"]
    expect(dropped, "there was no session to drop")

    async def playing() -> bool:
        # The first new part may still contain pictures from before the drop.
        return len(await parts(client, playlist) - before) >= NEW_PARTS

    seconds = await eventually(playing, RECOVERY_TIMEOUT, "no new picture")
    expect(seconds <= RECOVERY_GOAL, f"the picture returned after {seconds:.1f} s")
    video = await decode_live(client, camera)
    expect(video.frames >= MIN_FRAMES, f"{video.frames} frames")
    links = len(await control.get("links")) - links
    return (
        f"{dropped} sessions dropped: the picture returned {seconds:.1f} s later,"
        f" by {links} new links"
    )


async def still_image(case: Case) -> str:
    """A camera without viewers returns a still image."""
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
    """Decode a JPEG image and return its size."""
    with open_media(image) as container:
        frame = next(container.decode(container.streams.video[0]))
        return frame.width, frame.height


async def frontend(case: Case) -> str:
    """The frontend shows moving live pictures, also after a drop."""
    if find_browser() is None:
        raise NotRun("no Chromium on this machine")

    async def drop() -> None:
        # Sessions that end too early count as failures, and their links are delayed.
        await asyncio.sleep(GOOD_SESSION)
        await case.running.control.post("sessions/drop")

    world = await case.running.control.get("world")
    shop = next(node for node in world["nodes"] if node["type"] == "location")
    path = f"{DOMAIN}/site-{shop['node_id']}"
    seen = await watch(case.running.client.url, path, LIVE_PICTURES, interrupt=drop)
    expect(
        seen.freeze <= RECOVERY_GOAL,
        f"the picture did not change for {seen.freeze:.1f} s",
    )
    reloaded = ", after a reload of the page" if seen.reloads else ""
    return (
        f"logged in; {len(seen.advances)} live videos play, on by"
        f" {min(seen.advances):.1f} s in {seen.watched:.1f} s{reloaded};"
        f" all sessions dropped: no picture stood still for more than"
        f" {seen.freeze:.1f} s in {WATCH_AFTER:.0f} s"
    )
