"""Start everything, show it or check it, and leave nothing behind."""

import argparse
import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
import shutil
import signal
import sys
import tempfile

import aiohttp

from . import charts, cloud, home_assistant
from .account import add_account, complete
from .browser import SETTLE_SECONDS, find_browser, open_page, take_picture, watch
from .check import run_checks
from .check_media import find_slice, prepare
from .dashboard import LIVE_CAMERAS
from .history import wait_for_history
from .numbers import ALL_TYPES, PLACE_TYPES
from .player import play
from .processes import DemoError
from .registry import DOMAIN, read_places
from .roles import cast
from .stage import Running, start

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="A simulated Netrex cloud and a real Home Assistant with it.",
        epilog="scripts/demo --ha-version V takes another release of Home Assistant.",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="exercise everything once, print a table, end; the exit code tells",
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FOLDER",
        help="Home Assistant's folder, new or empty, which stays (default: temporary)",
    )
    parser.add_argument(
        "--screenshot",
        type=Path,
        metavar="FILE",
        help="save a picture of the dashboard, by a Chromium on this machine, and end",
    )
    parser.add_argument(
        "--statistics-screenshot",
        type=Path,
        metavar="FILE",
        help="the same of the dashboard's statistics",
    )
    parser.add_argument(
        "--recording-screenshot",
        type=Path,
        metavar="FILE",
        help="the same of a recording that plays in the media browser",
    )
    return parser.parse_args(arguments)


async def serve(running: Running) -> None:
    """Tell where to look and stay until a process ends or somebody ends us."""
    print(
        f"""
  Open in a browser:

  Home Assistant   {running.client.url}/{DOMAIN}
                   user {home_assistant.USER}, password {home_assistant.PASSWORD}
  Simulated cloud  {running.control.url}
                   user {cloud.USERNAME}, password {cloud.PASSWORD}

  Ctrl-C ends everything and removes what was made.
""",
        flush=True,
    )
    children = (running.simulator, running.home_assistant)
    await asyncio.wait(
        [asyncio.create_task(child.wait()) for child in children],
        return_when=asyncio.FIRST_COMPLETED,
    )
    for child in children:
        child.ensure_running()


async def run(options: argparse.Namespace) -> int:
    """Do what the command line says and return the exit code."""
    pictures = (
        options.screenshot,
        options.statistics_screenshot,
        options.recording_screenshot,
    )
    if any(pictures) and find_browser() is None:
        raise DemoError("A screenshot needs a Chromium on this machine")
    async with AsyncExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="netrex-demo-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        config = options.config or folder / "config"
        running = await start(stack, folder, config)
        account = await add_account(running)
        await complete(running, ALL_TYPES if options.check else PLACE_TYPES)
        if options.check:
            return int(not await run_checks(running, account, config))
        if options.recording_screenshot:
            path = await find_slice(running.client)
            await prepare(running.client, path[-1]["media_content_id"])
            titles = [item["title"] for item in path]
            played = await play(
                running.client.url, titles, options.recording_screenshot
            )
            print(f"  {options.recording_screenshot}, of {played.duration:.0f} s")
            return 0
        if options.screenshot or options.statistics_screenshot:
            places = await read_places(running.client)
            regions = [place.node_id for place in cast(places).regions if place.node_id]
            for metric in charts.METRICS:
                await wait_for_history(running.client, regions, metric)
        if options.statistics_screenshot:
            address = f"{running.client.url}/{DOMAIN}/{charts.PATH}"
            async with open_page(address) as page:
                await asyncio.sleep(SETTLE_SECONDS)
                await take_picture(page, options.statistics_screenshot)
            print(f"  {options.statistics_screenshot}")
            return 0
        if options.screenshot:
            seen = await watch(
                running.client.url, DOMAIN, LIVE_CAMERAS, options.screenshot
            )
            print(f"  {options.screenshot}, with {len(seen.advances)} live cameras")
            return 0
        await serve(running)
    return 0


async def main() -> int:
    """Run until done or until a signal ends it; everything is cleaned up either way."""
    task = asyncio.create_task(run(parse(sys.argv[1:])))
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        print("  Ended", flush=True)
        return 130
    except (DemoError, aiohttp.ClientError, TimeoutError) as err:
        print(f"demo: {err or type(err).__name__}", file=sys.stderr)
        return 1


sys.exit(asyncio.run(main()))
