"""A wall of cameras that are opened at the same time in Home Assistant.

    python -m benchmarks.wall [--views 20]

A view is open when the first part of its HLS stream has been decoded. The wall is
opened twice, and the second time counts, because real cameras run all the time.
"""

import argparse
import asyncio
from statistics import median
import sys
import time

from .stage import Stage, open_stage

# Goals: seconds, queries.
GOAL = 5.0
MAX_QUERIES = 2
PATIENCE = 60.0
# Home Assistant stops a stream 30 s after its last request.
IDLE = 45.0


async def _view(stage: Stage, entity_id: str, started: float) -> float:
    """Open one view; return the seconds until its first picture."""
    viewer = await stage.open_viewer(entity_id)
    await viewer.watch()
    return time.monotonic() - started


async def _open_all(stage: Stage, views: int) -> bool:
    """Open the wall; return whether the goal is reached."""
    queries, used = await stage.link_queries(), len(await stage.links())
    started = time.monotonic()
    async with asyncio.timeout(PATIENCE):
        times = await asyncio.gather(
            *(_view(stage, camera, started) for camera in stage.cameras[:views])
        )
    queries = await stage.link_queries() - queries
    links = (await stage.links())[used:]
    print(
        f"{len(times)} views, {len(links)} links by {queries} queries; first picture:"
        f" median {median(times):.2f} s, last {max(times):.2f} s",
        flush=True,
    )
    return max(times) <= GOAL and queries <= MAX_QUERIES and links == [1] * views


async def _run(views: int) -> bool:
    async with open_stage() as stage:
        await stage.show_small()
        # The first time includes painting the scenes and loading FFmpeg.
        await _open_all(stage, views)
        await asyncio.sleep(IDLE)
        return await _open_all(stage, views)


def main() -> int:
    """Run the measurement; return exit code 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--views", type=int, default=20)
    return int(not asyncio.run(_run(parser.parse_args().views)))


if __name__ == "__main__":
    sys.exit(main())
