"""Check of the recordings' actions: list, save, event, and link."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import av
from yarl import URL

from ..client import HomeAssistantClient, Json
from ..registry import read_places
from .case import Case, expect

LENGTH = timedelta(seconds=20)
AGO = timedelta(minutes=30)
FPS = 10


async def recordings(case: Case) -> str:
    """A clip is listed and saved, with an event and a link without a sign-in."""
    client = case.running.client
    places = await read_places(client)
    entities = next(p.entities for p in places if "recording" in p.entities)
    camera, event = entities["camera"], entities["recording"]
    start = (datetime.now().astimezone() - AGO).replace(microsecond=0)
    listed = await _call(
        client,
        "list_recordings",
        camera,
        start=start.isoformat(),
        end=(start + LENGTH).isoformat(),
    )
    expect(listed["recordings"], "no recording is listed")
    heights = listed["recordings"][0]["heights"]
    saved = await _call(
        client,
        "download_recording",
        camera,
        start=start.isoformat(),
        duration=LENGTH.total_seconds(),
        height=heights[0],
        filename="check/{camera}_{start}.mp4",
    )
    path = Path(saved["path"])
    expect(path.is_relative_to(case.config), f"{path} is outside the demo's folder")
    pictures, height = await asyncio.to_thread(_decode, path)
    expect(height == heights[0], f"{height} pixels instead of {heights[0]}")
    expect(
        abs(pictures - LENGTH.total_seconds() * FPS) <= FPS,
        f"{pictures} pictures in {LENGTH.total_seconds():.0f} s",
    )
    attributes = (await client.states())[event]["attributes"]
    expect(
        (attributes["event_type"], attributes["path"]) == ("downloaded", saved["path"]),
        f"the event names {attributes['event_type']} of {attributes.get('path')}",
    )
    # As on a phone: without header and cookie. Home Assistant uses its address on the
    # network, where the demo does not listen.
    link = f"{client.url}{URL(saved['url']).relative()}"
    async with client.session.get(URL(link, encoded=True)) as answer:
        expect(answer.ok, f"status {answer.status} for the link")
        expect(
            len(await answer.read()) == saved["size"], "the link returns another file"
        )
    left = await asyncio.to_thread(
        lambda: [p.name for p in path.parent.iterdir() if p != path]
    )
    expect(not left, f"there are other files: {left}")
    return (
        f"listed in {heights} px; {saved['size'] // 1024} kB saved in {heights[0]} px,"
        f" {pictures} pictures decode; event and link work"
    )


async def _call(
    client: HomeAssistantClient, action: str, camera: str, **data: object
) -> Json:
    answer = await client.command(
        "call_service",
        domain="netrex",
        service=action,
        target={"entity_id": camera},
        service_data=data,
        return_response=True,
    )
    response: Json = answer["response"][camera]
    return response


def _decode(path: Path) -> tuple[int, int]:
    """Return the number of pictures in a video, and their height."""
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        return sum(1 for _ in film.decode(stream)), stream.height
