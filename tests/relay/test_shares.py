"""What one machine or one stream may take of a relay."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import pytest

from custom_components.netrex.relay.endpoint import Endpoint
from custom_components.netrex.relay.server import Limits
from tests.simulator.rtsp_client import RtspClient

from .conftest import RunRelay, scripted_server
from .test_upstream import DESCRIBED, always


class Machine:
    """A machine in the network that opens streams and keeps them open."""

    def __init__(self, stack: AsyncExitStack, address: str) -> None:
        """Connect from a loopback address."""
        self._stack = stack
        self._address = address

    async def open(self, url: str) -> int:
        """Open a stream; return the status."""
        host, _, port = url.split("/")[2].partition(":")
        connection = await asyncio.open_connection(
            host, int(port), local_addr=(self._address, 0)
        )
        client = await self._stack.enter_async_context(RtspClient(url, *connection))
        return (await client.request("DESCRIBE")).status

    async def open_many(self, endpoint: Endpoint, keys: str, count: int) -> list[int]:
        """Open streams in turn; return the statuses."""
        return [
            await self.open(endpoint.url(keys[number % len(keys)]))
            for number in range(count)
        ]


@pytest.fixture
async def stack() -> AsyncGenerator[AsyncExitStack]:
    """Return a stack that closes the connections."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def link() -> AsyncGenerator[str]:
    """Return a link to a server that describes each stream."""

    async def script(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(DESCRIBED.encode())
        await reader.read()

    async with scripted_server(script) as link:
        yield link


async def test_another_machine_cannot_keep_home_assistant_out(
    run_relay: RunRelay, link: str, stack: AsyncExitStack
) -> None:
    relay = await run_relay(always(link))
    network = await relay.listen(Endpoint())
    hostile = Machine(stack, "127.0.0.2")

    statuses = await hostile.open_many(network, "1234", 110)

    assert statuses.count(200) == Limits().address_viewers
    home_assistant = Machine(stack, "127.0.0.1")
    assert [await home_assistant.open(relay.url(key)) for key in "12345"] == [200] * 5
    # Nor other machines.
    assert await Machine(stack, "127.0.0.3").open(network.url("5")) == 200


async def test_many_machines_cannot_keep_home_assistant_out(
    run_relay: RunRelay, link: str, stack: AsyncExitStack
) -> None:
    relay = await run_relay(always(link), Limits(viewers=4))
    network = await relay.listen(Endpoint())
    machines = [Machine(stack, f"127.0.0.{number}") for number in range(2, 8)]

    statuses = [await machine.open(network.url("1")) for machine in machines]

    assert statuses == [200] * 4 + [503] * 2
    assert await Machine(stack, "127.0.0.1").open(relay.url("1")) == 200


async def test_one_stream_leaves_room_for_others(
    run_relay: RunRelay, link: str, stack: AsyncExitStack
) -> None:
    relay = await run_relay(always(link), Limits(stream_viewers=2))
    network = await relay.listen(Endpoint())
    machine = Machine(stack, "127.0.0.2")

    assert await machine.open_many(network, "1", 3) == [200, 200, 503]
    assert await machine.open(network.url("2")) == 200
    # Home Assistant may watch a stream as often as it likes.
    own = [await Machine(stack, "127.0.0.1").open(relay.url("1")) for _ in range(4)]
    assert own == [200] * 4
