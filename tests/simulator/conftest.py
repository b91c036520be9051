"""Fixtures for tests of the simulated cloud without Home Assistant."""

from collections.abc import AsyncGenerator

import aiohttp
import pytest

from simulator import Simulator
from simulator.clock import Clock
from simulator.media.studio import Studio
from simulator.rtsp.server import RtspServer
from simulator.state import State
from simulator.world.model import Camera, Node, StreamProfile, VideoChannel

from .portal_client import PortalClient

PROFILE = StreamProfile(120846, 320, 180, 10)


@pytest.fixture
def clock() -> Clock:
    """Return a running clock that can jump."""
    return Clock()


@pytest.fixture
def state(clock: Clock) -> State:
    """Return the state of a small cloud: one folder with two cameras."""
    state = State(clock=clock)
    state.world.nodes = [Node(1, None, "folder", "Root")]
    for node_id, serial in ((11, "ACCC8EE8A9CA"), (12, "ACCC8ED8CBF0")):
        state.world.nodes.append(Node(node_id, 1, "camera", f"Camera {node_id}"))
        state.world.cameras[node_id] = Camera(
            node_id, serial, stream_profiles=[PROFILE]
        )
    state.world.nodes.append(Node(111, 11, "videoChannel", "View 2"))
    state.world.cameras[11].video_channels.append(VideoChannel(111, "View 2"))
    return state


@pytest.fixture
async def studio(state: State) -> AsyncGenerator[Studio]:
    """Return a studio of live pictures."""
    studio = Studio(state.clock, state.switches.time_zone)
    yield studio
    await studio.close()


@pytest.fixture
async def rtsp(state: State, studio: Studio) -> AsyncGenerator[RtspServer]:
    """Run the live view server on a free port."""
    server = RtspServer(state, studio)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def portal(cloud: Simulator) -> AsyncGenerator[PortalClient]:
    """Return an HTTP client of the whole cloud, with the owner's API token."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield PortalClient(session, cloud, cloud.create_api_token())
