"""Fixtures for the relay between real sockets; no Home Assistant runs."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
import logging

import pytest

from custom_components.netrex.relay.rtp import RtpSplicer
from custom_components.netrex.relay.server import Limits, Relay
from custom_components.netrex.relay.terms import EndReason, SessionEnd
from custom_components.netrex.relay.transports import Link
from simulator.clock import Clock
from simulator.media.studio import Studio
from simulator.rtsp.server import RtspServer
from simulator.state import State
from simulator.world.model import Camera, Node, StreamProfile

from .players import until
from .splicing import SDP, Time, spliced

CAMERA_ID = 140094
PROFILE = StreamProfile(120846, 320, 180, 10)


@pytest.fixture(autouse=True)
def _debug_log(caplog: pytest.LogCaptureFixture) -> None:
    """Record debug messages for the scans for secrets."""
    caplog.set_level(logging.DEBUG)


@pytest.fixture(autouse=True)
async def _no_task_left() -> AsyncGenerator[None]:
    """Fail a test that leaves a task behind."""
    yield
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.fixture
def state() -> State:
    """Return a cloud with one camera."""
    state = State(clock=Clock())
    state.world.nodes = [
        Node(1, None, "folder", "Root"),
        Node(CAMERA_ID, 1, "camera", "Entrance"),
    ]
    state.world.cameras[CAMERA_ID] = Camera(
        CAMERA_ID, "ACCC8EE8A9CA", stream_profiles=[PROFILE]
    )
    return state


@pytest.fixture
async def portal(state: State) -> AsyncGenerator[RtspServer]:
    """Run the portal's live view server."""
    studio = Studio(state.clock, state.switches.time_zone)
    server = RtspServer(state, studio)
    await server.start()
    server.announce("local", f"rtsp://127.0.0.1:{server.port}")
    yield server
    await server.stop()
    await studio.close()


type GetLink = Callable[[str], Awaitable[str]]


class Harness(Relay):
    """A relay that records its links and how its sessions ended."""

    def __init__(self, get_link: GetLink, limits: Limits, *, resumes: bool) -> None:
        """Wrap `get_link` to count the links."""
        self.links = 0
        self.closings: list[EndReason] = []
        self.ends: list[SessionEnd] = []
        self.started: list[str] = []

        async def counted(key: str) -> Link:
            url = await get_link(key)
            self.links += 1
            return Link(url)

        super().__init__(
            counted,
            limits=limits,
            on_started=lambda key, _: self.started.append(key),
            on_ended=self.ends.append,
            on_closing=lambda _, ending: self.closings.append(ending),
            resumes=lambda _: resumes,
        )

    async def until_ended(self, sessions: int) -> None:
        """Wait until this number of links has been used."""
        await until(lambda: len(self.ends) == sessions)


type RunRelay = Callable[..., Awaitable[Harness]]


@pytest.fixture
async def run_relay() -> AsyncGenerator[RunRelay]:
    """Return a function that starts a relay with a given source of links."""
    running: list[Harness] = []

    async def run(
        get_link: GetLink, limits: Limits | None = None, *, resumes: bool = False
    ) -> Harness:
        relay = Harness(get_link, limits or Limits(), resumes=resumes)
        await relay.start()
        running.append(relay)
        return relay

    yield run
    for relay in running:
        await relay.stop()


@pytest.fixture
async def relay(portal: RtspServer, run_relay: RunRelay) -> Harness:
    """Run a relay for the portal's camera; the stream key is the camera's id."""

    async def get_link(key: str) -> str:
        return portal.mint(int(key), PROFILE)

    return await run_relay(get_link)


@pytest.fixture
def address(relay: Harness) -> str:
    """Return the camera's address."""
    return relay.url(str(CAMERA_ID))


type Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def scripted_server(script: Script) -> AsyncGenerator[str]:
    """Run a server with scripted misbehavior; yields its link."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await script(reader, writer)
        except asyncio.CancelledError, OSError, asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"rtsp://127.0.0.1:{port}/live~1600421245~0123456789abcdef0123456789abcdef"
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


@pytest.fixture
def clock() -> Time:
    """Return the clock of the splicer."""
    return Time()


@pytest.fixture
def splicer(clock: Time) -> RtpSplicer:
    """Return a splicer of pictures and sound."""
    return spliced(SDP, clock)
