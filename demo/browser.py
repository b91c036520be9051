"""The real frontend in a headless browser: does the video play, how does it look.

As a program it tells by its exit code whether there is a browser.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
import contextlib
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
import shutil
import sys
import time

from playwright.async_api import Error, Page, async_playwright

from .home_assistant import PASSWORD, USER
from .processes import DemoError

# On the PATH; `scripts/demo` puts Debian's there where the machine has none.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# A small desktop's width and a page's worth of dashboard.
WIDTH, HEIGHT = 1600, 1080
PLAY_TIMEOUT = 40.0
# Milliseconds; a busy machine takes its time to load the frontend.
LOGIN_TIMEOUT = 120_000
WATCH_SECONDS = 4.0
# Stills and charts come a moment after the page.
SETTLE_SECONDS = 8.0
# How long after an interruption a player may still give up: a playlist has four
# segments, then what was before has gone.
WATCH_AFTER = 30.0
# The frontend nests its elements in shadow roots, so look through all of them.
VIDEOS = """
  const videos = [];
  const walk = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (element.tagName === 'VIDEO') videos.push(element);
      if (element.shadowRoot) walk(element.shadowRoot);
    }
  };
  walk(document);
"""
FIND_VIDEOS = f"""() => {{{VIDEOS}
  return videos.map((video) => video.videoWidth ? video.currentTime : 0);
}}"""
# Notes when each video shows a picture, in seconds of the page.
WATCH_FRAMES = f"""() => {{{VIDEOS}
  window.shown = videos.map((video) => {{
    const times = [performance.now() / 1000];
    const note = (now) => {{
      times.push(now / 1000);
      video.requestVideoFrameCallback(note);
    }};
    video.requestVideoFrameCallback(note);
    return times;
  }});
}}"""
FREEZES = """() => window.shown.map((times) => {
  times.push(performance.now() / 1000);
  return Math.max(...times.slice(1).map((time, number) => time - times[number]));
})"""


@dataclass(frozen=True, slots=True)
class Playback:
    """How far each video player got in some seconds, with another picture at the end.

    `reloads` of the page were necessary before. `freeze` is how many seconds a picture
    stood still, at most, after an interruption.
    """

    watched: float
    advances: tuple[float, ...]
    reloads: int
    freeze: float = 0.0


def find_browser() -> str | None:
    """Return the path of a Chromium on this machine, None without one."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


async def watch(
    url: str,
    path: str,
    videos: int,
    screenshot: Path | None = None,
    interrupt: Callable[[], Awaitable[None]] | None = None,
) -> Playback:
    """Log in as a person, open a page, watch its videos, and take a picture of it.

    `interrupt` does something to the videos, which are watched for a while after it.
    Raises DemoError without a browser, or if not so many `videos` play.
    """
    async with open_page(f"{url}/{path}") as page:
        playback = await _watch_videos(page, videos)
        if interrupt is not None:
            await page.evaluate(WATCH_FRAMES)
            await interrupt()
            await asyncio.sleep(WATCH_AFTER)
            freezes = await page.evaluate(FREEZES)
            playback = replace(playback, freeze=max(freezes))
        if screenshot is not None:
            await asyncio.sleep(SETTLE_SECONDS)
            await take_picture(page, screenshot)
        return playback


@asynccontextmanager
async def open_page(address: str) -> AsyncGenerator[Page]:
    """Open a page of the frontend as a person who logs in.

    Raises DemoError without a browser, and for whatever goes wrong in it.
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
            await _log_in(page, address)
            yield page
            await browser.close()
    except Error as err:
        raise DemoError(f"The browser: {err}") from err


async def take_picture(page: Page, path: Path) -> None:
    """Save what the page shows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=path)


async def _log_in(page: Page, address: str) -> None:
    """Go to a page by way of the login form."""
    await page.goto(address, wait_until="domcontentloaded")
    await page.locator("input[name=username]").fill(USER)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.keyboard.press("Enter")
    main = page.locator("home-assistant-main")
    await main.wait_for(state="attached", timeout=LOGIN_TIMEOUT)


async def _watch_videos(page: Page, videos: int) -> Playback:
    """Wait until so many players play on, if need be by reloading the page once.

    Home Assistant forgets a stream 30 seconds after its last viewer; who comes back at
    that very moment gets status 404, and the player gives up.
    """
    for reloads in (0, 1):
        if reloads:
            await page.reload(wait_until="domcontentloaded")
        deadline = time.monotonic() + PLAY_TIMEOUT
        while time.monotonic() < deadline:
            started = time.monotonic()
            before, picture = await _look(page)
            await asyncio.sleep(WATCH_SECONDS)
            after, later_picture = await _look(page)
            watched = time.monotonic() - started
            advances = [end - start for start, end in zip(before, after, strict=False)]
            # A player that has just begun may still wait for its second segment.
            if (
                len(advances) >= videos
                and min(advances) > watched / 2
                and picture != later_picture
            ):
                return Playback(watched, tuple(advances), reloads)
    raise DemoError(f"{videos} videos do not play: {advances} s in {watched:.1f} s")


async def _look(page: Page) -> tuple[list[float], bytes]:
    """Return the positions of all players and the picture of the first one."""
    positions: list[float] = await page.evaluate(FIND_VIDEOS)
    picture = b""
    if positions:
        # The frontend may replace a player at any time.
        with contextlib.suppress(Error):
            picture = await page.locator("video").first.screenshot(timeout=2000)
    return positions, picture


if __name__ == "__main__":
    sys.exit(find_browser() is None)
