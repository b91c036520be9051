"""What the relay reads in descriptions, and in RTP-Info."""

import pytest

from custom_components.netrex.relay.resumption import (
    Resumption,
    _channels,
    _play_times,
)
from custom_components.netrex.relay.rtsp import Request, Response
from custom_components.netrex.relay.sdp import Description, Format
from custom_components.netrex.relay.udp import UdpClients

URL = "rtsp://camera/x"


def description(*lines: str, url: str = URL, **headers: str) -> Description:
    body = "\r\n".join(lines).encode()
    names = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Description.of(Response(200, headers=names, body=body), url)


def first(*lines: str) -> Format:
    """Return the format of a track with these attributes."""
    (track,) = description("v=0", "m=video 0 RTP/AVP 96", *lines).tracks
    return track.formats[96]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a=rtpmap:96 H264/90000", "a=rtpmap:96 h264/90000/1"),
        ("a=fmtp:96 packetization-mode=0", "a=fmtp:96 profile-level-id=42001e"),
        ("a=fmtp:96 a=1;sizeLength=13", "a=fmtp:96 sizelength=13 ; b=2;"),
        ("a=fmtp:96 config=14AB", "a=fmtp:96 config=14ab"),
        ("a=ssrc:1 cname:a", "a=ssrc:2 cname:b"),
        ("a=ptime:20", "a=framerate:25"),
    ],
)
def test_wording_does_not_matter(one: str, other: str) -> None:
    assert first(one).is_like(first(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a=rtpmap:96 H264/90000", "a=rtpmap:96 H265/90000"),
        ("a=rtpmap:96 OPUS/48000/2", "a=rtpmap:96 OPUS/48000/1"),
        ("a=rtpmap:96 OPUS/48000", "a=rtpmap:96 OPUS/16000"),
        ("a=fmtp:96 packetization-mode=1", "a=fmtp:96 x=1"),
        ("a=fmtp:96 config=1408", "a=fmtp:96 config=1190"),
        ("a=fmtp:96 mode=AAC-hbr", "a=fmtp:96 mode=AAC-lbr"),
    ],
)
def test_what_decoders_depend_on_matters(one: str, other: str) -> None:
    assert not first(one).is_like(first(other))


def test_parameter_sets_are_compared_as_bytes() -> None:
    known = first("a=fmtp:96 sprop-parameter-sets=Z0IAHg==,aM48gA==").parameter_sets
    assert known == {b"\x67\x42\x00\x1e", b"\x68\xce\x3c\x80"}
    assert first("a=fmtp:96 sprop-parameter-sets=aM48gA,Z0IAHgA,*").parameter_sets == (
        known
    )
    assert first("a=fmtp:96 sprop-sps=A").parameter_sets == set()


def test_damaged_lines_have_defaults() -> None:
    found = description("m=", "m=audio 0 RTP/AVP 0 8 x 999", "a=rtpmap:x", "a=rtpmap:0")
    assert [track.media for track in found.tracks] == ["", "audio"]
    assert found.tracks[1].formats == {
        0: Format("PCMU", 8000),
        8: Format("PCMA", 8000),
    }
    assert first("a=rtpmap:96 X/0").clock_rate == 90_000


@pytest.mark.parametrize(
    ("control", "headers", "url"),
    [
        ("", {}, URL),
        ("*", {}, URL),
        ("track1", {}, f"{URL}/track1"),
        ("track1", {"Content_Base": "rtsp://other/y/"}, "rtsp://other/y/track1"),
        ("track1", {"Content_Location": "rtsp://other/y"}, "rtsp://other/y/track1"),
        ("rtsp://third/z", {"Content_Base": "rtsp://other/"}, "rtsp://third/z"),
        ("/track1", {}, "rtsp://camera/track1"),
        ("/track1", {"Content_Base": "rtsp://[oops/"}, "rtsp://[oops/"),
    ],
)
def test_urls_of_tracks_are_resolved_as_players_do(
    control: str, headers: dict[str, str], url: str
) -> None:
    found = description("m=video 0 RTP/AVP 96", f"a=control:{control}", **headers)
    assert found.tracks[0].url == url


def test_tracks_are_found_by_differently_built_urls() -> None:
    lines = ("a=control:rtsp://base/y", "m=video 0 RTP/AVP 96", "a=control:stream=0")
    found = description(*lines, "m=audio 0 RTP/AVP 0", "a=control:stream=1")
    assert found.url == "rtsp://base/y"
    assert found.track_of("rtsp://base/y/stream=1/") == 1
    assert found.track_of("rtsp://elsewhere/a?b/stream=0") == 0
    assert found.track_of("stream=1") == 1
    assert found.track_of("rtsp://base/y") is None


@pytest.mark.parametrize(
    ("info", "times"),
    [
        ("url=stream=0;seq=1;rtptime=7,url=stream=1;rtptime=8", [(0, 7), (1, 8)]),
        (f"url={URL}/stream=1;rtptime=5;seq=2", [(1, 5)]),
        ("url=unknown;rtptime=5, url=stream=0;seq=4", []),
        ("nonsense", []),
    ],
)
def test_times_in_rtp_info(info: str, times: list[tuple[int, int]]) -> None:
    tracks = ("m=video 0 RTP/AVP 96", "a=control:stream=0", "m=audio 0 RTP/AVP 0")
    found = description(*tracks, "a=control:stream=1")
    answer = Response(200, headers=[("RTP-Info", info)])
    assert _play_times(answer, found) == times


def test_a_single_track_needs_no_name_in_rtp_info() -> None:
    found = description("m=video 0 RTP/AVP 96")
    answer = Response(200, headers=[("RTP-Info", "url=x;rtptime=9")])
    assert _play_times(answer, found) == [(0, 9)]


def test_channels_are_those_of_the_answer() -> None:
    def message(transport: str) -> list[tuple[str, str]]:
        return [("Transport", f"RTP/AVP/TCP;{transport}")]

    request = Request("SETUP", URL, headers=message("interleaved=4-5"))
    for transport, channels in {
        "interleaved=6-7": (6, 7),
        "interleaved=6": (6, 7),
        "unicast": (4, 5),
        "interleaved=300-301": (4, 5),
    }.items():
        answer = Response(200, headers=message(transport))
        assert _channels(answer, request) == channels
    assert _channels(Response(200), Request("SETUP", URL)) is None


def request(method: str, number: int, url: str = URL) -> Request:
    transport = ("Transport", "RTP/AVP/TCP;interleaved=0-1")
    return Request(method, url, headers=[("CSeq", str(number)), transport])


def answer(number: int, status: int = 200) -> Response:
    return Response(status, headers=[("CSeq", str(number)), ("Session", "a;timeout=9")])


def test_requests_without_an_answer_are_answered_after_the_resumption() -> None:
    body = b"m=video 0 RTP/AVP 96\r\na=control:stream=0\r\n"
    resumption = Resumption(Response(200, body=body), URL)
    resumption.outgoing(request("SETUP", 1, f"{URL}/stream=0"))
    assert not resumption.is_possible
    resumption.incoming(answer(1))
    resumption.outgoing(request("PLAY", 2))
    resumption.incoming(answer(2))
    assert resumption.is_possible
    resumption.outgoing(request("GET_PARAMETER", 3))
    resumption.outgoing(request("OPTIONS", 4))
    # The server may number its answers incorrectly.
    resumption.incoming(answer(77))

    (late,) = resumption.answers()
    assert late.status == 200
    assert late.headers == [("CSeq", "4"), ("Session", "a")]
    assert resumption.answers() == []


def test_an_unknown_or_refused_track_is_not_resumed() -> None:
    body = b"m=video 0 RTP/AVP 96\r\na=control:a\r\nm=audio 0 RTP/AVP 0\r\na=control:b"
    resumption = Resumption(Response(200, body=body), URL)
    resumption.outgoing(request("SETUP", 1, f"{URL}/a"))
    resumption.incoming(answer(1, 404))
    resumption.outgoing(request("PLAY", 2))
    resumption.incoming(answer(2))
    assert not resumption.is_possible
    # Set up twice: the last channels count.
    for number in (3, 4):
        resumption.outgoing(request("SETUP", number, f"{URL}/a"))
        resumption.incoming(answer(number))
    assert resumption.is_possible
    resumption.outgoing(request("SETUP", 5, f"{URL}/c"))
    resumption.incoming(answer(5))
    assert not resumption.is_possible


def test_clients_that_insist_on_udp_are_forgotten() -> None:
    now = 0.0
    clients = UdpClients(lambda: now)
    described = Response(200, "OK", headers=[("CSeq", "9"), ("X", "y")], body=b"v=0")
    for number in range(101):
        clients.refused(number, described)
    assert clients.describe(0, request("DESCRIBE", 1)) is None
    again = clients.describe(1, request("DESCRIBE", 1))
    assert again is not None
    assert again.headers == [("CSeq", "1"), ("X", "y")]
    bare = clients.describe(1, Request("DESCRIBE", URL))
    assert bare is not None
    assert bare.headers == [("X", "y")]
    now = 601.0
    assert clients.describe(1, request("DESCRIBE", 1)) is None
