"""What hostile answers and clients cost: event loop and memory.

    python -m benchmarks.hostile

Each case runs in a process of its own, after a small correct answer was read, so that
imports do not count. The portal is another process. The first two cases are correct
answers, to compare with. The table has the longest turn of the event loop, and by how
much the process's peak memory grew.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
import contextlib
from dataclasses import dataclass
import json
import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path
import sys
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from custom_components.netrex.client import (
    Ledger,
    LiveTransport,
    NetrexClient,
    NetrexError,
    Pacer,
)
from custom_components.netrex.client.tree import Tree
from custom_components.netrex.relay.server import Relay
from custom_components.netrex.relay.transports import Link

from .core import run, watched

GOAL_SECONDS = 0.05
GOAL_BYTES = 64 << 20
_SPAWN = multiprocessing.get_context("spawn")
_MEGABYTE = 1 << 20
_FLOOD_CONNECTIONS = 20
_FLOOD_SECONDS = 2


def _inventory(nodes: int, name: str = "Node") -> bytes:
    """Return an account with a tenth as many cameras as nodes."""
    tree = [
        {
            "node_id": number,
            "parent_node_id": number // 20 if number > 1 else None,
            "type": "camera" if number > nodes * 0.9 else "folder",
            "name": f"{name} {number}",
        }
        for number in range(1, nodes + 1)
    ]
    cameras = [
        {"node_id": node["node_id"], "name": node["name"], "is_connected": True}
        for node in tree
        if node["type"] == "camera"
    ]
    return json.dumps({"data": {"nodeList": tree, "cameraList": cameras}}).encode()


def _error(message: str) -> bytes:
    return json.dumps({"errors": [{"message": message}]}).encode()


ANSWERS: dict[str, Callable[[], bytes]] = {
    "20 nodes": lambda: _inventory(20),
    "20,000 nodes": lambda: _inventory(20_000),
    "1,000,000 nodes": lambda: _inventory(1_000_000),
    "names of 100 kB": lambda: _inventory(200, "w" * 100_000),
    "error text, one word of 5 MB": lambda: _error("w" * 5 * _MEGABYTE),
    "error text, words of 5 MB": lambda: _error("word " * _MEGABYTE),
    "30 MB of []": lambda: b'{"data":[' + b"[]," * 10 * _MEGABYTE + b"[]]}",
    "200 MB of text": lambda: b'{"data":"' + b"x" * 200 * _MEGABYTE + b'"}',
    "nested 2,000,000 deep": lambda: b"[" * 2_000_000 + b"]" * 2_000_000,
}
FLOODS: dict[str, bytes] = {
    "pictures": b"$\0" + (1400).to_bytes(2) + bytes(1400),
    "line ends": b"\r\n",
    "unknown method": b"BREW rtsp://h/1 RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    "empty frames": b"$\0\0\0",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """The longest turn of the event loop (seconds), and the added memory (bytes)."""

    turn: float
    memory: int

    @property
    def is_low(self) -> bool:
        """Whether both goals are reached."""
        return self.turn <= GOAL_SECONDS and self.memory <= GOAL_BYTES


def _peak() -> int:
    """Return the peak memory of this process (bytes)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) << 10


async def _measure(action: Callable[[], Awaitable[object]]) -> Cost:
    before = _peak()
    with watched() as turns:
        await action()
    return Cost(turns.longest, _peak() - before)


def _serve(pipe: Connection, case: str) -> None:
    """Answer queries below `/hostile` as the case says, and all others correctly."""
    hostile, correct = ANSWERS[case](), _inventory(20)

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        body = hostile if request.path.startswith("/hostile") else correct
        return web.Response(body=body, content_type="application/json")

    async def main() -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        pipe.send(runner.addresses[0][1])
        await asyncio.to_thread(pipe.recv)

    asyncio.run(main())


def _read(pipe: Connection, port: int) -> None:
    """Read the inventory as the integration does, and build the tree."""

    async def token() -> str:
        return "token"

    async def read(session: aiohttp.ClientSession, url: str) -> None:
        client = NetrexClient(session, url, token, pacer=Pacer(Ledger(), interval=0))
        with contextlib.suppress(NetrexError):
            Tree((await client.inventory()).nodes)

    async def main() -> Cost:
        url = f"http://127.0.0.1:{port}"
        async with aiohttp.ClientSession() as session:
            await read(session, url)
            return await _measure(lambda: read(session, f"{url}/hostile"))

    pipe.send(run(main()))


def _flood(pipe: Connection, unit: bytes) -> None:
    """Run the relay; the clients are another process."""

    async def no_link(_: str) -> Link:
        return Link("rtsp://127.0.0.1:1/x", LiveTransport.RTSP)

    async def main() -> Cost:
        relay = Relay(no_link)
        await relay.start()
        ours, theirs = _SPAWN.Pipe()
        clients = _SPAWN.Process(target=_send, args=(theirs, relay.url("1"), unit))
        clients.start()
        cost = await _measure(lambda: asyncio.to_thread(ours.recv))
        clients.join()
        await relay.stop()
        return cost

    pipe.send(run(main()))


def _send(pipe: Connection, url: str, unit: bytes) -> None:
    address = urlsplit(url)
    data = unit * (_MEGABYTE // len(unit))

    async def client() -> None:
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(
                    address.hostname, address.port
                )
                writer.write(data)
                await writer.drain()
                writer.close()
            await asyncio.sleep(0)

    async def main() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FLOOD_SECONDS):
                await asyncio.gather(*(client() for _ in range(_FLOOD_CONNECTIONS)))

    asyncio.run(main())
    pipe.send(None)


def _in_process(target: Callable[..., None], *args: object) -> Cost:
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=target, args=(theirs, *args))
    process.start()
    cost: Cost = ours.recv()
    process.join()
    return cost


def _answer(case: str) -> Cost:
    ours, theirs = _SPAWN.Pipe()
    portal = _SPAWN.Process(target=_serve, args=(theirs, case))
    portal.start()
    try:
        return _in_process(_read, ours.recv())
    finally:
        ours.send(None)
        portal.join()


def _costs() -> Iterator[tuple[str, Cost]]:
    for case in ANSWERS:
        yield f"answer: {case}", _answer(case)
    for case, unit in FLOODS.items():
        yield f"flood of the relay: {case}", _in_process(_flood, unit)


def main() -> int:
    """Print a row per case; return exit code 1 if a goal is missed."""
    missed = 0
    for name, cost in _costs():
        missed += not cost.is_low
        mark = "" if cost.is_low else "  MISSED"
        memory = cost.memory / _MEGABYTE
        print(f"{name:45}{cost.turn * 1000:7.0f} ms{memory:7.0f} MB{mark}", flush=True)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
