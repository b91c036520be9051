"""The live view server, over real sockets."""

import asyncio
import itertools
import statistics
import struct
import time

import av
import pytest

from simulator.clock import Clock
from simulator.rtsp.server import RtspServer
from simulator.state import State

from ..conftest import PROFILE
from ..rtsp_client import RtspClient


def watch(url: str, frames: int, transport: str = "tcp") -> list[av.VideoFrame]:
    """Play `frames` pictures with FFmpeg's RTSP client."""
    options = {"rtsp_transport": transport, "fpsprobesize": "0"}
    with av.open(url, options=options, timeout=8) as container:
        pictures: list[av.VideoFrame] = []
        for frame in container.decode(video=0):
            pictures.append(frame)
            if len(pictures) == frames:
                break
        return pictures


async def test_a_player_decodes_the_live_picture(
    rtsp: RtspServer, state: State
) -> None:
    url = rtsp.mint(11, PROFILE)

    frames = await asyncio.to_thread(watch, url, 15)

    assert [(frame.width, frame.height) for frame in frames] == [(320, 180)] * 15
    times = [frame.time for frame in frames if frame.time is not None]
    steps = [late - early for early, late in itertools.pairwise(times)]
    assert statistics.median(steps) == pytest.approx(0.1, abs=0.01)
    assert min(steps) > 0.09
    assert state.links[0].used == 1
    assert url.rpartition("~")[2] in state.secrets


async def test_the_picture_moves_and_comes_in_real_time(rtsp: RtspServer) -> None:
    started = time.monotonic()

    frames = await asyncio.to_thread(watch, rtsp.mint(11, PROFILE), 20)

    assert 1.7 < time.monotonic() - started < 10
    first, last = frames[0].to_ndarray(), frames[-1].to_ndarray()
    assert (first != last).any()


async def test_a_link_opens_one_session(rtsp: RtspServer, state: State) -> None:
    url = rtsp.mint(11, PROFILE)
    await asyncio.to_thread(watch, url, 1)

    with pytest.raises(av.error.HTTPNotFoundError):
        await asyncio.to_thread(watch, url, 1)

    assert state.links[0].used == 1


async def test_a_link_is_refused_while_another_session_uses_it(
    rtsp: RtspServer,
) -> None:
    url = rtsp.mint(11, PROFILE)
    async with (
        await RtspClient.connect(url) as first,
        await RtspClient.connect(url) as second,
    ):
        await first.play()

        assert (await second.request("DESCRIBE")).status == 404
        assert await second.closed()


@pytest.mark.parametrize(
    ("single_use", "statuses"),
    [("connection", [404, 404]), ("session", [200, 200]), ("never", [200, 200])],
)
async def test_a_refused_describe_uses_a_link_only_per_connection(
    rtsp: RtspServer, state: State, single_use: str, statuses: list[int]
) -> None:
    state.switches.set("link_single_use", single_use)
    url = rtsp.mint(11, PROFILE)
    async with await RtspClient.connect(url) as probe:
        assert (await probe.request("DESCRIBE")).status == 200

    results = []
    for _ in range(2):
        async with await RtspClient.connect(url) as client:
            results.append((await client.request("DESCRIBE")).status)

    assert results == statuses


@pytest.mark.parametrize(("uses", "status"), [(True, 404), (False, 200)])
async def test_options_uses_a_link_by_switch(
    rtsp: RtspServer, state: State, *, uses: bool, status: int
) -> None:
    state.switches.link_single_use = "connection"
    state.switches.options_uses_link = uses
    url = rtsp.mint(11, PROFILE)
    async with await RtspClient.connect(url) as probe:
        assert (await probe.request("OPTIONS")).status == 200

    async with await RtspClient.connect(url) as client:
        assert (await client.request("DESCRIBE")).status == status


async def test_a_link_expires_after_its_lifetime(
    rtsp: RtspServer, state: State, clock: Clock
) -> None:
    young, old = rtsp.mint(11, PROFILE), rtsp.mint(11, PROFILE)
    clock.jump(29)
    async with await RtspClient.connect(young) as client:
        assert (await client.play()).status == 200
        clock.jump(2)
        state.switches.link_refused_status = 403
        async with await RtspClient.connect(old) as late:
            assert (await late.request("DESCRIBE")).status == 403
        assert (await client.request("GET_PARAMETER")).status == 200


async def test_unknown_links_are_refused(rtsp: RtspServer) -> None:
    url = f"rtsp://127.0.0.1:{rtsp.port}/nvhs10~1600421245~{'0' * 64}"
    async with await RtspClient.connect(url) as client:
        assert (await client.request("DESCRIBE")).status == 404


async def test_a_key_picture_with_parameter_sets_comes_first(rtsp: RtspServer) -> None:
    async with await RtspClient.connect(rtsp.mint(11, PROFILE)) as client:
        started = time.monotonic()
        answer = await client.play()
        kinds: list[int] = []
        packets: list[bytes] = []
        reports: list[bytes] = []
        while len(packets) < 40:
            channel, data = await client.read()
            assert isinstance(data, bytes)
            if channel == 1:
                reports.append(data)
                continue
            packets.append(data)
            kind = data[12] & 0x1F
            kinds.append(data[13] & 0x1F if kind == 28 else kind)

    assert time.monotonic() - started < 5
    assert kinds[:3] == [7, 8, 5]
    sequence, timestamp = struct.unpack(">HI", packets[0][2:8])
    assert f"seq={sequence};rtptime={timestamp}" in answer.headers["rtp-info"]
    numbers = [struct.unpack(">H", packet[2:4])[0] for packet in packets]
    assert [(n - sequence) & 0xFFFF for n in numbers] == list(range(40))
    assert max(map(len, packets)) <= 1412
    assert reports[0][1] == 200
    assert struct.unpack(">I", reports[0][4:8]) == struct.unpack(">I", packets[0][8:12])


async def test_the_description_has_the_parameter_sets(
    rtsp: RtspServer, state: State
) -> None:
    url = rtsp.mint(11, PROFILE)
    async with await RtspClient.connect(url) as client:
        absolute = await client.request("DESCRIBE")
        state.switches.sdp_control = "relative"
        relative = await client.request("DESCRIBE")

    assert absolute.headers["content-base"] == f"{url}/"
    assert "sprop-parameter-sets=Z" in absolute.body
    assert f"a=control:{url}/trackID=0\r\n" in absolute.body
    assert "a=control:trackID=0\r\n" in relative.body


async def test_a_refused_back_channel_does_not_use_the_link(
    rtsp: RtspServer, state: State
) -> None:
    required = {"require": "www.onvif.org/ver20/backchannel"}
    async with await RtspClient.connect(rtsp.mint(11, PROFILE)) as client:
        answer = await client.request("DESCRIBE", **required)
        assert answer.status == 551
        assert answer.headers["unsupported"] == required["require"]
        assert (await client.request("DESCRIBE")).status == 200

        state.switches.backchannel = "ignore"
        assert (await client.request("DESCRIBE", **required)).status == 200


async def test_udp_is_refused_and_tcp_may_follow(rtsp: RtspServer) -> None:
    async with await RtspClient.connect(rtsp.mint(11, PROFILE)) as client:
        await client.request("DESCRIBE")
        assert (await client.setup("RTP/AVP;unicast;client_port=5000-5001")).status == (
            461
        )
        offer = "RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;interleaved=4-5"
        answer = await client.setup(offer)
        assert answer.status == 200
        assert "interleaved=4-5" in answer.headers["transport"]
        assert (await client.request("PLAY")).status == 200
        assert {(await client.read())[0] for _ in range(20)} == {4, 5}


async def test_wrong_order_and_wrong_session_are_refused(rtsp: RtspServer) -> None:
    async with await RtspClient.connect(rtsp.mint(11, PROFILE)) as client:
        assert (await client.request("PLAY")).status == 455
        assert (await client.request("SETUP", transport="RTP/AVP/TCP")).status == 455
        assert (await client.request("RECORD")).status == 501
        await client.play()
        client.session = "other"
        assert (await client.request("GET_PARAMETER")).status == 454


async def test_teardown_ends_session_and_link(rtsp: RtspServer) -> None:
    url = rtsp.mint(11, PROFILE)
    async with await RtspClient.connect(url) as client:
        await client.play()
        assert rtsp.sessions == 1
        assert (await client.request("TEARDOWN")).status == 200
        assert await client.closed()
    assert (rtsp.sessions, rtsp.sessions_total) == (0, 1)
    async with await RtspClient.connect(url) as client:
        assert (await client.request("DESCRIBE")).status == 404


async def test_a_link_opens_only_its_own_transport(rtsp: RtspServer) -> None:
    base = f"rtsp://127.0.0.1:{rtsp.port}"
    for transport, status in (("local", 200), ("rtspwss", 404)):
        rtsp.announce(transport, base)
        url = rtsp.mint(11, PROFILE, transport=transport)
        async with await RtspClient.connect(url) as client:
            assert (await client.request("DESCRIBE")).status == status


async def test_drop_closes_the_sessions_of_one_camera(rtsp: RtspServer) -> None:
    async with (
        await RtspClient.connect(rtsp.mint(11, PROFILE)) as first,
        await RtspClient.connect(rtsp.mint(12, PROFILE)) as second,
    ):
        await first.play()
        await second.play()
        assert rtsp.drop(11) == 1
        assert await first.closed()
        assert (await second.request("GET_PARAMETER")).status == 200


async def test_an_offline_camera_has_no_picture(rtsp: RtspServer, state: State) -> None:
    url = rtsp.mint(11, PROFILE)
    async with (
        await RtspClient.connect(rtsp.mint(11, PROFILE)) as playing,
        await RtspClient.connect(url) as late,
    ):
        await playing.play()
        state.world.cameras[11].is_connected = False
        assert (await late.request("DESCRIBE")).status == 503
        assert await asyncio.wait_for(playing.closed(), 3)


async def test_a_silent_client_loses_its_session(
    rtsp: RtspServer, state: State
) -> None:
    state.switches.session_timeout = 1.0
    async with await RtspClient.connect(rtsp.mint(11, PROFILE)) as client:
        answer = await client.play()
        assert answer.status == 200
        for _ in range(3):
            await asyncio.sleep(0.5)
            assert (await client.request("OPTIONS")).status == 200
        assert await asyncio.wait_for(client.closed(), 4)


async def test_a_video_channel_shows_its_own_picture(
    rtsp: RtspServer, state: State
) -> None:
    main = await asyncio.to_thread(watch, rtsp.mint(11, PROFILE), 1)
    channel = await asyncio.to_thread(watch, rtsp.mint(11, PROFILE, 111), 1)

    assert (main[0].to_ndarray() != channel[0].to_ndarray()).mean() > 0.2
    assert [link.node_id for link in state.links] == [11, 11]


async def test_a_stream_can_have_the_bit_rate_of_a_real_one(
    rtsp: RtspServer, state: State
) -> None:
    state.switches.live_bit_rate = 2_000_000
    async with await RtspClient.connect(rtsp.mint(11, PROFILE)) as client:
        await client.play()
        size, until = 0, time.monotonic() + 2
        while time.monotonic() < until:
            _, data = await client.read()
            assert isinstance(data, bytes)
            size += len(data)
    # A busy machine may skip pictures.
    assert 2 * 250_000 * 0.4 < size < 2 * 250_000 * 1.4
    frames = await asyncio.to_thread(watch, rtsp.mint(11, PROFILE), 3)
    assert len(frames) == 3


@pytest.mark.parametrize("kind", ["cut", "garbage", "cut_body"])
async def test_faults_break_the_connection(
    rtsp: RtspServer, state: State, kind: str
) -> None:
    state.faults.add("rtsp", kind, match="DESCRIBE")
    async with await RtspClient.connect(rtsp.mint(11, PROFILE)) as client:
        assert (await client.request("OPTIONS")).status == 200
        client.writer.write(
            f"DESCRIBE {client.url} RTSP/1.0\r\nCSeq: 9\r\n\r\n".encode()
        )
        assert await client.closed()


async def test_a_fault_can_answer_with_a_status(rtsp: RtspServer, state: State) -> None:
    state.faults.add("rtsp", "status", 500, match="DESCRIBE")
    async with await RtspClient.connect(rtsp.mint(11, PROFILE)) as client:
        assert (await client.request("DESCRIBE")).status == 500
        assert (await client.request("DESCRIBE")).status == 200


async def test_a_burst_of_noise_is_answered_and_closes_the_connection(
    rtsp: RtspServer,
) -> None:
    async with await RtspClient.connect(rtsp.mint(11, PROFILE)) as client:
        client.writer.write(b"hello\r\n\r\n")
        _, answer = await client.read()
        assert not isinstance(answer, bytes)
        assert answer.status == 400
        assert await client.closed()
