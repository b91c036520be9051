"""Small packets are not delayed."""

import asyncio
import socket

from ..simulator.rtsp_client import RtspClient
from .conftest import Harness
from .players import until


async def test_the_relay_sends_without_nagle_delay(
    relay: Harness, address: str
) -> None:
    async with await RtspClient.connect(address):
        await until(lambda: relay._sessions)
        (session,) = relay._sessions
        writer = session._client._writer
        assert isinstance(writer, asyncio.StreamWriter)
        accepted = writer.get_extra_info("socket")

        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
