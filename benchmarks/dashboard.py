"""How long the dashboard of 50 shops takes to open, beside Home Assistant's overview.

    python -m benchmarks.dashboard [--rounds 7]

Both pages show the same account: 50 shops, 250 cameras. They are opened in turn in one
browser that has loaded the frontend before, from the reload until the page stops
growing. The goal is a ratio of the medians, because seconds depend on the machine.
"""

import argparse
import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
import shutil
from statistics import median
import sys
import tempfile
import time

from playwright.async_api import Page

from demo.account import add_account, complete
from demo.browser import open_page
from demo.numbers import PLACE_TYPES
from demo.panels import add_dashboard
from demo.processes import DemoError
from demo.stage import start

SCENARIO = "fifty"
OVERVIEW = "home/overview"
DASHBOARD = "netrex/overview"
# At most this many times as long as Home Assistant's own overview.
GOAL = 2.0
# Seconds: a page that does not grow for this long is complete.
QUIET = 2.0
POLL_INTERVAL = 0.1
PATIENCE = 90.0
# Elements of the page, those in shadow roots included.
COUNT = """() => {
  const count = (root) => {
    let found = 0;
    for (const element of root.querySelectorAll('*'))
      found += 1 + (element.shadowRoot ? count(element.shadowRoot) : 0);
    return found;
  };
  return document.querySelector('home-assistant') ? count(document) : 0;
}"""


async def _open(page: Page, url: str) -> tuple[float, int]:
    """Open a page; return the seconds until it is complete, and its elements."""
    started = grown = time.monotonic()
    await page.goto(url, wait_until="commit")
    elements = 0
    while time.monotonic() - grown < QUIET or not elements:
        if time.monotonic() - started > PATIENCE:
            raise DemoError(f"{url} is not complete after {PATIENCE:.0f} s")
        found = await page.evaluate(COUNT)
        if found != elements:
            elements, grown = found, time.monotonic()
        await asyncio.sleep(POLL_INTERVAL)
    return grown - started, elements


async def _run(rounds: int) -> bool:
    async with AsyncExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="netrex-benchmark-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        running = await start(stack, folder, folder / "config", scenario=SCENARIO)
        # An import would keep the recorder busy during the measurement.
        await add_account(running, history_days=0)
        await complete(running, PLACE_TYPES)
        await add_dashboard(running.client)
        url = running.client.url
        page = await stack.enter_async_context(open_page(f"{url}/{DASHBOARD}"))
        times: dict[str, list[float]] = {OVERVIEW: [], DASHBOARD: []}
        for number in range(rounds + 1):
            for path, taken in times.items():
                seconds, elements = await _open(page, f"{url}/{path}")
                print(f"  {path}: {seconds:.1f} s, {elements} elements", flush=True)
                # The first round fills the browser's cache.
                if number:
                    taken.append(seconds)
    overview, dashboard = (median(taken) for taken in times.values())
    ratio = dashboard / overview
    print(
        f"medians of {rounds}: overview {overview:.2f} s, dashboard {dashboard:.2f} s,"
        f" ratio {ratio:.2f} (goal: at most {GOAL})"
    )
    return ratio <= GOAL


def main() -> int:
    """Run the measurement; return exit code 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    return int(not asyncio.run(_run(parser.parse_args().rounds)))


if __name__ == "__main__":
    sys.exit(main())
