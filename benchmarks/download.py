"""A large recording: the integration's download compared with curl's.

    python -m benchmarks.download [--size 2000] [--rounds 7]

The action `netrex.download_recording` of a real Home Assistant is timed from its event
`downloading` to `downloaded`, which includes the transfer, the check, the sync to the
disk, and the rename. curl downloads the same file to the same folder, without a sync.
The memory is the maximum of Home Assistant's process during the transfer, minus that
before.
"""

import argparse
import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
import os
from pathlib import Path
from statistics import median
import sys
import time
from typing import Any

from demo.registry import read_places

from .stage import Stage, open_stage

MEGABYTE = 1_000_000
# Limits: the factor of curl's throughput, and additional memory in bytes.
GOAL = 0.9
MEMORY_GOAL = 20 * MEGABYTE
# Long enough that the file of the benchmark is not too large for it.
CLIP = timedelta(minutes=10)
AGO = timedelta(minutes=15)
SAMPLE_INTERVAL = 0.05
KEY_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Round:
    """Bytes per second of both, and the memory in bytes that Home Assistant gained."""

    ours: float
    curl: float
    growth: int


def _resident(pid: int) -> int:
    """Return the resident memory of a process in bytes (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def _watch_memory(pid: int, peak: list[int]) -> None:
    while True:
        peak[0] = max(peak[0], await asyncio.to_thread(_resident, pid))
        await asyncio.sleep(SAMPLE_INTERVAL)


async def _download(
    stage: Stage, camera: str, start: datetime, name: str
) -> dict[str, Any]:
    answer = await stage.running.client.command(
        "call_service",
        domain="netrex",
        service="download_recording",
        target={"entity_id": camera},
        service_data={
            "start": start.isoformat(),
            "duration": CLIP.total_seconds(),
            "filename": name,
        },
        return_response=True,
    )
    saved: dict[str, Any] = answer["response"][camera]
    return saved


async def _seconds(stage: Stage, event: str, since: datetime) -> float:
    """Return the duration of the last transfer, from the event entity's states."""
    await asyncio.sleep(2)  # the recorder writes once per second
    [states] = await stage.running.client.request(
        "GET",
        f"/api/history/period/{since.isoformat().replace('+', '%2B')}"
        f"?filter_entity_id={event}&significant_changes_only=0",
    )
    moments = {
        state["attributes"]["event_type"]: datetime.fromisoformat(state["state"])
        for state in states
        if state["attributes"].get("event_type")
    }
    taken = moments["downloaded"] - moments["downloading"]
    return taken.total_seconds()


async def _curl(url: str, target: Path) -> float:
    """Return the seconds that curl takes."""
    process = await asyncio.create_subprocess_exec(
        *("curl", "--silent", "--fail", "--output", str(target)),
        *("--write-out", "%{time_total}", url),
        stdout=asyncio.subprocess.PIPE,
        # In its own session like Home Assistant: Linux shares cores between sessions.
        start_new_session=True,
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"curl ended with code {process.returncode}")
    return float(output)


async def _remove(path: Path) -> None:
    """Remove a file, and wait until the disk is idle."""
    await asyncio.to_thread(path.unlink)
    await asyncio.to_thread(os.sync)


async def _round(stage: Stage, camera: str, event: str, number: int) -> Round:
    """Let both download the same file; each is first in every other round."""
    control, pid = stage.running.control, stage.running.home_assistant.pid
    start = datetime.now().astimezone() - AGO
    # The cloud has one file for the same times. It is padded with a hole, whose first
    # reader waits for its pages; that is not part of the measurement.
    known = set(await control.get("secrets"))
    saved = await _download(stage, camera, start, f"round_{number}.mp4")
    path, size = Path(saved["path"]), saved["size"]
    await _remove(path)
    new = set(await control.get("secrets")) - known
    [key] = [secret for secret in new if len(secret) == KEY_LENGTH]
    url = f"{control.url}/api/download.php?auth_key={key}"

    async def curl() -> float:
        seconds = await _curl(url, path)
        if (await asyncio.to_thread(path.stat)).st_size != size:
            raise RuntimeError("curl downloaded another file")
        await _remove(path)
        return seconds

    async def home_assistant() -> tuple[float, int]:
        since = datetime.now().astimezone()
        before = _resident(pid)
        peak = [before]
        watcher = asyncio.create_task(_watch_memory(pid, peak))
        saved = await _download(stage, camera, start, path.name)
        watcher.cancel()
        if saved["size"] != size:
            raise RuntimeError("Home Assistant downloaded another file")
        seconds = await _seconds(stage, event, since)
        await _remove(path)
        return seconds, peak[0] - before

    if number % 2:
        ours, growth = await home_assistant()
        theirs = await curl()
    else:
        theirs = await curl()
        ours, growth = await home_assistant()
    result = Round(size / ours, size / theirs, growth)
    print(
        f"{size / MEGABYTE:.0f} MB: Home Assistant {result.ours / MEGABYTE:.0f} MB/s in"
        f" {ours:.2f} s, curl {result.curl / MEGABYTE:.0f} MB/s in {theirs:.2f} s;"
        f" memory +{growth / MEGABYTE:.1f} MB",
        flush=True,
    )
    return result


async def _run(size: int, rounds: int) -> bool:
    async with open_stage() as stage:
        places = await read_places(stage.running.client)
        entities = next(p.entities for p in places if "recording" in p.entities)
        camera, event = entities["camera"], entities["recording"]
        # The first round loads what all of them need.
        await _download(stage, camera, datetime.now().astimezone() - AGO, "first.mp4")
        await stage.running.control.post("switches", recording_size=size)
        done = [
            await _round(stage, camera, event, number)
            for number in range(1, rounds + 1)
        ]
    ratio = median(r.ours for r in done) / median(r.curl for r in done)
    growth = max(r.growth for r in done)
    print(f"{ratio:.2f} x curl, memory at most +{growth / MEGABYTE:.1f} MB", flush=True)
    return ratio >= GOAL and growth < MEMORY_GOAL


def main() -> int:
    """Run the measurement; return exit code 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=2000, help="megabytes")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    started = time.monotonic()
    good = asyncio.run(_run(arguments.size * MEGABYTE, arguments.rounds))
    print(f"{time.monotonic() - started:.0f} s in all")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
