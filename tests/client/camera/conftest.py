"""A simulated cloud with two cameras of the documentation, and a way to them."""

from collections.abc import AsyncGenerator

import aiohttp
import pytest

from custom_components.netrex.client import GatewayClient
from simulator import Simulator

# It moves and has two inputs and an output; the other does and has nothing.
MOVING = "ACCC8EE8A9CA"
FIXED = "ACCC8ED8CBF0"
MOVING_ID = 140094


@pytest.fixture
async def cloud() -> AsyncGenerator[Simulator]:
    """Run a cloud."""
    async with Simulator("documentation") as cloud:
        yield cloud


@pytest.fixture
def gateway(cloud: Simulator, session: aiohttp.ClientSession) -> GatewayClient:
    """Return a way to its cameras, for whoever has a token."""
    template = f"{cloud.url}/camera/{{serial_number}}"
    return GatewayClient(session, template, cloud.create_api_token(), spacing=0)
