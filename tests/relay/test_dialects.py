"""Streams of several servers and codecs, played and resumed as by Home Assistant."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import batched, pairwise
from statistics import median

import av
from homeassistant.components.stream.worker import TimestampValidator
import pytest

from custom_components.netrex.relay.terms import EndReason
from simulator.media.encoder import VIDEO_CODECS
from simulator.media.sound import AUDIO_CODECS
from simulator.rtsp.sdp import DIALECTS
from simulator.rtsp.server import RtspServer
from simulator.state import State
from simulator.world.model import StreamProfile
from tests.simulator.rtsp_client import RtspClient

from .conftest import CAMERA_ID, PROFILE, Harness, RunRelay
from .players import HOME_ASSISTANT, until, watch
from .test_resumption import packets

DROPS = 2
# Between two drops, in packets of video.
PACKETS = 15
AUDIO = ("none", *AUDIO_CODECS)
# Each dialect with each video codec, and each audio codec with each video codec.
MATRIX = [
    (dialect, video, AUDIO[(number + offset) % len(AUDIO)])
    for offset, video in enumerate(VIDEO_CODECS)
    for number, dialect in enumerate(DIALECTS)
]


@pytest.fixture
async def relay(portal: RtspServer, run_relay: RunRelay) -> Harness:
    """Run a relay that resumes."""

    async def get_link(key: str) -> str:
        return portal.mint(int(key), PROFILE)

    return await run_relay(get_link, resumes=True)


@dataclass
class Played:
    """What Home Assistant's stream got: decoding times by kind of track (seconds)."""

    times: dict[str, list[float]] = field(default_factory=dict)
    rejected: int = 0
    skews: list[float] = field(default_factory=list)

    @property
    def offset_change_seconds(self) -> float:
        """By how much the offset of the tracks differs between two sessions.

        The median of a session, as a busy machine delays single packets.
        """
        offsets = [
            median(skews) for skews in batched(self.skews, PACKETS, strict=False)
        ]
        return max(offsets) - min(offsets)


def play(url: str, drop: Callable[[], None]) -> Played:
    """Read packets as Home Assistant's stream does, with drops in between."""
    played = Played()
    with av.open(url, options=HOME_ASSISTANT, timeout=10) as container:
        streams = [*container.streams.video, *container.streams.audio]
        rates = [int(1 / stream.time_base) for stream in streams if stream.time_base]
        validator = TimestampValidator(rates[0], rates[-1])
        has_started = False
        last = {stream.type: 0.0 for stream in streams}
        for packet in container.demux(streams):
            if packet.dts is None or packet.time_base is None:
                # FFmpeg does not know the time of the first frames.
                assert not played.times.get("video", [])[2:]
                continue
            has_started |= packet.is_keyframe and packet.stream.type == "video"
            is_valid = validator.is_valid(packet)
            played.rejected += has_started and not is_valid
            kind = packet.stream.type
            times = played.times.setdefault(kind, [])
            times.append(float(packet.dts * packet.time_base))
            last[kind] = times[-1]
            if kind != "video":
                continue
            frames = packet.decode()
            assert not any(f.is_corrupt for f in frames if isinstance(f, av.VideoFrame))
            if len(last) > 1 and all(last.values()):
                played.skews.append(last["audio"] - last["video"])
            if len(times) == PACKETS * (DROPS + 1):
                break
            if len(times) % PACKETS == 0:
                drop()
    return played


@pytest.mark.parametrize(("dialect", "video", "audio"), MATRIX)
async def test_streams_of_all_dialects_and_codecs_continue(
    relay: Harness,
    address: str,
    portal: RtspServer,
    state: State,
    dialect: str,
    video: str,
    audio: str,
) -> None:
    state.switches.set("rtsp_dialect", dialect)
    state.switches.set("live_video", video)
    state.switches.set("live_audio", audio)
    loop = asyncio.get_running_loop()

    def drop() -> None:
        loop.call_soon_threadsafe(portal.drop)

    played = await asyncio.to_thread(play, address, drop)

    assert played.rejected == 0
    assert set(played.times) == ({"video"} if audio == "none" else {"video", "audio"})
    for kind, times in played.times.items():
        steps = [b - a for a, b in pairwise(times[1:])]
        assert min(steps) > 0, kind
        assert max(steps) < 0.5, kind
    if played.skews:
        # The tracks stay synchronous over all drops.
        assert max(played.skews) - min(played.skews) < 0.6
    await relay.until_ended(DROPS + 1)
    assert [link.used for link in state.links] == [1] * (DROPS + 1)
    assert [end.reason for end in relay.ends] == [
        *[EndReason.UPSTREAM] * DROPS,
        EndReason.CLIENT,
    ]


@pytest.mark.parametrize("status", [301, 302])
@pytest.mark.parametrize("dialect", ["netrex", "gstreamer"])
async def test_redirects_are_followed_in_each_session(
    relay: Harness,
    address: str,
    portal: RtspServer,
    state: State,
    status: int,
    dialect: str,
) -> None:
    state.switches.set("describe_redirect", status)
    state.switches.set("rtsp_dialect", dialect)
    state.switches.set("sdp_control", "relative" if status == 301 else "absolute")
    track = "/stream=0" if dialect == "gstreamer" else "/trackID=0"
    async with await RtspClient.connect(address) as client:
        described = await client.request("DESCRIBE")
        assert described.status == 200
        assert "location" not in described.headers
        base = described.headers["content-base"].rstrip("/")
        client.url = base
        answer = await client.request(
            "SETUP", track, transport="RTP/AVP/TCP;interleaved=0-1"
        )
        client.session = answer.headers["session"].partition(";")[0]
        assert (await client.request("PLAY")).status == 200
        await packets(client, 3)
        portal.drop()
        await packets(client, 10)
        assert (await client.request("GET_PARAMETER")).status == 200
    assert [link.used for link in state.links] == [1, 1]


@pytest.mark.parametrize("kind", ["options", "get_parameter", "rtcp", "any"])
@pytest.mark.parametrize("is_resumed", [False, True])
async def test_a_session_stays_alive_whatever_the_client_sends(
    relay: Harness,
    address: str,
    portal: RtspServer,
    state: State,
    kind: str,
    *,
    is_resumed: bool,
) -> None:
    state.switches.set("keep_alive", kind)
    state.switches.session_timeout = 4
    async with await RtspClient.connect(address) as client:
        await client.play()
        if is_resumed:
            await packets(client, 3)
            portal.drop()
        # 8 s at 10 frames per second, in which the client sends nothing.
        while_silent = asyncio.create_task(packets(client, 80))
        async with asyncio.timeout(20):
            await while_silent
        assert portal.sessions == 1
        # The client does not see the answers to the relay's requests.
        assert (await client.request("GET_PARAMETER")).status == 200
    assert len(state.links) == 1 + is_resumed


async def test_a_server_that_offers_only_udp_is_reported(
    relay: Harness, address: str, state: State
) -> None:
    state.switches.rtp_over_tcp = False
    async with await RtspClient.connect(address) as client:
        await client.request("DESCRIBE")
        assert (await client.setup()).status == 461
    with pytest.raises(av.FFmpegError):
        await watch(address)


UDP = "RTP/AVP;unicast;client_port=5000-5001"


async def test_a_client_that_insists_on_udp_uses_one_link(
    relay: Harness, address: str, state: State
) -> None:
    for _ in range(5):
        async with await RtspClient.connect(address) as client:
            described = await client.request("DESCRIBE")
            assert described.status == 200
            assert described.headers["cseq"] == "1"
            assert "m=video" in described.body
            assert (await client.setup(UDP)).status == 461
        await until(lambda: not relay.stats.live_sessions)
    assert len(state.links) == 1

    # If it uses TCP after all, it gets a link.
    async with await RtspClient.connect(address) as client:
        await client.request("DESCRIBE")
        assert (await client.setup()).status == 200
        assert (await client.request("PLAY")).status == 200
        await packets(client, 3)
    assert len(state.links) == 2
    assert await watch(address) == [PROFILE.height] * 3
    assert len(state.links) == 3


async def test_a_client_that_tries_udp_first_is_not_remembered(
    relay: Harness, address: str, state: State
) -> None:
    assert await watch(address, options={}) == [PROFILE.height] * 3
    assert await watch(address, options={}) == [PROFILE.height] * 3
    assert [link.used for link in state.links] == [1, 1]


async def test_a_changed_stream_is_described_anew(
    portal: RtspServer, run_relay: RunRelay, state: State
) -> None:
    profiles = iter([PROFILE, StreamProfile(120847, 160, 90, 10), PROFILE])

    async def get_link(_: str) -> str:
        return portal.mint(CAMERA_ID, next(profiles))

    relay = await run_relay(get_link)
    address = relay.url(str(CAMERA_ID))
    async with await RtspClient.connect(address) as client:
        await client.request("DESCRIBE")
        await client.setup(UDP)
    async with await RtspClient.connect(address) as client:
        await client.request("DESCRIBE")
        assert (await client.setup()).status == 503
        assert await client.closed()
    assert await watch(address) == [PROFILE.height] * 3
    await relay.until_ended(3)
    assert relay.ends[1].reason is EndReason.CHANGED
