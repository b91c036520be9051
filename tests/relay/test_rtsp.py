"""The RTSP parser."""

from collections.abc import Iterable
import itertools
import tracemalloc

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.netrex.relay.rtsp import (
    MAX_BODY_SIZE,
    MAX_HEADER_SIZE,
    Event,
    Parser,
    Request,
    Response,
    RtspError,
)

DESCRIBE = (
    b"DESCRIBE rtsp://127.0.0.1:1/s/1 RTSP/1.0\r\n"
    b"CSeq: 2\r\nAccept: application/sdp\r\n\r\n"
)
ANSWER = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 5\r\n\r\nv=0\r\n"


def frame(payload: bytes, channel: int = 0) -> bytes:
    """Return an interleaved frame (RFC 2326 section 10.12)."""
    return bytes([0x24, channel]) + len(payload).to_bytes(2) + payload


def parse(chunks: Iterable[bytes]) -> list[Event]:
    """Return the events of a stream; adjacent runs of data are joined.

    Raises RtspError for invalid data.
    """
    parser = Parser()
    events: list[Event] = []
    for chunk in chunks:
        for event in parser.feed(chunk):
            last = events[-1] if events else None
            if isinstance(event, bytes) and isinstance(last, bytes):
                events[-1] = last + event
            else:
                events.append(event)
    if parser.failure is not None:
        raise parser.failure
    return events


def test_a_request_and_a_response_are_parsed() -> None:
    assert parse([DESCRIBE + ANSWER]) == [
        Request(
            "DESCRIBE",
            "rtsp://127.0.0.1:1/s/1",
            headers=[("CSeq", "2"), ("Accept", "application/sdp")],
        ),
        Response(
            200, "OK", headers=[("CSeq", "2"), ("Content-Length", "5")], body=b"v=0\r\n"
        ),
    ]


def test_messages_between_interleaved_data_are_found() -> None:
    data = frame(b"RTSP/1.0 in a picture\r\n\r\n") + frame(b"") + frame(b"x" * 65535)

    events = parse([data + ANSWER + data + b"\r\n" + DESCRIBE])

    assert [type(event) for event in events] == [bytes, Response, bytes, Request]
    assert events[0] == events[2] == data


def test_a_run_of_whole_frames_is_not_copied() -> None:
    data = frame(b"x" * 1400) * 40

    assert Parser().feed(data)[0] is data


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_bare_line_feeds_and_folded_headers_are_accepted(line_end: bytes) -> None:
    lines = [b"PLAY rtsp://h/1 RTSP/1.0", b"CSeq: 1", b"Range: npt=now-,", b"\t0", b""]

    (request,) = parse([line_end.join([*lines, b""])])

    assert isinstance(request, Request)
    assert request.header("range") == "npt=now-, 0"


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01",  # a TLS client
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"get / rtsp/1.0\r\n\r\n",
        b"DESCRIBE rtsp://h/1\r\n\r\n",
        b"DESCRIBE two words RTSP/1.0\r\n\r\n",
        b"RTSP/1.0 two OK\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nX: a\rInjected: b\r\n\r\n",
        b"PLAY rtsp://h/1 RTSP/1.0\r\nX: \0\r\n\r\n",
        b"PLAY rtsp://h/1 RTSP/1.0\r\nContent-Length: -1\r\n\r\n",
        b"PLAY rtsp://h/1 RTSP/1.0\r\nContent-Length: \xc2\xb2\r\n\r\n",
        b"PLAY rtsp://h/1 RTSP/1.0\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        f"RTSP/1.0 200 OK\r\nContent-Length: {MAX_BODY_SIZE + 1}\r\n\r\n".encode(),
        b"RTSP/1.0 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"PLAY rtsp://h/" + b"1" * MAX_HEADER_SIZE,
        frame(b"picture") + b"junk between frames",
    ],
)
def test_other_protocols_are_rejected(data: bytes) -> None:
    with pytest.raises(RtspError):
        parse([data])
    with pytest.raises(RtspError):
        parse(bytes([byte]) for byte in data)


def test_an_endless_message_does_not_fill_memory() -> None:
    parser = Parser()
    lines = [b"X: " + b"x" * 1000 + b"\r\n"] * 10_000
    tracemalloc.start()
    try:
        for line in (b"PLAY rtsp://h/1 RTSP/1.0\r\n", *lines):
            parser.feed(line)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert parser.failure is not None
    assert peak < 10 * MAX_HEADER_SIZE


TOKEN = st.text("abcXYZ0189_", min_size=1, max_size=12)
TEXT = st.text(
    st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=30
).map(lambda text: text.strip(" \t"))
HEADERS = st.lists(
    st.tuples(TOKEN.filter(lambda name: name.lower() != "content-length"), TEXT),
    max_size=5,
)
BODY = st.binary(max_size=300)
MESSAGES = st.one_of(
    st.builds(
        Request,
        st.sampled_from(["OPTIONS", "SETUP", "GET_PARAMETER"]),
        st.from_regex(r"rtsp://[!-~]{1,20}", fullmatch=True),
        headers=HEADERS,
        body=BODY,
    ),
    st.builds(
        Response,
        st.integers(100, 999),
        TEXT,
        headers=HEADERS,
        body=BODY,
    ),
)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Return the data in chunks."""
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@given(
    st.lists(st.one_of(MESSAGES, st.binary(max_size=200).map(frame)), max_size=8),
    st.lists(st.integers(0, 5000), max_size=30),
)
def test_messages_survive_any_chunking(
    sent: list[Request | Response | bytes], places: list[int]
) -> None:
    data = b"".join(
        event if isinstance(event, bytes) else event.encode() for event in sent
    )

    assert parse(cut(data, places)) == parse([data])
    messages = [event for event in parse([data]) if not isinstance(event, bytes)]
    assert messages == [event for event in sent if not isinstance(event, bytes)]
    media = b"".join(event for event in parse([data]) if isinstance(event, bytes))
    assert media == b"".join(event for event in sent if isinstance(event, bytes))


@settings(max_examples=300)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.sampled_from(
                [b"$", b"\r\n", b"\r\n\r\n", b"RTSP/1.0 ", b"Content-Length: 7\r\n"]
            ),
            st.just(DESCRIBE),
            st.just(ANSWER),
        ),
        max_size=20,
    )
)
def test_junk_yields_at_most_one_failure(chunks: list[bytes]) -> None:
    parser = Parser()
    taken = 0
    for chunk in chunks:
        failed = parser.failure
        events = parser.feed(chunk)
        taken += sum(len(event) for event in events if isinstance(event, bytes))
        assert failed is None or (parser.failure is failed and events == [])
    assert taken <= sum(map(len, chunks))


def test_events_before_a_failure_are_returned() -> None:
    parser = Parser()

    assert len(parser.feed(DESCRIBE + frame(b"picture") + b"junk")) == 2
    assert parser.failure is not None


@given(st.binary(max_size=200))
def test_non_utf8_bytes_in_headers_survive(text: bytes) -> None:
    text = text.translate(None, b"\r\n\0").strip(b" \t")
    head = b"PLAY rtsp://h/1 RTSP/1.0\r\nX-Name: " + text + b"\r\n\r\n"

    (request,) = parse([head])

    assert isinstance(request, Request)
    assert request.encode() == head
