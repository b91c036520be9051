"""A cloud to check, with an offline camera and short recordings."""

from collections.abc import AsyncGenerator

import aiohttp
import pytest

from custom_components.netrex.client import Pacer
from custom_components.netrex.client.check import PortalCalls, Subject, recordings
from simulator import Simulator


@pytest.fixture
async def cloud(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Simulator]:
    """Run a cloud whose last camera is offline."""
    monkeypatch.setattr(recordings, "_LENGTH_SECONDS", 2)
    monkeypatch.setattr(recordings, "_POLL_SECONDS", 0.1)
    async with Simulator("shop") as cloud:
        cloud.switches.rate_limit = False
        cloud.switches.prepare_duration = 0.1
        list(cloud.world.cameras.values())[-1].is_connected = False
        yield cloud


@pytest.fixture
def subject(cloud: Simulator, session: aiohttp.ClientSession, pacer: Pacer) -> Subject:
    """Return the account, with a camera access token."""
    token = cloud.create_api_token()

    async def get_token() -> str:
        return token

    return Subject(
        session,
        cloud.url,
        get_token,
        PortalCalls(session, cloud.url, get_token, pacer),
        cloud.create_api_token(scopes=["configuration"]),
        f"{cloud.url}/camera/{{serial_number}}",
    )
