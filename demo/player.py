"""Finds a recording in the media browser of the frontend, plays it, and seeks."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
import http
from pathlib import Path
import time

from playwright.async_api import Page, Response

from .browser import open_page, take_picture
from .processes import DemoError
from .registry import DOMAIN

# Path of the media browser at the integration's source.
PATH = f"media-browser/browser/app%2Cmedia-source%3A%2F%2F{DOMAIN}"
RECORDINGS = f"/api/{DOMAIN}/recordings/"
# Milliseconds until the next level appears, and until the recording is prepared.
LEVEL_TIMEOUT = 60_000
PLAYER_TIMEOUT = 100_000
# Seconds.
SEEK_TIMEOUT = 30.0
WATCH_SECONDS = 3.0
POLL_INTERVAL = 0.2
# The position to seek to, as a fraction of the duration.
SEEK_TO = 0.7

STATE = """video => ({
  error: video.error && video.error.message,
  duration: video.duration,
  width: video.videoWidth,
  height: video.videoHeight,
  position: video.currentTime,
  seeking: video.seeking,
})"""


@dataclass(frozen=True, slots=True)
class Played:
    """The measurements of a played recording; times are in seconds.

    `waited` is the time from the click to the player, `advanced` the progress within
    `watched` seconds after the start, `sought` the time from the seek to its picture,
    and `ranges` the number of requests for parts of the file.
    """

    waited: float
    duration: float
    width: int
    height: int
    watched: float
    advanced: float
    sought: float
    ranges: int


async def play(
    url: str, titles: Sequence[str], screenshot: Path | None = None
) -> Played:
    """Open a recording by the titles of its path, play it, and seek in it.

    Raises DemoError if it does not play or seek.
    """
    answers: list[Response] = []

    def note(response: Response) -> None:
        if RECORDINGS in response.url:
            answers.append(response)

    async with open_page(f"{url}/{PATH}") as page:
        page.on("response", note)
        for title in titles:
            item = page.get_by_text(title, exact=True).last
            await item.click(timeout=LEVEL_TIMEOUT)
        clicked = time.monotonic()
        video = page.locator("video")
        await video.wait_for(state="attached", timeout=PLAYER_TIMEOUT)
        waited = time.monotonic() - clicked
        started = time.monotonic()
        before = await _settled(page)
        await asyncio.sleep(WATCH_SECONDS)
        after = await _settled(page)
        watched = time.monotonic() - started
        goal = SEEK_TO * after["duration"]
        sought = time.monotonic()
        await video.evaluate("(video, goal) => { video.currentTime = goal }", goal)
        while (await _settled(page))["position"] <= goal:
            if time.monotonic() - sought > SEEK_TIMEOUT:
                raise DemoError(f"The player does not advance at {goal:.0f} s")
            await asyncio.sleep(POLL_INTERVAL)
        sought = time.monotonic() - sought
        if screenshot is not None:
            await take_picture(page, screenshot)
    statuses = {answer.status for answer in answers}
    if statuses != {http.HTTPStatus.PARTIAL_CONTENT}:
        raise DemoError(f"The player's requests got status {statuses}")
    return Played(
        waited=waited,
        duration=after["duration"],
        width=int(after["width"]),
        height=int(after["height"]),
        watched=watched,
        advanced=after["position"] - before["position"],
        sought=sought,
        ranges=len(answers),
    )


async def _settled(page: Page) -> dict[str, float]:
    """Wait until the player shows a picture and does not seek; return its state."""
    deadline = time.monotonic() + SEEK_TIMEOUT
    while True:
        state = await page.locator("video").evaluate(STATE)
        if state["error"]:
            raise DemoError(f"The player: {state['error']}")
        if state["width"] and not state["seeking"]:
            result: dict[str, float] = state
            return result
        if time.monotonic() > deadline:
            raise DemoError(f"The player shows nothing: {state}")
        await asyncio.sleep(POLL_INTERVAL)
