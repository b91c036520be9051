"""When the gateway client calls a camera: one call at a time, with exceptions."""

import asyncio
from itertools import pairwise

import aiohttp
from aiohttp import web
import pytest

from custom_components.netrex.client import (
    GatewayClient,
)

from ..conftest import TOKEN
from .fake_cameras import OTHER, PATH, SERIAL, Cameras, Reports, slow


async def test_a_camera_gets_one_call_at_a_time(
    cameras: Cameras, session: aiohttp.ClientSession
) -> None:
    client = GatewayClient(
        session, f"{cameras.url}/{{serial_number}}", TOKEN, spacing=0.05
    )
    await asyncio.gather(*(client.request_text(SERIAL, PATH) for _ in range(4)))
    assert cameras.most == 1
    gaps = [later - earlier for earlier, later in pairwise(cameras.times)]
    assert min(gaps) >= 0.05


async def test_other_cameras_and_urgent_calls_do_not_wait(
    cameras: Cameras, client: GatewayClient
) -> None:
    together = asyncio.Barrier(3)

    async def answer(_: web.Request) -> web.StreamResponse:
        await together.wait()
        return web.Response()

    cameras.answer = answer
    await asyncio.gather(
        client.request_text(SERIAL, PATH),
        client.request_text(OTHER, PATH),
        client.request_text(SERIAL, PATH, form={}, urgent=True),
    )


async def test_an_urgent_call_does_not_wait_for_the_spacing(
    cameras: Cameras, session: aiohttp.ClientSession
) -> None:
    client = GatewayClient(
        session, f"{cameras.url}/{{serial_number}}", TOKEN, spacing=60
    )
    await client.request_text(SERIAL, PATH)
    async with asyncio.timeout(5):
        await client.request_text(SERIAL, PATH, form={}, urgent=True)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await client.request_text(SERIAL, PATH)
    assert len(cameras.requests) == 2


async def test_a_cancelled_call_does_not_block_the_camera(
    cameras: Cameras, client: GatewayClient
) -> None:
    cameras.answer = slow
    calls = [asyncio.create_task(client.request_text(SERIAL, PATH)) for _ in range(2)]
    await asyncio.sleep(0.05)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    cameras.says()
    assert await client.request_text(SERIAL, PATH) == "OK"


async def test_a_websocket_does_not_block_other_calls(
    cameras: Cameras, client: GatewayClient, reports: Reports
) -> None:
    async def talk(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data.upper())
        return socket

    cameras.answer = talk
    socket = await client.websocket(
        SERIAL, "vapix/ws-data-stream", {"sources": "events"}
    )
    # Other calls succeed while it is open.
    async with asyncio.timeout(1):
        await socket.send_str("hello")
        assert await socket.receive_str() == "HELLO"
        cameras.says()
        assert await client.request_text(SERIAL, PATH) == "OK"
    await socket.close()
    request = cameras.requests[0]
    assert request.headers["Authorization"] == f"Token {TOKEN}"
    assert request.path_qs == f"/camera/{SERIAL}/vapix/ws-data-stream?sources=events"
    assert reports.rows[0] == (SERIAL, None)
