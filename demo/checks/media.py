"""Checks of recordings in the media browser: found, played, and seekable."""

import http
import time

from ..browser import find_browser
from ..client import HomeAssistantClient, Json
from ..player import WATCH_SECONDS, play
from ..processes import DemoError
from ..registry import DOMAIN
from .case import Case, NotRun, expect

ROOT = f"media-source://{DOMAIN}"
# The levels above a recording: regions, shops, cameras; days; hours.
LEVELS = 3
# The items to choose: yesterday, an hour with daylight, a slice of it.
YESTERDAY, HOUR, SLICE = 1, 10, 2
# Attempts to play until a busy machine has prepared the recording.
PATIENCE = 10
PART = 1000


async def media_browser(case: Case) -> str:
    """A recording is found level by level, plays, and supports ranges."""
    client, control = case.running.client, case.running.control
    before = time.time()
    path = await find_slice(client)
    queries = [
        query
        for query in await control.get("queries", since=before)
        if "recordings" in query["query"]
    ]
    # One query each for the days, the hours, and the slices.
    expect(len(queries) <= LEVELS, f"{len(queries)} queries to find a recording")
    started = time.monotonic()
    url = await prepare(client, path[-1]["media_content_id"])
    waited = time.monotonic() - started
    size, first = await _part(client, url, 0)
    expect(first[4:8] == b"ftyp", "it does not start like an MP4 file")
    middle = size // 2
    again, part = await _part(client, url, middle)
    expect(again == size and len(part) == PART, f"{len(part)} bytes from the middle")
    titles = " / ".join(item["title"] for item in path)
    return (
        f"{titles}: {len(queries)} queries to find it, playable {waited:.1f} s after"
        f" the first attempt, {size // 1024} kB, ranges at any position"
    )


async def player(case: Case) -> str:
    """A recording is found in the frontend, plays, and can be sought in."""
    if find_browser() is None:
        raise NotRun("no Chromium on this machine")
    path = await find_slice(case.running.client)
    await prepare(case.running.client, path[-1]["media_content_id"])
    played = await play(case.running.client.url, [item["title"] for item in path])
    expect(played.advanced > WATCH_SECONDS / 2, f"it does not advance: {played}")
    return (
        f"{played.width}x{played.height}, {played.duration:.0f} s,"
        f" opened {played.waited:.1f} s after the click, on by {played.advanced:.1f} s"
        f" in {played.watched:.1f} s, sought in {played.sought:.1f} s,"
        f" {played.ranges} ranges"
    )


async def find_slice(client: HomeAssistantClient) -> list[Json]:
    """Return the items on the path to a slice of yesterday, ending with the slice."""
    path: list[Json] = []
    place = await _browse(client, ROOT)
    while "/camera/" not in place["media_content_id"]:
        path.append(place["children"][0])
        place = await _browse(client, path[-1]["media_content_id"])
    for index in (YESTERDAY, HOUR):
        path.append(place["children"][index])
        place = await _browse(client, path[-1]["media_content_id"])
    path.append(place["children"][SLICE])
    expect(path[-1]["can_play"], f"{path[-1]['title']} cannot be played")
    return path


async def _browse(client: HomeAssistantClient, content_id: str) -> Json:
    place: Json = await client.command(
        "media_source/browse_media", media_content_id=content_id
    )
    return place


async def prepare(client: HomeAssistantClient, content_id: str) -> str:
    """Return the URL of a recording, after as many attempts as a user would make."""
    tries = 0
    while True:
        tries += 1
        try:
            answer = await client.command(
                "media_source/resolve_media", media_content_id=content_id
            )
        except DemoError as err:
            if tries == PATIENCE or "again" not in str(err):
                raise
        else:
            url: str = answer["url"]
            return url


async def _part(client: HomeAssistantClient, url: str, first: int) -> tuple[int, bytes]:
    """Return the size of a file and a part of it; the signed URL is sufficient."""
    headers = {"Range": f"bytes={first}-{first + PART - 1}"}
    async with client.session.get(client.url + url, headers=headers) as answer:
        expect(
            answer.status == http.HTTPStatus.PARTIAL_CONTENT,
            f"status {answer.status} for a part",
        )
        expect(answer.content_type == "video/mp4", f"it is {answer.content_type}")
        size = int(answer.headers["Content-Range"].rpartition("/")[2])
        return size, await answer.read()
