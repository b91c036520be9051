"""The cost of the relay, compared with a direct connection and a plain TCP proxy.

    python -m benchmarks.relay [--sessions 40] [--mbit 4] [--seconds 10]

The server, the process in the middle, and the clients are separate processes; the one
in the middle is bound to one core. Each way has two rows: all sessions at the given
rate (which shows the CPU time in the middle), and one session at full speed (which
shows the throughput). Each row also has the median time from a connection to the first
byte of its picture, of clients that connect one after another besides the others.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
import multiprocessing
from multiprocessing.connection import Connection
import os
from statistics import median
import time

from custom_components.netrex.client import LiveTransport
from custom_components.netrex.relay.server import Relay
from custom_components.netrex.relay.transports import Link

_SPAWN = multiprocessing.get_context("spawn")
_HOST = "127.0.0.1"
_FRAMES_PER_SECOND = 25
_PACKET = b"$\0" + (1400).to_bytes(2) + bytes(1400)
_CHUNK = 128 * 1024
_FIRST_PICTURES = 20
# Commands to a process.
_CPU, _STOP = "cpu", "stop"
_SDP = "v=0\r\nm=video 0 RTP/AVP 96\r\na=control:trackID=0\r\n"

type Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _send_picture(writer: asyncio.StreamWriter, mbit: float) -> None:
    """Send pictures of equal size at `mbit` Mbit/s; 0: at full speed."""
    loop = asyncio.get_running_loop()
    packets = round(mbit * 1e6 / 8 / _FRAMES_PER_SECOND / len(_PACKET)) or 100
    picture = _PACKET * packets
    due = loop.time()
    while True:
        writer.write(picture)
        await writer.drain()
        if mbit:
            due += 1 / _FRAMES_PER_SECOND
            await asyncio.sleep(due - loop.time())


async def _server(pipe: Connection, mbit: float) -> None:
    """Serve each client pictures without content."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for body in (_SDP, ""):
                await reader.readuntil(b"\r\n\r\n")
                head = f"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: {len(body)}"
                writer.write(f"{head}\r\n\r\n{body}".encode())
            await _send_picture(writer, mbit)
        except OSError, asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(serve, _HOST, 0, backlog=1000)
    port = server.sockets[0].getsockname()[1]
    pipe.send(f"rtsp://{_HOST}:{port}/live")
    await _until_stopped(pipe)


async def _relay(pipe: Connection, upstream: str) -> None:
    async def get_link(_: str) -> Link:
        return Link(upstream, LiveTransport.RTSP)

    relay = Relay(get_link)
    await relay.start()
    pipe.send(relay.url("1"))
    await _until_stopped(pipe)
    await relay.stop()


async def _proxy(pipe: Connection, upstream: str) -> None:
    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(_CHUNK):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await _connect(upstream)
        await asyncio.gather(copy(reader, up_writer), copy(up_reader, writer))

    server = await asyncio.start_server(serve, _HOST, 0, limit=_CHUNK)
    port = server.sockets[0].getsockname()[1]
    pipe.send(f"rtsp://{_HOST}:{port}/live")
    await _until_stopped(pipe)


async def _until_stopped(pipe: Connection) -> None:
    """Report the CPU time on request, until the request to stop."""
    while await asyncio.to_thread(pipe.recv) == _CPU:
        pipe.send(time.process_time())


def _run(
    main: Callable[..., Awaitable[None]], pipe: Connection, argument: object
) -> None:
    async def run() -> None:
        await main(pipe, argument)

    if main in (_relay, _proxy):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    asyncio.run(run())


@contextmanager
def _process(
    main: Callable[..., Awaitable[None]], argument: object
) -> Iterator[tuple[str, Connection]]:
    """Run a process; yield its address and the pipe to it."""
    pipe, its_pipe = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_run, args=(main, its_pipe, argument), daemon=True)
    process.start()
    try:
        yield pipe.recv(), pipe
    finally:
        pipe.send(_STOP)
        process.join(5)
        process.terminate()


async def _connect(url: str) -> Streams:
    port = int(url.split("/")[2].rpartition(":")[2])
    return await asyncio.open_connection(_HOST, port, limit=_CHUNK)


@dataclass
class _Viewer:
    """Counts the bytes that it receives; `first` is the time of the first one."""

    received: int = 0
    first: asyncio.Event = field(default_factory=asyncio.Event)

    async def watch(self, url: str) -> None:
        """Play until cancelled."""
        reader, writer = await _connect(url)
        try:
            for method in ("DESCRIBE", "PLAY"):
                writer.write(f"{method} {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())
                await reader.readuntil(b"\r\n\r\n")
            while data := await reader.read(_CHUNK):
                self.received += len(data)
                self.first.set()
        finally:
            writer.close()


async def _first_picture(url: str) -> float:
    """Return the seconds from a connection to the first byte of its picture."""
    viewer = _Viewer()
    started = time.perf_counter()
    task = asyncio.create_task(viewer.watch(url))
    await viewer.first.wait()
    passed = time.perf_counter() - started
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return passed


async def _measure(
    url: str, pipe: Connection | None, sessions: int, seconds: float
) -> tuple[float, float, float]:
    """Return the values of a row.

    These are Mbit/s of all viewers, the share of a core in the middle, and the seconds
    to a picture.
    """

    def cpu() -> float:
        if pipe is None:
            return 0.0
        pipe.send(_CPU)
        return float(pipe.recv())

    viewers = [_Viewer() for _ in range(sessions)]
    tasks = [asyncio.create_task(viewer.watch(url)) for viewer in viewers]
    await asyncio.sleep(1)
    received = -sum(viewer.received for viewer in viewers)
    started, used = time.perf_counter(), -cpu()
    await asyncio.sleep(seconds)
    received += sum(viewer.received for viewer in viewers)
    passed = time.perf_counter() - started
    used += cpu()
    if any(task.done() for task in tasks):
        raise RuntimeError("A session ended")
    first = median([await _first_picture(url) for _ in range(_FIRST_PICTURES)])
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return received * 8 / 1e6 / passed, used / passed, first


def _row(sessions: int, mbit: float, seconds: float) -> None:
    """Measure the three ways and print a row for each."""
    with _process(_server, mbit) as (direct, _):
        ways: dict[str, Callable[..., Awaitable[None]] | None] = {
            "direct": None,
            "plain proxy": _proxy,
            "relay": _relay,
        }
        for name, main in ways.items():
            if main is None:
                rate, cpu, first = asyncio.run(
                    _measure(direct, None, sessions, seconds)
                )
            else:
                with _process(main, direct) as (url, pipe):
                    rate, cpu, first = asyncio.run(
                        _measure(url, pipe, sessions, seconds)
                    )
            print(
                f"{sessions:8} {name:12} {rate:9.0f} Mbit/s {cpu:7.0%} of a core"
                f" {first * 1000:8.1f} ms",
                flush=True,
            )


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=40)
    parser.add_argument("--mbit", type=float, default=4.0, help="of each session")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each row")
    options = parser.parse_args()
    print("sessions way            received     CPU in the middle   first picture")
    _row(options.sessions, options.mbit, options.seconds)
    _row(1, 0, options.seconds)


if __name__ == "__main__":
    main()
