"""Sessions that the portal drops repeatedly, with a viewer.

    python -m benchmarks.drops [--drops 20] [--minutes 10]

The viewer plays Home Assistant's HLS. The picture is back when there is a part that
contains only pictures from after the drop.
"""

import argparse
import asyncio
from statistics import median
import sys
import time

from tests.players.hls import HlsViewer

from .stage import Stage, open_stage

# Seconds.
GOAL = 5.0
PATIENCE = 120.0
# Home Assistant stops a stream 30 s after its last request.
IDLE = 45.0


async def _drop(stage: Stage, viewer: HlsViewer) -> float:
    """Drop the session; return the seconds until the picture is back."""
    await stage.running.control.post("sessions/drop")
    dropped = time.monotonic()
    async with asyncio.timeout(PATIENCE):
        await viewer.next_frames()
    return time.monotonic() - dropped


async def _run(drops: int, seconds: float) -> bool:
    async with open_stage() as stage:
        viewer = await stage.open_viewer(stage.cameras[0])
        await viewer.watch()
        gaps: list[float] = []
        for _ in range(drops):
            await viewer.play(seconds / drops - (gaps[-1] if gaps else 0))
            gaps.append(await _drop(stage, viewer))
            print(f"{len(gaps):4}  {gaps[-1]:5.2f} s", flush=True)
        await asyncio.sleep(IDLE)
        links = await stage.links()
        dropped = (await stage.running.control.post("sessions/drop"))["dropped"]
        await asyncio.sleep(GOAL)
        after = len(await stage.links()) - len(links)
    print(f"gaps: median {median(gaps):.2f} s, longest {max(gaps):.2f} s")
    print(f"links: {len(links)} created, {links.count(1)} of them used once")
    print(f"without a viewer: {dropped} sessions, {after} links")
    return (
        max(gaps) <= GOAL and links == [1] * (drops + 1) and not dropped and not after
    )


def main() -> int:
    """Run the measurement; return exit code 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--drops", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=10.0)
    options = parser.parse_args()
    return int(not asyncio.run(_run(options.drops, options.minutes * 60)))


if __name__ == "__main__":
    sys.exit(main())
