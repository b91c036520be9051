"""Requests that keep a session alive."""

import asyncio

import pytest

from custom_components.netrex.relay import keep_alive
from custom_components.netrex.relay.authentication import Authenticator, Credentials
from custom_components.netrex.relay.connection import Connection
from custom_components.netrex.relay.keep_alive import KeepAlive
from custom_components.netrex.relay.rtsp import Parser, Request, Response

from .players import until
from .test_fuzz import MemoryReader, MemoryWriter

URL = "rtsp://camera/x"
SETUP = Response(
    200,
    "OK",
    headers=[
        ("CSeq", "2"),
        ("Session", "abc; timeout=10"),
        ("Transport", "RTP/AVP/TCP;interleaved=2-3"),
    ],
)


class RecordingWriter(MemoryWriter):
    """Records what is sent; as a WebSocket, it only sends when it is drained."""

    def __init__(self) -> None:
        """Start empty."""
        self.data = b""
        self._queued = b""

    def write(self, data: bytes, /) -> None:
        """Queue data."""
        self._queued += data

    async def drain(self) -> None:
        """Send the queued data."""
        self.data += self._queued
        self._queued = b""

    def events(self) -> tuple[list[Request], list[bytes]]:
        """Return the requests and the other data."""
        found = Parser().feed(self.data)
        requests = [event for event in found if isinstance(event, Request)]
        return requests, [event for event in found if isinstance(event, bytes)]


@pytest.fixture
def writer() -> RecordingWriter:
    return RecordingWriter()


@pytest.fixture
def connection(writer: RecordingWriter) -> Connection:
    return Connection(MemoryReader(), writer)


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send every 0.01 s instead of every quarter of the timeout."""
    monkeypatch.setattr(keep_alive, "_PARTS", 1000)


async def test_requests_and_reports_alternate_until_the_end(
    connection: Connection, writer: RecordingWriter
) -> None:
    keeper = KeepAlive(connection, URL)
    assert not keeper.observe(SETUP)
    await until(lambda: len(writer.events()[0]) >= 4)
    keeper.close()
    requests, reports = writer.events()

    assert [request.method for request in requests[:3]] == [
        "OPTIONS",
        "GET_PARAMETER",
        "OPTIONS",
    ]
    assert {request.header("Session") for request in requests} == {"abc"}
    assert {request.uri for request in requests} == {URL}
    assert all(report[:8] == b"$\3\0\x08\x80\xc9\0\1" for report in reports)
    sent = len(writer.data)
    await asyncio.sleep(0.05)
    assert len(writer.data) == sent


async def test_a_refused_method_is_not_repeated(
    connection: Connection, writer: RecordingWriter
) -> None:
    keeper = KeepAlive(connection, URL)
    keeper.observe(SETUP)
    await until(lambda: len(writer.events()[0]) == 2)
    last = writer.events()[0][-1]
    answer = Response(501, "", headers=[("CSeq", last.header("CSeq") or "")])
    assert keeper.observe(answer)
    await until(lambda: len(writer.events()[0]) >= 5)
    keeper.close()

    methods = [request.method for request in writer.events()[0]]
    assert methods.count("GET_PARAMETER") == 1
    assert methods[2:] == ["OPTIONS"] * len(methods[2:])


async def test_late_answers_are_hidden(
    connection: Connection, writer: RecordingWriter
) -> None:
    """A client that reads slowly delays the answers."""
    keeper = KeepAlive(connection, URL)
    keeper.observe(SETUP)
    await until(lambda: len(writer.events()[0]) >= 20)
    keeper.close()

    numbers = [request.header("CSeq") or "" for request in writer.events()[0]]
    hidden = [
        keeper.observe(Response(200, "OK", headers=[("CSeq", number)]))
        for number in [*numbers, "3"]
    ]
    # A server that never answers does not fill the memory.
    assert hidden == [*[False] * (len(numbers) - 16), *[True] * 16, False]


async def test_reports_are_sent_if_all_methods_are_refused(
    connection: Connection, writer: RecordingWriter
) -> None:
    keeper = KeepAlive(connection, URL)
    keeper.observe(SETUP)
    await until(lambda: len(writer.events()[0]) >= 2)
    for request in writer.events()[0]:
        number = request.header("CSeq") or ""
        assert keeper.observe(Response(501, "", headers=[("CSeq", number)]))
    sent = len(writer.events()[0]), len(writer.data)
    await until(lambda: len(writer.data) >= sent[1] + 3 * 12)
    keeper.close()
    # Reports follow each other without a message in between.
    assert len(writer.events()[0]) == sent[0]


async def test_a_broken_connection_ends_the_requests(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = 0

    async def drain() -> None:
        nonlocal attempts
        attempts += 1
        raise ConnectionResetError

    monkeypatch.setattr(connection, "drain", drain)
    keeper = KeepAlive(connection, URL)
    keeper.observe(SETUP)
    await until(lambda: attempts)
    await asyncio.sleep(0.05)
    keeper.close()
    assert attempts == 1


async def test_requests_are_authenticated(
    connection: Connection, writer: RecordingWriter
) -> None:
    authenticator = connection.authenticator = Authenticator(Credentials("u", "p"))
    authenticator.authorize(Request("DESCRIBE", URL, headers=[("CSeq", "1")]))
    challenge = [("CSeq", "1"), ("WWW-Authenticate", 'Basic realm="x"')]
    assert authenticator.retry(Response(401, headers=challenge))
    keeper = KeepAlive(connection, URL)
    keeper.observe(SETUP)
    await until(lambda: writer.events()[0])
    keeper.close()
    assert writer.events()[0][0].header("Authorization") == "Basic dTpw"


async def test_nothing_is_sent_without_a_session(
    connection: Connection, writer: RecordingWriter
) -> None:
    keeper = KeepAlive(connection, URL)
    keeper.observe(Response(200, headers=[("Transport", "RTP/AVP;interleaved=1-999")]))
    await asyncio.sleep(0.05)
    keeper.close()
    assert writer.data == b""
