"""The real frontend in a headless browser: does the video play, how does it look."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
import shutil
import time

from playwright.async_api import Error, Page, async_playwright

from .home_assistant import PASSWORD, USER
from .processes import DemoError

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# A small desktop's width and a page's worth of dashboard.
WIDTH, HEIGHT = 1600, 1080
PLAY_TIMEOUT = 60.0
WATCH_SECONDS = 4.0
# Stills and charts come a moment after the page.
SETTLE_SECONDS = 8.0
# The frontend nests its elements in shadow roots, so look through all of them.
FIND_VIDEOS = """() => {
  const found = [];
  const walk = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (element.tagName === 'VIDEO') found.push(element);
      if (element.shadowRoot) walk(element.shadowRoot);
    }
  };
  walk(document);
  return found.map((video) => video.videoWidth ? video.currentTime : 0);
}"""


@dataclass(frozen=True, slots=True)
class Playback:
    """What the browser saw: video players, and how far each one got in some seconds."""

    watched: float
    advances: tuple[float, ...]
    picture_changed: bool


def find_browser() -> str | None:
    """Return the path of a Chromium on this machine, None without one."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


async def watch(
    url: str, path: str, videos: int, screenshot: Path | None = None
) -> Playback:
    """Log in as a person, open a page, watch its videos, and take a picture of it.

    Raises DemoError without a browser, or if `videos` do not play within a minute.
    """
    executable = find_browser()
    if executable is None:
        raise DemoError(f"No browser here ({', '.join(BROWSERS)})")
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=executable, args=["--no-sandbox"]
            )
            page = await browser.new_page(
                viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light"
            )
            await _log_in(page, f"{url}/{path}")
            playback = await _watch_videos(page, videos)
            if screenshot is not None:
                await asyncio.sleep(SETTLE_SECONDS)
                screenshot.parent.mkdir(parents=True, exist_ok=True)
                await page.screenshot(path=screenshot)
            await browser.close()
            return playback
    except Error as err:
        raise DemoError(f"The browser: {err}") from err


async def _log_in(page: Page, address: str) -> None:
    """Go to a page by way of the login form."""
    await page.goto(address, wait_until="domcontentloaded")
    await page.locator("input[name=username]").fill(USER)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.locator("home-assistant-main").wait_for(state="attached")


async def _watch_videos(page: Page, videos: int) -> Playback:
    """Wait until so many players play on for some seconds."""
    deadline = time.monotonic() + PLAY_TIMEOUT
    player = page.locator("video").first
    await player.wait_for(state="attached")
    while True:
        before = await page.evaluate(FIND_VIDEOS)
        first = await player.screenshot()
        started = time.monotonic()
        await asyncio.sleep(WATCH_SECONDS)
        after = await page.evaluate(FIND_VIDEOS)
        watched = time.monotonic() - started
        advances = [end - start for start, end in zip(before, after, strict=False)]
        # A player that has just begun may still wait for its second segment.
        if len(advances) >= videos and min(advances) > watched / 2:
            changed = await player.screenshot() != first
            return Playback(watched, tuple(advances), changed)
        if time.monotonic() > deadline:
            raise DemoError(f"Videos advance by {advances} in {watched:.1f} s")
