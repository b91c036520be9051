"""Playing over every transport, from trusted servers only."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
import ssl

import aiohttp
from aiohttp import web
import av
import pytest
from yarl import URL

from custom_components.netrex.client import (
    AddressGate,
    Ledger,
    LinkRequest,
    LiveLink,
    LiveTransport,
    NetrexClient,
    Pacer,
)
from custom_components.netrex.relay.server import Relay
from custom_components.netrex.relay.terms import EndReason, SessionEnd
from custom_components.netrex.relay.transports import WIRES, Address, Dialer, Link
from simulator import Simulator, Switches
from simulator.switches import TRANSPORTS
from tests.leaks import assert_no_secret
from tests.simulator.rtsp_client import RtspClient

from .conftest import scripted_server
from .players import until, watch
from .test_upstream import answering

ENCRYPTED = [transport for transport, wire in WIRES.items() if wire.encrypted]
TUNNELS = [transport for transport, wire in WIRES.items() if wire.tunnel]

type Start = Callable[[LiveTransport, ssl.SSLContext], Awaitable[Relay]]
type Play = Callable[[LiveTransport, ssl.SSLContext | None], Awaitable[list[int]]]


@pytest.fixture
async def cloud() -> AsyncGenerator[Simulator]:
    """Run a cloud that has all transports."""
    switches = Switches(rate_limit=False, transports=TRANSPORTS)
    async with Simulator("shop", switches=switches) as running:
        yield running


@pytest.fixture
def trusting(cloud: Simulator) -> ssl.SSLContext:
    """Return a context that trusts the cloud's authority and checks the host name."""
    return ssl.create_default_context(cadata=cloud.authority)


@pytest.fixture
def ends() -> list[SessionEnd]:
    """Return a list to which the relay appends how links were used."""
    return []


@pytest.fixture
async def start(cloud: Simulator, ends: list[SessionEnd]) -> AsyncGenerator[Start]:
    """Return a function that starts a relay for the first camera."""
    token = cloud.create_api_token()
    camera = next(iter(cloud.world.cameras.values()))
    relays: list[Relay] = []

    async def get_token() -> str:
        return token

    async with aiohttp.ClientSession() as session:
        client = NetrexClient(
            session, cloud.url, get_token, pacer=Pacer(Ledger(), interval=0)
        )
        client.schema = await client.fetch_schema()

        async def run(transport: LiveTransport, context: ssl.SSLContext) -> Relay:
            request = LinkRequest(
                camera.node_id,
                transport,
                stream_profile_id=camera.stream_profiles[0].stream_profile_id,
            )

            async def get_link(_key: str) -> Link:
                link = (await client.live_links([request]))[request]
                assert isinstance(link, LiveLink)
                return Link(link.url, transport)

            relay = Relay(
                get_link,
                dial=Dialer(session, context, AddressGate(cloud.url)),
                transport=lambda _: transport,
                on_ended=ends.append,
            )
            await relay.start()
            relays.append(relay)
            return relay

        yield run
        for relay in relays:
            await relay.stop()


@pytest.fixture
def play(start: Start) -> Play:
    """Return a function that plays the first camera through a relay."""

    async def run(
        transport: LiveTransport, context: ssl.SSLContext | None
    ) -> list[int]:
        relay = await start(transport, context or ssl.create_default_context())
        return await watch(relay.url("camera"), frames=5)

    return run


@pytest.mark.parametrize("transport", LiveTransport)
async def test_every_transport_plays(
    cloud: Simulator,
    play: Play,
    ends: list[SessionEnd],
    trusting: ssl.SSLContext,
    transport: LiveTransport,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert await play(transport, trusting) == [360] * 5
    await until(lambda: ends)

    assert [(end.transport, end.reason) for end in ends] == [
        (transport, EndReason.CLIENT)
    ]
    assert [link.transport for link in cloud.links] == [transport]
    assert [link.used for link in cloud.links] == [1]
    await until(lambda: cloud.rtsp.sessions == 0)
    assert_no_secret(caplog.text, [link.url for link in cloud.links])


@pytest.mark.parametrize("transport", ENCRYPTED)
async def test_an_untrusted_server_gets_no_request(
    cloud: Simulator, play: Play, ends: list[SessionEnd], transport: LiveTransport
) -> None:
    with pytest.raises(av.FFmpegError, match="5XX"):
        await play(transport, None)

    assert ends[0].reason is EndReason.UNREACHABLE
    assert cloud.rtsp.sessions_total == 0


@pytest.mark.parametrize("transport", TUNNELS)
async def test_a_session_stays_alive_over_every_tunnel(
    cloud: Simulator,
    start: Start,
    trusting: ssl.SSLContext,
    transport: LiveTransport,
) -> None:
    cloud.switches.session_timeout = 2
    relay = await start(transport, trusting)
    async with await RtspClient.connect(relay.url("camera")) as client:
        await client.play()
        started = asyncio.get_running_loop().time()
        async with asyncio.timeout(10):
            while asyncio.get_running_loop().time() < started + 4:
                await client.read()
    assert [link.used for link in cloud.links] == [1]


@pytest.mark.parametrize("transport", TUNNELS)
async def test_a_broken_tunnel_disconnects_the_viewer(
    cloud: Simulator,
    play: Play,
    ends: list[SessionEnd],
    trusting: ssl.SSLContext,
    transport: LiveTransport,
) -> None:
    cloud.faults.add("rtsp", "cut", match="PLAY")
    with pytest.raises(av.FFmpegError):
        await play(transport, trusting)

    assert len(ends) == 1


@pytest.mark.parametrize("transport", ENCRYPTED)
async def test_no_connection_to_a_silent_server_outlives_the_relay(
    cloud: Simulator, start: Start, trusting: ssl.SSLContext, transport: LiveTransport
) -> None:
    """TLS would wait for the server's close_notify."""
    camera = next(iter(cloud.world.cameras.values()))
    server = URL(
        cloud.rtsp.mint(camera.node_id, camera.stream_profiles[0], transport=transport)
    )
    is_silent = False
    left = 0

    async def forward(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Act as the network between relay and server."""
        nonlocal left
        there, back = await asyncio.open_connection(server.host, server.port)

        async def pipe(
            source: asyncio.StreamReader, sink: asyncio.StreamWriter
        ) -> None:
            while data := await source.read(65536):
                if not is_silent:
                    sink.write(data)

        left += 1
        answers = asyncio.create_task(pipe(there, writer))
        try:
            await pipe(reader, back)
        finally:
            left -= 1
            answers.cancel()
            back.close()

    async with scripted_server(forward) as link:
        base = server.origin().with_port(URL(link).port)
        cloud.rtsp.announce(transport, str(base))
        relay = await start(transport, trusting)
        async with await RtspClient.connect(relay.url("camera")) as client:
            assert (await client.request("DESCRIBE")).status == 200
            assert left
            is_silent = True
            await relay.stop()
        await asyncio.sleep(0.1)
        assert left == 0


@pytest.fixture
async def dialer() -> AsyncGenerator[Dialer]:
    """Return a dialer."""
    async with aiohttp.ClientSession() as session:
        yield Dialer(
            session, ssl.create_default_context(), AddressGate("http://127.0.0.1")
        )


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("HTTP/1.0 403 Forbidden\r\n\r\n", ConnectionRefusedError),
        ("", ConnectionResetError),
        ("x" * 300_000, ConnectionResetError),
    ],
)
async def test_a_refused_tunnel_is_a_connection_error(
    dialer: Dialer, answer: str, error: type[OSError]
) -> None:
    async with scripted_server(answering(answer)) as link:
        with pytest.raises(error):
            await dialer(Link(link, LiveTransport.RTSPH))
        with pytest.raises(ConnectionRefusedError):
            await dialer(Link(link, LiveTransport.RTSPWS))


@pytest.mark.parametrize("transport", WIRES)
async def test_a_link_to_another_address_of_this_machine_is_not_dialed(
    dialer: Dialer, transport: LiveTransport
) -> None:
    """Only the address of the portal itself is permitted."""
    connections = 0

    def count(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.close()

    scheme = WIRES[transport].tunnel or "rtsp"
    async with await asyncio.start_server(count, "127.0.0.2", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            await dialer(Link(f"{scheme}://127.0.0.2:{port}/a", transport))
        await asyncio.sleep(0.05)
    assert connections == 0


@pytest.mark.parametrize("transport", [LiveTransport.RTSPH, LiveTransport.RTSPWS])
async def test_a_tunnel_follows_no_redirect(
    dialer: Dialer, transport: LiveTransport
) -> None:
    connections = 0

    async def count(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.close()

    async with await asyncio.start_server(count, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        answer = (
            f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{port}/b\r\n"
            "Content-Length: 0\r\n\r\n"
        )
        async with scripted_server(answering(answer)) as link:
            with pytest.raises(ConnectionRefusedError):
                await dialer(Link(link, transport))
        await asyncio.sleep(0.05)
    assert connections == 0


async def test_a_websocket_is_read_and_written_as_a_stream(dialer: Dialer) -> None:
    received: list[bytes] = []

    async def serve(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=("binary",))
        await socket.prepare(request)
        await socket.send_bytes(b"")
        await socket.send_bytes(b"answer")
        received.append(await socket.receive_bytes())
        assert request.transport is not None
        request.transport.abort()
        return socket

    app = web.Application()
    app.router.add_get("/stream", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"ws://127.0.0.1:{runner.addresses[0][1]}/stream"
    try:
        reader, writer = await dialer(Link(url, LiveTransport.RTSPWS))
        await writer.drain()
        writer.write(b"re")
        writer.write(b"quest")
        await writer.drain()
        assert await reader.read(1) == b"answer"
        assert await reader.read(1) == b""
        writer.write(b"late")
        with pytest.raises(ConnectionResetError):
            await writer.drain()
        await writer.wait_closed()
        writer.close()
        writer.close()
        await writer.wait_closed()
    finally:
        await runner.cleanup()
    assert received == [b"request"]


@pytest.mark.parametrize(
    ("url", "transport", "expected"),
    [
        ("rtsp://h.net:2554/a~1~b", LiveTransport.RTSP, "rtsp://h.net:2554/a~1~b"),
        ("rtsp://h.net/a", LiveTransport.LOCAL, "rtsp://h.net/a"),
        ("rtsp://u:p@h.net:1/a", LiveTransport.RTSP, "rtsp://h.net:1/a"),
        ("wss://h.net/a?b=c", LiveTransport.RTSPWSS, "rtsp://h.net:443/a?b=c"),
        ("rtspws://h.net:81/a", LiveTransport.RTSPWS, "rtsp://h.net:81/a"),
        ("rtsp://h.net:8080/a", LiveTransport.RTSPH, "rtsp://h.net:8080/a"),
        ("https://[::1]/a", LiveTransport.RTSPHS, "rtsp://[::1]:443/a"),
    ],
)
def test_the_request_uri_of_a_link(
    url: str, transport: LiveTransport, expected: str
) -> None:
    assert Address.of(Link(url, transport)).request_uri == expected


@pytest.mark.parametrize("url", ["", "rtsp:///a", "http://h/a", "rtsp://h:x/a"])
def test_invalid_links_are_rejected(url: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Address.of(Link(url))
