"""A simulated cloud with the two cameras of the documentation, and its gateway."""

from collections.abc import AsyncGenerator

import aiohttp
import pytest

from custom_components.netrex.client import GatewayClient
from simulator import Simulator

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
