"""Kills Home Assistant at random moments, and checks what is left.

    python -m benchmarks.kills --kills 20

A real Home Assistant with a simulated cloud downloads recordings, imports history,
stores data, shows live views, and reloads the account, until it is killed (SIGKILL)
after a random time, often while it is still starting. After each start: all devices and
entities are there once, files are whole, no partial file is left, and the ledger counts
all requests that the portal got until a minute before the kill. At the end, the stored
statistics have the portal's numbers.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
import hashlib
from itertools import pairwise
import json
from pathlib import Path
import random
import shutil
import sqlite3
import sys
import tempfile
import time

import aiohttp

from custom_components.netrex.recordings.mp4 import film_size
from demo import home_assistant
from demo.account import add_account, wait_for_load
from demo.client import HomeAssistantClient, Json
from demo.processes import DemoError
from demo.registry import DOMAIN, read_places
from demo.stage import Running, start

_ALLOWED_LOSS_SECONDS = 60
_HISTORY_DAYS = 30
_CLIP_SECONDS = 8
_DOWNLOAD_TIMEOUT_SECONDS = 60
_TOLERANCE = 1e-6
_REGISTRY_TIMEOUT_SECONDS = 120
_IMPORT_TIMEOUT_SECONDS = 240
_EXPECTED = (aiohttp.ClientError, DemoError, TimeoutError, OSError)

# Identifiers of devices, and unique ids of entities.
type Registries = tuple[list[str], list[str]]


class LossError(Exception):
    """Something is lost, doubled, or half."""


def _expect(condition: object, text: str) -> None:
    if not condition:
        raise LossError(text)


@dataclass
class Case:
    """The processes, and what has to survive.

    Attributes:
        saved: Hashes of the files that the action has reported as saved, by path.
        missing: The most requests that a ledger lacked after a start.
    """

    running: Running
    config: Path
    entry_id: str
    cameras: list[str]
    random: random.Random
    saved: dict[Path, str] = field(default_factory=dict)
    started: int = 0
    missing: int = 0

    def kill(self) -> None:
        """Kill the Home Assistant that runs now."""
        self.running.home_assistant.kill()

    async def registries(self) -> Registries:
        """Return the identifiers of all devices and entities."""
        client = self.running.client
        devices = await client.command("config/device_registry/list")
        entities = await client.command("config/entity_registry/list")
        return (
            sorted(
                str(identifier)
                for device in devices
                for identifier in device["identifiers"]
                if identifier[0] == DOMAIN
            ),
            sorted(e["unique_id"] for e in entities if e["platform"] == DOMAIN),
        )

    async def download(self) -> None:
        """Save a clip under a new name."""
        self.started += 1
        name = f"kills/{self.started}.mp4"
        begin = int(time.time()) - 1800 - 60 * self.started
        clip: Json = {
            "entity_id": (camera := self.random.choice(self.cameras)),
            "start": datetime.fromtimestamp(begin, UTC).isoformat(),
        }
        end = datetime.fromtimestamp(begin + _CLIP_SECONDS, UTC).isoformat()
        listed = await self._call("list_recordings", camera, {**clip, "end": end})
        # Cameras encode on the same machine.
        height = min(listed["recordings"][0]["heights"])
        clip |= {"duration": _CLIP_SECONDS, "height": height, "filename": name}
        saved = await self._call("download_recording", camera, clip)
        path = Path(saved["path"])
        self.saved[path] = await asyncio.to_thread(_digest, path)

    async def _call(self, action: str, camera: str, data: Json) -> Json:
        path = f"/api/services/netrex/{action}?return_response"
        answer = await self.running.client.request("POST", path, data)
        response: Json = answer["service_response"][camera]
        return response

    async def watch(self) -> None:
        """Show a live view."""
        client = self.running.client
        answer = await client.request(
            "POST",
            "/api/services/camera/snapshot",
            {
                "entity_id": self.random.choice(self.cameras),
                "filename": f"{self.config}/media/still.jpg",
            },
        )
        _expect(answer is not None, "no answer")

    async def reload(self) -> None:
        """Set up the account again, which also writes its storage."""
        await self.running.client.request(
            "POST", f"/api/config/config_entries/entry/{self.entry_id}/reload"
        )

    def check_files(self) -> None:
        """Check the files in the media folder and the cache."""
        for path in self.config.rglob("*.part"):
            raise LossError(f"{path.name} is left")
        for path in (*self.config.rglob("kills/*"), *self._cached()):
            size = film_size(path)
            _expect(size == path.stat().st_size, f"{path.name} is not whole")
        for path, digest in self.saved.items():
            _expect(path.exists(), f"{path.name} is lost")
            _expect(_digest(path) == digest, f"{path.name} has changed")

    def _cached(self) -> Iterator[Path]:
        return self.config.glob("netrex/**/*.mp4")

    async def check_ledger(self, killed_at: float) -> None:
        """Compare the stored ledger with what the portal counted."""
        path = self.config / ".storage" / f"{DOMAIN}.{self.entry_id}"
        stored = json.loads(await asyncio.to_thread(path.read_bytes))["data"]["ledger"]
        used = sum(sum(counts.values()) for counts in stored["hours"].values())
        times = [one["time"] for one in await self.running.control.get("queries")]
        # At the kill; the file may be newer and then counts more.
        before = sum(one <= killed_at for one in times)
        early = sum(one <= killed_at - _ALLOWED_LOSS_SECONDS for one in times)
        self.missing = max(self.missing, before - used)
        _expect(used >= early, f"the ledger has {used} requests of {early}")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def _restart(case: Case, log: Path, *, kill_share: float = 1 / 3) -> None:
    """Start Home Assistant again, and connect; some starts are killed, too."""
    running = case.running
    await running.client.__aexit__()
    hass = await home_assistant.start(case.config, log)
    if case.random.random() < kill_share:
        await asyncio.sleep(case.random.uniform(2, 12))
        hass.kill()
        await hass.wait()
        hass = await home_assistant.start(case.config, log)
    client = HomeAssistantClient(
        running.client.session, running.client.url, running.client.tokens
    )
    case.running = Running(running.simulator, hass, running.control, client)
    await home_assistant.wait_for_answer(
        client.session, f"{client.url}/manifest.json", hass
    )
    await client.__aenter__()
    await home_assistant.wait_until_running(client)
    await wait_for_load(case.running, case.entry_id)


async def _quietly(action: Callable[[], Awaitable[None]]) -> None:
    """Run an action that the kill may interrupt."""
    with suppress(*_EXPECTED):
        await action()


async def _kill(case: Case) -> float:
    """Keep Home Assistant busy and kill it; return when (unix seconds)."""
    actions = [case.download, case.download, case.watch]
    if case.random.random() < 1 / 4:
        actions.append(case.reload)
    tasks = [asyncio.create_task(_quietly(action)) for action in actions]
    if case.random.random() < 1 / 2:
        # About when the first download is complete.
        await asyncio.wait(tasks[:1], timeout=_DOWNLOAD_TIMEOUT_SECONDS)
        await asyncio.sleep(case.random.uniform(0, 2))
    else:
        await asyncio.sleep(case.random.uniform(0.2, 20))
    case.running.home_assistant.kill()
    killed_at = time.time()
    await case.running.home_assistant.wait()
    await asyncio.gather(*tasks)
    return killed_at


async def _check_registries(case: Case, before: Registries) -> Registries:
    """Wait until everything of before is there again, once; return what is there.

    Home Assistant stores its registries some seconds after a change, so that the
    account may have to find what is new in them again.
    """
    deadline = time.monotonic() + _REGISTRY_TIMEOUT_SECONDS
    while True:
        found = await case.registries()
        lost = [set(old) - set(new) for old, new in zip(before, found, strict=True)]
        if not any(lost):
            break
        _expect(time.monotonic() < deadline, f"lost: {lost}")
        await asyncio.sleep(1)
    for known in found:
        _expect(len(set(known)) == len(known), "devices or entities are doubled")
    return found


async def _check_secrets(case: Case, log: Path) -> int:
    """Look for secrets in the log, at debug level, and in other files."""
    issued = [one for one in await case.running.control.get("secrets") if len(one) > 7]  # noqa: PLR2004 - shorter ones occur by chance

    def find() -> list[str]:
        return [
            path.name
            for path in files
            if any(secret.encode() in path.read_bytes() for secret in issued)
        ]

    # Not .storage, which has to contain the credentials.
    files = [log, *(path for path in case.config.glob("*") if path.is_file())]
    found = await asyncio.to_thread(find)
    _expect(not found, f"secrets in {found}")
    return len(files)


async def _check_statistics(case: Case) -> int:
    """Wait for the imported history and compare it; return the number of rows."""
    deadline = time.monotonic() + _IMPORT_TIMEOUT_SECONDS
    rows = 0
    while time.monotonic() < deadline:
        before, rows = rows, (await asyncio.to_thread(_statistics, case.config))[0]
        if rows and rows == before:
            break
        await asyncio.sleep(15)
    rows, wrong = await asyncio.to_thread(_statistics, case.config)
    _expect(rows, "there are no statistics")
    _expect(not wrong, f"{wrong} sums are wrong")
    return rows


def _statistics(config: Path) -> tuple[int, int]:
    """Return the number of imported rows, and of sums that do not add up."""
    database = sqlite3.connect(f"file:{config}/home-assistant_v2.db?mode=ro", uri=True)
    try:
        found = database.execute(
            "SELECT s.metadata_id, s.start_ts, s.state, s.sum FROM statistics s"
            " JOIN statistics_meta m ON m.id = s.metadata_id"
            " WHERE m.source = ? AND m.has_sum ORDER BY 1, 2",
            (DOMAIN,),
        ).fetchall()
    finally:
        database.close()
    wrong = 0
    for (series, at, _, total), (next_series, next_at, state, next_total) in pairwise(
        found
    ):
        if series == next_series and None not in (total, state, next_total):
            wrong += next_at <= at or abs(next_total - total - state) > _TOLERANCE
    return len(found), wrong


async def _run(kills: int, seed: int) -> Case:
    async with AsyncExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="netrex-kills-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        config, log = folder / "config", folder / "home-assistant.log"
        running = await start(stack, folder, config)
        account = await add_account(running, history_days=_HISTORY_DAYS)
        places = await read_places(running.client)
        case = Case(
            running,
            config,
            account.entry_id,
            [p.entities["camera"] for p in places if "recording" in p.entities],
            random.Random(seed),  # noqa: S311 - moments of the kills
        )
        stack.callback(case.kill)
        # Home Assistant may store the new sign-in only at an orderly end.
        await case.running.home_assistant.stop()
        await _restart(case, log, kill_share=0)
        before = await case.registries()
        for number in range(1, kills + 1):
            killed_at = await _kill(case)
            await _restart(case, log)
            before = await _check_registries(case, before)
            await asyncio.to_thread(case.check_files)
            await case.check_ledger(killed_at)
            print(
                f"kill {number:2}: {len(before[0])} devices, {len(before[1])} entities,"
                f" {len(case.saved)} of {case.started} files saved,"
                f" ledger lacks {case.missing} at most",
                flush=True,
            )
        searched = await _check_secrets(case, log)
        print(f"no secret in {searched} files", flush=True)
        rows = await _check_statistics(case)
        print(f"{rows} rows of statistics, 0 wrong sums")
        return case


def main() -> int:
    """Print a line per kill; return exit code 1 if something is lost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kills")
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    try:
        asyncio.run(_run(options.kills, options.seed))
    except LossError as err:
        print(f"LOST: {err}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
