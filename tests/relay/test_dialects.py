"""Streams of several servers and codecs, played and resumed as by Home Assistant."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import av
from homeassistant.components.stream.worker import TimestampValidator
import pytest

from custom_components.netrex.relay.terms import EndReason
from simulator.media.encoder import VIDEO_CODECS
from simulator.media.sound import AUDIO_CODECS
from simulator.rtsp.sdp import DIALECTS
from simulator.rtsp.server import RtspServer
from simulator.state import State

from .conftest import PROFILE, Harness, RunRelay
from .players import HOME_ASSISTANT

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
