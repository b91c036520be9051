"""Opens the frontend in a headless browser: watches videos and takes pictures.

Run as a program, its exit code is 0 if there is a browser.
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
from typing import Literal

from playwright.async_api import ConsoleMessage, Error, Page, async_playwright

from .home_assistant import PASSWORD, USER
from .processes import DemoError

# On the PATH; `scripts/demo` adds Debian's if the machine has none.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLAY_TIMEOUT = 40.0
# Milliseconds; a busy machine loads the frontend slowly.
LOGIN_TIMEOUT = 120_000
WATCH_SECONDS = 4.0
# Stills and charts appear after the page.
SETTLE_SECONDS = 8.0
# Within this time after an interruption a player may still give up: a playlist has
# four segments, and then those from before are gone.
WATCH_AFTER = 30.0
# The frontend nests its elements in shadow roots, so all of them are searched.
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
# Records when each video shows a picture, in seconds of the page.
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
class Window:
    """The size of a browser's window, and what the browser prefers."""

    width: int = 1280
    height: int = 800
    scheme: Literal["light", "dark"] = "light"
    language: str = "en"


DESKTOP = Window()


@dataclass(frozen=True, slots=True)
class Playback:
    """The progress of each video player in some seconds.

    `reloads` is the number of page reloads that were necessary. `freeze` is the longest
    time without a new picture after an interruption, in seconds.
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
    interrupt: Callable[[], Awaitable[None]] | None = None,
) -> Playback:
    """Log in, open a page, and watch its videos.

    After `interrupt`, which disturbs the videos, they are watched for a while. Raises
    DemoError without a browser, or if fewer than `videos` videos play.
    """
    async with open_page(f"{url}/{path}") as page:
        playback = await wait_for_videos(page, videos)
        if interrupt is not None:
            await page.evaluate(WATCH_FRAMES)
            await interrupt()
            await asyncio.sleep(WATCH_AFTER)
            freezes = await page.evaluate(FREEZES)
            playback = replace(playback, freeze=max(freezes))
        return playback


@asynccontextmanager
async def open_page(
    address: str, window: Window = DESKTOP, errors: list[str] | None = None
) -> AsyncGenerator[Page]:
    """Log in to the frontend and open a page.

    The page's errors, also those that it logs, are appended to `errors`. Raises
    DemoError without a browser, and for any error of the browser.
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
                viewport={"width": window.width, "height": window.height},
                color_scheme=window.scheme,
                locale=window.language,
            )
            if errors is not None:
                _note_errors(page, errors)
            await _log_in(page, address)
            yield page
            await browser.close()
    except Error as err:
        raise DemoError(f"The browser: {err}") from err


def _note_errors(page: Page, errors: list[str]) -> None:
    """Append the errors of the page to a list."""

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))


async def take_picture(page: Page, path: Path) -> None:
    """Save a picture of the page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=path)


async def _log_in(page: Page, address: str) -> None:
    """Open a page through the login form."""
    await page.goto(address, wait_until="domcontentloaded")
    await page.locator("input[name=username]").fill(USER)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.keyboard.press("Enter")
    main = page.locator("home-assistant-main")
    await main.wait_for(state="attached", timeout=LOGIN_TIMEOUT)


async def wait_for_videos(page: Page, videos: int) -> Playback:
    """Wait until this many players advance; reload the page once if necessary.

    Home Assistant removes a stream 30 seconds after its last viewer; a viewer who
    returns at that moment gets status 404, and its player gives up.
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
            # A player that has just started may still wait for its second segment.
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
