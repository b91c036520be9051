"""A simulated cloud with the two cameras of the documentation, and its gateway."""

from collections.abc import AsyncGenerator

import aiohttp
from aiohttp import web
import pytest

from custom_components.netrex.client import GatewayClient
from simulator import Simulator

from ..conftest import TOKEN
from .fake_cameras import Cameras, Reports

# One camera has PTZ, two inputs and an output; the other has none of these.
MOVING = "ACCC8EE8A9CA"
FIXED = "ACCC8ED8CBF0"
MOVING_ID = 140094


@pytest.fixture
async def cloud() -> AsyncGenerator[Simulator]:
    """Run the cloud."""
    async with Simulator("documentation") as cloud:
        yield cloud


def client_for(
    cloud: Simulator, session: aiohttp.ClientSession, token: str
) -> GatewayClient:
    """Return a client with a token and without spacing."""
    template = f"{cloud.url}/camera/{{serial_number}}"
    return GatewayClient(session, template, token, spacing=0)


@pytest.fixture
def gateway(cloud: Simulator, session: aiohttp.ClientSession) -> GatewayClient:
    """Return a client with all permissions."""
    return client_for(cloud, session, cloud.create_api_token())


@pytest.fixture
async def cameras() -> AsyncGenerator[Cameras]:
    """Run the cameras on a free port."""
    cameras = Cameras()
    cameras.says()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", cameras.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    cameras.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield cameras
    await runner.cleanup()


@pytest.fixture
def reports() -> Reports:
    """Return the reports of the client."""
    return Reports()


@pytest.fixture
def client(
    cameras: Cameras, session: aiohttp.ClientSession, reports: Reports
) -> GatewayClient:
    """Return a client without spacing."""
    return GatewayClient(
        session,
        f"{cameras.url}/camera/{{serial_number}}",
        TOKEN,
        report=reports,
        timeout=0.5,
        spacing=0,
    )
