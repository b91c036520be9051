"""GStreamer's RTSP server, which Axis cameras use, and players of the system.

The tests are skipped where the programs are not installed (Debian: gstreamer1.0-tools,
gir1.2-gst-rtsp-server-1.0, ffmpeg, mpv); only PyAV's FFmpeg is always there.
"""

import asyncio
from collections.abc import AsyncGenerator
import contextlib
from functools import partial
from itertools import pairwise
from pathlib import Path
import shutil

import pytest

from custom_components.netrex.relay.server import Relay
from custom_components.netrex.relay.terms import EndReason, SessionEnd
from custom_components.netrex.relay.transports import Link

from ..relay.players import until
from ..relay.test_dialects import play
from ..waiting import eventually

pytestmark = pytest.mark.usefixtures("socket_enabled")

_PYTHON = "/usr/bin/python3"
_SERVER = Path(__file__).parent / "gstreamer_server.py"
_START_SECONDS = 20.0
# About a second of the server's stream.
_PLAYED_BYTES = 30_000
CODECS = ["h264", "h264_b_frames", "h265"]
# How each player of the system plays an address for some seconds.
PLAYERS = {
    "ffmpeg": "ffmpeg -v error -rtsp_transport tcp -i {url} -t 8 -c copy -f null -",
    "mpv": "mpv --no-config --vo=null --ao=null --rtsp-transport=tcp --length=8 {url}",
    "gst-launch-1.0": (
        "timeout --signal=INT 9 gst-launch-1.0 -e rtspsrc location={url} "
        "protocols=tcp latency=200 ! decodebin ! fakesink"
    ),
}


@pytest.fixture(autouse=True)
def _unloaded() -> None:
    """Replace the fixture that needs a config entry."""


@pytest.fixture(params=CODECS)
async def server_port(request: pytest.FixtureRequest) -> AsyncGenerator[int]:
    """Run GStreamer's server; return its port."""
    if shutil.which(_PYTHON) is None:
        pytest.skip(f"there is no {_PYTHON} that could run GStreamer's server")
    process = await asyncio.create_subprocess_exec(
        _PYTHON,
        str(_SERVER),
        request.param,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    async with asyncio.timeout(_START_SECONDS):
        line = await process.stdout.readline()
    if not line:
        pytest.skip("GStreamer's RTSP server or its bindings are not installed")
    yield int(line)
    process.kill()
    await process.wait()


class Cutter:
    """A TCP proxy whose connections can be cut."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.passed_bytes = 0

    async def start(self) -> int:
        """Listen on a free port and return it."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Stop listening and cut all connections."""
        if self._server is not None:
            self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Cut all connections; count the bytes of the next ones."""
        self.passed_bytes = 0
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        there = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, there[1]}
        await asyncio.gather(self._pass(reader, there[1]), self._pass(there[0], writer))
        self._writers -= {writer, there[1]}

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                self.passed_bytes += len(data)
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


@pytest.fixture
async def cutter(server_port: int) -> AsyncGenerator[Cutter]:
    """Return a proxy to the server."""
    cutter = Cutter(server_port)
    yield cutter
    await cutter.stop()


@pytest.fixture
def ends() -> list[SessionEnd]:
    """Return a list to which the relay appends how links were used."""
    return []


@pytest.fixture
async def address(cutter: Cutter, ends: list[SessionEnd]) -> AsyncGenerator[str]:
    """Run a relay to the server; return the stream's address."""
    port = await cutter.start()

    async def get_link(_: str) -> Link:
        return Link(f"rtsp://127.0.0.1:{port}/live")

    relay = Relay(get_link, on_ended=ends.append, resumes=lambda _: True)
    await relay.start()
    yield relay.url("1")
    await relay.stop()


async def test_home_assistants_player_continues(
    address: str, cutter: Cutter, ends: list[SessionEnd]
) -> None:
    loop = asyncio.get_running_loop()

    def drop() -> None:
        loop.call_soon_threadsafe(cutter.cut)

    played = await asyncio.to_thread(play, address, drop)
    await until(lambda: ends[2:])

    assert played.rejected == 0
    for times in played.times.values():
        assert all(0 < b - a < 1 for a, b in pairwise(times[1:]))
    assert played.offset_change_seconds < 0.5
    # One link per session, none wasted.
    reasons = [end.reason for end in ends]
    assert reasons == [EndReason.UPSTREAM, EndReason.UPSTREAM, EndReason.CLIENT]


@pytest.mark.parametrize("server_port", ["h264"], indirect=True)
@pytest.mark.parametrize("player", PLAYERS)
async def test_players_of_the_network_continue(
    address: str, cutter: Cutter, ends: list[SessionEnd], player: str
) -> None:
    if shutil.which(player) is None:
        pytest.skip(f"{player} is not installed")

    def is_resumed(number: int) -> bool:
        return len(ends) >= number

    process = await asyncio.create_subprocess_exec(
        *PLAYERS[player].format(url=address).split(),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    for number in range(1, 4):
        # More than the requests and their responses: pictures were played.
        await eventually(
            lambda: cutter.passed_bytes > _PLAYED_BYTES, seconds=_START_SECONDS
        )
        cutter.cut()
        await eventually(partial(is_resumed, number), seconds=_START_SECONDS)
        assert process.returncode is None
    async with asyncio.timeout(30):
        await process.wait()
    await until(lambda: ends[3:])

    reasons = [end.reason for end in ends]
    assert reasons == [*[EndReason.UPSTREAM] * 3, EndReason.CLIENT]
