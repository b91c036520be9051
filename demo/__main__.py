"""Start the demo, show it or check it, and leave nothing behind."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
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
from .checks.media import find_slice, prepare
from .checks.run import run_checks
from .dashboard import LIVE_CAMERAS
from .history import wait_for_history
from .numbers import ALL_TYPES, PLACE_TYPES
from .player import play
from .processes import DemoError
from .registry import DOMAIN, read_places
from .roles import assign_roles
from .stage import Running, start

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def serve(running: Running) -> None:
    """Print the URLs, and run until a process ends or a signal arrives."""
    print(
        f"""
  Open in a browser:

  Home Assistant   {running.client.url}/{DOMAIN}
                   user {home_assistant.USER}, password {home_assistant.PASSWORD}
  Simulated cloud  {running.control.url}
                   user {cloud.USERNAME}, password {cloud.PASSWORD}

  Ctrl-C stops everything and removes the temporary files.
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


async def _wait_for_charts(running: Running) -> None:
    """Wait until the charts of the dashboard have their statistics."""
    regions = assign_roles(await read_places(running.client)).regions
    node_ids = [place.node_id for place in regions if place.node_id]
    for metric in charts.METRICS:
        await wait_for_history(running.client, node_ids, metric)


async def take_dashboard(running: Running, file: Path) -> str:
    """Save a picture of the dashboard; return what it shows."""
    await _wait_for_charts(running)
    seen = await watch(running.client.url, DOMAIN, LIVE_CAMERAS, file)
    return f"{len(seen.advances)} live cameras"


async def take_statistics(running: Running, file: Path) -> str:
    """Save a picture of the dashboard's statistics; return what it shows."""
    await _wait_for_charts(running)
    url = f"{running.client.url}/{DOMAIN}/{charts.PATH}"
    async with open_page(url) as page:
        await asyncio.sleep(SETTLE_SECONDS)
        await take_picture(page, file)
    return "statistics"


async def take_recording(running: Running, file: Path) -> str:
    """Save a picture of a recording that plays; return what it shows."""
    path = await find_slice(running.client)
    await prepare(running.client, path[-1]["media_content_id"])
    titles = [item["title"] for item in path]
    played = await play(running.client.url, titles, file)
    return f"a recording of {played.duration:.0f} s"


# The options that save a picture and end.
PICTURES: dict[str, tuple[Callable[[Running, Path], Awaitable[str]], str]] = {
    "screenshot": (take_dashboard, "the dashboard"),
    "statistics_screenshot": (take_statistics, "the dashboard's statistics"),
    "recording_screenshot": (take_recording, "a recording in the media browser"),
}


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="A simulated Netrex cloud, and a real Home Assistant that uses it.",
        epilog="scripts/demo --ha-version V uses another release of Home Assistant.",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="check every capability and print a table; exit code 1 if a check failed",
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FOLDER",
        help="a new or empty folder for Home Assistant (default: a temporary one)",
    )
    for name, (_, what) in PICTURES.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=Path,
            metavar="FILE",
            help=f"save a picture of {what}, then end; requires a Chromium",
        )
    return parser.parse_args(arguments)


async def run(options: argparse.Namespace) -> int:
    """Do what the command line says; return the exit code."""
    wanted = {name: getattr(options, name) for name in PICTURES}
    pictures = {name: file for name, file in wanted.items() if file}
    if pictures and find_browser() is None:
        raise DemoError("A screenshot requires a Chromium on this machine")
    async with AsyncExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="netrex-demo-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        config = options.config or folder / "config"
        running = await start(stack, folder, config)
        account = await add_account(running)
        await complete(running, ALL_TYPES if options.check else PLACE_TYPES)
        if options.check:
            return int(not await run_checks(running, account, config))
        for name, file in pictures.items():
            take, _ = PICTURES[name]
            print(f"  {file} shows {await take(running, file)}", flush=True)
        if not pictures:
            await serve(running)
    return 0


async def main() -> int:
    """Run to the end or until a signal arrives, and clean up in both cases."""
    task = asyncio.create_task(run(parse(sys.argv[1:])))
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        print("  Stopped", flush=True)
        return 130
    except (DemoError, aiohttp.ClientError, TimeoutError) as err:
        print(f"demo: {err or type(err).__name__}", file=sys.stderr)
        return 1


sys.exit(asyncio.run(main()))
