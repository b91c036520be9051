"""Start the demo, show it or check it, and leave nothing behind."""

import argparse
import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
import shutil
import signal
import sys
import tempfile

import aiohttp

from simulator.world.scenarios import SCENARIOS

from . import cloud, home_assistant, panels
from .account import add_account, complete
from .browser import find_browser
from .checks.run import run_checks
from .history import DAYS
from .numbers import ALL_TYPES, PLACE_TYPES
from .pictures import PICTURE_DAYS, take_pictures
from .processes import DemoError
from .registry import DOMAIN
from .stage import Running, start

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def serve(running: Running) -> None:
    """Print the URLs, and run until a process ends or a signal arrives.

    The numbers arrive while the user watches.
    """
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
    filling = asyncio.create_task(_fill(running))
    await asyncio.wait(
        [asyncio.create_task(child.wait()) for child in children],
        return_when=asyncio.FIRST_COMPLETED,
    )
    filling.cancel()
    for child in children:
        child.ensure_running()


async def _fill(running: Running) -> None:
    """Report when the numbers have arrived; late ones do not end the demo."""
    try:
        await complete(running, PLACE_TYPES)
    except (DemoError, aiohttp.ClientError, TimeoutError) as err:
        print(f"  {err or type(err).__name__}", flush=True)


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
    parser.add_argument(
        "--scenario",
        choices=SCENARIOS,
        default=cloud.SCENARIO,
        help="what the cloud has (default: %(default)s, a chain of twenty shops)",
    )
    parser.add_argument(
        "--language",
        choices=panels.TITLES,
        default="en",
        help="the language of Home Assistant (default: %(default)s)",
    )
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="FOLDER",
        help="save the pictures of the README, then end; requires a Chromium",
    )
    return parser.parse_args(arguments)


async def run(options: argparse.Namespace) -> int:
    """Do what the command line says; return the exit code."""
    if options.pictures and find_browser() is None:
        raise DemoError("Pictures require a Chromium on this machine")
    async with AsyncExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="netrex-demo-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        config = options.config or folder / "config"
        running = await start(
            stack,
            folder,
            config,
            scenario=options.scenario,
            language=options.language,
        )
        days = PICTURE_DAYS if options.pictures else DAYS
        account = await add_account(running, history_days=days)
        await panels.show(running.client, options.language)
        if options.check:
            await complete(running, ALL_TYPES)
            return int(not await run_checks(running, account, config))
        if options.pictures:
            await complete(running, PLACE_TYPES)
            await take_pictures(running, options.pictures)
        else:
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
