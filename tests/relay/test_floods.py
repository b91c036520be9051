"""What a client costs that sends far more than a viewer would."""

import asyncio
from collections.abc import Awaitable, Callable
from time import thread_time

import pytest

from custom_components.netrex.relay.connection import Connection
from custom_components.netrex.relay.endpoint import Endpoint
from custom_components.netrex.relay.rtsp import (
    STRANGER_MESSAGES,
    STRANGER_SIZE,
    Parser,
    RtspError,
)
from custom_components.netrex.relay.server import Relay
from custom_components.netrex.relay.session import Session
from custom_components.netrex.relay.transports import Link
from tests.simulator.rtsp_client import RtspClient

from .players import until
from .test_fuzz import MemoryWriter

# Bytes that one connection sends, and connections in a measurement.
SENT = 64 * 1024
CONNECTIONS = 8
ROUNDS = 7
# Limit of the processor time for a byte, in relation to a byte of a picture.
MAX_RATIO = 20

PICTURES = (b"$\0" + (1400).to_bytes(2) + bytes(1400)) * (SENT // 1404)
FLOODS = {
    "line ends": b"\r\n",
    "line feeds": b"\n",
    "unknown method": b"BREW rtsp://h/secret/1 RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    "known method": b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    "answers": b"RTSP/1.0 200 OK\r\n\r\n",
    "empty frames": b"$\0\0\0",
    "empty frames and line ends": b"$\0\0\0\r\n",
    "line ends and messages": b"\r\n\r\n\r\nOPTIONS * RTSP/1.0\r\n\r\n",
    "headers": b"OPTIONS * RTSP/1.0\r\n" + b"a:\n" * 4000 + b"\r\n",
}


def connection(data: bytes, *, stranger: bool = True) -> Connection:
    """Return a connection that has received `data`."""
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return Connection(reader, MemoryWriter(), stranger=stranger)


async def no_link(_: str) -> Link:
    """Fail, because no link must be requested."""
    raise AssertionError


async def cheapest(serve: Callable[[], Awaitable[None]]) -> float:
    """Return the processor time of some connections (seconds)."""
    times = []
    for _ in range(ROUNDS):
        started = thread_time()
        for _ in range(CONNECTIONS):
            await serve()
        times.append(thread_time() - started)
    return min(times)


@pytest.mark.parametrize("unit", FLOODS.values(), ids=FLOODS)
async def test_a_flood_before_the_secret_costs_little_more_than_pictures(
    unit: bytes,
) -> None:
    flood = unit * (SENT // len(unit) + 1)
    relay = Relay(no_link)

    async def pictures() -> None:
        client = connection(PICTURES, stranger=False)
        while await client.receive() is not None:
            pass

    async def stranger() -> None:
        await Session(relay, Endpoint(), connection(flood)).run()

    ratio = (await cheapest(stranger)) / (await cheapest(pictures))
    assert ratio < MAX_RATIO


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n", b"\r"])
def test_line_ends_cost_no_more_than_pictures(line_end: bytes) -> None:
    def cost(data: bytes) -> float:
        times = []
        for _ in range(ROUNDS):
            started = thread_time()
            for _ in range(CONNECTIONS):
                Parser().feed(data)
            times.append(thread_time() - started)
        return min(times)

    assert cost(line_end * (SENT // len(line_end))) < MAX_RATIO * cost(PICTURES)


@pytest.mark.parametrize("unit", FLOODS.values(), ids=FLOODS)
def test_a_stranger_is_refused_early(unit: bytes) -> None:
    parser = Parser(stranger=True)
    sent = 0
    while parser.failure is None and sent <= STRANGER_SIZE:
        parser.feed(unit)
        sent += len(unit)

    assert isinstance(parser.failure, RtspError)


def test_requests_that_a_player_sends_first_are_accepted() -> None:
    agent = b"x" * 400
    request = b"\r\nOPTIONS * RTSP/1.0\r\nUser-Agent: " + agent + b"\r\n\r\n"
    parser = Parser(stranger=True)
    for _ in range(STRANGER_MESSAGES):
        parser.feed(request)

    assert parser.failure is None
    parser.trust()
    parser.feed(PICTURES * 2)
    assert parser.failure is None


async def test_an_unknown_method_closes_only_before_the_secret(address: str) -> None:
    for url in ("*", address.replace("/1", "/2"), "rtsp://127.0.0.1/"):
        async with await RtspClient.connect(address) as client:
            client.url = url
            assert (await client.request("ANNOUNCE")).status == 501
            assert await client.closed()
    async with await RtspClient.connect(address) as client:
        assert (await client.request("ANNOUNCE")).status == 501
        assert (await client.request("OPTIONS")).status == 200
        client.url = "*"
        assert (await client.request("ANNOUNCE")).status == 501
        assert (await client.request("OPTIONS")).status == 200


async def test_many_requests_of_a_viewer_leave_time_for_others() -> None:
    endpoint = Endpoint()
    request = f"OPTIONS {endpoint.url('1')} RTSP/1.0\r\n\r\n".encode()
    reader = asyncio.StreamReader()
    client = Connection(reader, MemoryWriter(), stranger=True)
    session = Session(Relay(no_link), endpoint, client)
    reader.feed_data(request)
    task = asyncio.create_task(session.run())
    await until(lambda: session.stream_key)
    reader.feed_data(request * 500)
    reader.feed_eof()
    turns = 0
    while not task.done():
        await asyncio.sleep(0)
        turns += 1

    # The event loop serves others at least once per few messages.
    assert turns > 500 / 20
