"""Makes the pictures of the README from the integration's own dashboard."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from .browser import SETTLE_SECONDS, Window, open_page, take_picture, wait_for_videos
from .checks.media import find_slice, prepare
from .history import wait_for_history
from .numbers import VISITORS
from .player import play
from .processes import DemoError
from .registry import DOMAIN, read_places
from .stage import Running

# Days of history, for charts and busy hours.
PICTURE_DAYS = 35
# Live pictures on the page of a shop.
LIVE_PICTURES = 2
METRICS = ("visitors", "sales", "conversion", "transactions")
# Pictures are part of the repository, and of each page that shows them.
MAX_BYTES = 250_000


@dataclass(frozen=True, slots=True)
class Picture:
    """A page of the dashboard; `{shop}` in the path is the node ID of a shop."""

    path: str
    window: Window
    videos: int = 0


PICTURES: Mapping[str, Picture] = MappingProxyType(
    {
        "dashboard.png": Picture("overview", Window(1280, 930)),
        "shop.png": Picture("site-{shop}", Window(1200, 870), LIVE_PICTURES),
        "history.png": Picture("history", Window(1280, 960, "dark")),
        "phone.png": Picture("overview", Window(390, 844, "dark", "cs")),
    }
)
RECORDING = "media-browser.png"


async def take_pictures(running: Running, folder: Path) -> None:
    """Save all pictures. Raises DemoError if one of them is too large."""
    counting = [
        place
        for place in await read_places(running.client)
        if place.node_id and VISITORS in place.entities
    ]
    shop = next(place for place in counting if place.model == "Location")
    regions = [place for place in counting if place.model == "Folder"]
    for metric in METRICS:
        nodes = [place.node_id for place in (shop, *regions) if place.node_id]
        await wait_for_history(running.client, nodes, metric)
    for name, picture in PICTURES.items():
        path = picture.path.format(shop=shop.node_id)
        url = f"{running.client.url}/{DOMAIN}/{path}"
        async with open_page(url, picture.window) as page:
            if picture.videos:
                await wait_for_videos(page, picture.videos)
            await asyncio.sleep(SETTLE_SECONDS)
            await take_picture(page, folder / name)
    items = await find_slice(running.client)
    await prepare(running.client, items[-1]["media_content_id"])
    titles = [item["title"] for item in items]
    await play(running.client.url, titles, folder / RECORDING)
    for name in (*PICTURES, RECORDING):
        size = (folder / name).stat().st_size
        print(f"  {folder / name}  {size // 1000} kB", flush=True)
        if size > MAX_BYTES:
            raise DemoError(f"{name} is larger than {MAX_BYTES // 1000} kB")
