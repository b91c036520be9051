"""Viewers of the simulated portal's streams through the relay."""

import asyncio
import contextlib

import av
import pytest

from custom_components.netrex.relay.terms import EndReason
from simulator.rtsp.server import RtspServer
from simulator.state import State
from tests.leaks import assert_log_clean
from tests.simulator.rtsp_client import RtspClient

from .conftest import CAMERA_ID, PROFILE, Harness, RunRelay
from .players import until, watch

# As sent by go2rtc.
BACK_CHANNEL = {"require": "www.onvif.org/ver20/backchannel"}


async def test_each_viewing_takes_exactly_one_link(
    relay: Harness, address: str, state: State, caplog: pytest.LogCaptureFixture
) -> None:
    assert address == relay.url(str(CAMERA_ID))
    assert state.links == []

    for viewing in (1, 2, 3):
        assert await watch(address) == [PROFILE.height] * 3
        await relay.until_ended(viewing)
        assert [link.used for link in state.links] == [1] * viewing

    assert relay.stats.live_sessions == 0
    assert relay.stats.links_used == relay.links == 3
    assert {end.reason for end in relay.ends} == {EndReason.CLIENT}
    assert all(end.played_seconds > 0 for end in relay.ends)
    assert_log_clean(caplog, state.secrets)


async def test_viewers_do_not_share_a_link(
    relay: Harness, address: str, state: State, portal: RtspServer
) -> None:
    async def both_watch() -> None:
        await until(lambda: portal.sessions == 2)
        assert relay.stats.live_sessions == 2

    first, second, _ = await asyncio.gather(
        watch(address, 20), watch(address, 20), both_watch()
    )

    assert first == second == [PROFILE.height] * 20
    assert [link.used for link in state.links] == [1, 1]


@pytest.mark.parametrize(
    "options", [{}, {"rtsp_transport": "udp+tcp"}, {"rtsp_transport": "tcp"}]
)
async def test_a_player_that_prefers_udp_plays_over_tcp(
    address: str, state: State, options: dict[str, str]
) -> None:
    assert await watch(address, 3, options) == [PROFILE.height] * 3
    assert [link.used for link in state.links] == [1]


async def test_udp_alone_is_refused(address: str) -> None:
    async with await RtspClient.connect(address) as client:
        assert (await client.request("DESCRIBE")).status == 200
        answer = await client.setup("RTP/AVP;unicast;client_port=5000-5001")
        assert answer.status == 461
        offers = "RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;interleaved=0-1"
        assert (await client.setup(offers)).status == 200


async def test_the_back_channel_requirement_is_removed(
    address: str, state: State, relay: Harness
) -> None:
    state.switches.backchannel = "refuse"

    async with await RtspClient.connect(address) as client:
        assert (await client.request("OPTIONS")).status == 200
        assert relay.links == 0
        answer = await client.request("DESCRIBE", **BACK_CHANNEL)
        assert answer.status == 200
        assert (await client.setup()).status == 200
        assert (await client.request("PLAY")).status == 200

    assert len(state.links) == 1


async def test_other_requirements_are_passed_on(address: str, state: State) -> None:
    state.switches.backchannel = "refuse"

    async with await RtspClient.connect(address) as client:
        answer = await client.request(
            "DESCRIBE", require=f"{BACK_CHANNEL['require']}, com.example.other"
        )

    assert answer.status == 551
    assert answer.headers["unsupported"] == "com.example.other"


async def test_no_address_of_the_portal_reaches_the_client(
    relay: Harness, address: str, state: State
) -> None:
    async with await RtspClient.connect(address) as client:
        described = await client.request("DESCRIBE")
        played = [await client.setup(), await client.request("PLAY")]
        # Responses between media data are translated as well.
        for method in ("OPTIONS", "GET_PARAMETER", "SET_PARAMETER", "PAUSE", "PLAY"):
            played.append(await client.request(method))
            assert played[-1].status == 200
        channel, picture = await client.read()
        assert channel is not None
        assert picture
        assert (await client.request("TEARDOWN")).status == 200
        assert await client.closed()

    base = address.partition("?")[0]
    assert described.headers["content-base"] == f"{base}/"
    assert played[1].headers["rtp-info"].startswith(f"url={base}/trackID=0;seq=")
    assert played[-1].headers["rtp-info"].startswith(f"url={base}/trackID=0;seq=")
    host, name = state.links[0].url.removeprefix("rtsp://").split("/")
    for text in map(str, (described, *played)):
        assert host not in text
        assert name not in text


async def test_an_expired_link_is_replaced_once(
    portal: RtspServer, state: State, run_relay: RunRelay
) -> None:
    async def get_late_link(_: str) -> str:
        link = portal.mint(CAMERA_ID, PROFILE)
        if len(state.links) == 1:
            state.clock.jump(31)
        return link

    relay = await run_relay(get_late_link)

    assert await watch(relay.url("1")) == [PROFILE.height] * 3
    await relay.until_ended(2)
    assert [link.used for link in state.links] == [0, 1]
    assert [end.reason for end in relay.ends] == [EndReason.REFUSED, EndReason.CLIENT]


async def test_a_viewer_is_disconnected_with_the_portal_and_can_reconnect(
    relay: Harness, address: str, state: State, portal: RtspServer
) -> None:
    for drops in (1, 2):
        async with await RtspClient.connect(address) as client:
            assert (await client.play()).status == 200
            portal.drop(CAMERA_ID)
            assert await client.closed()
        await relay.until_ended(drops)
        assert relay.ends[-1].reason is EndReason.UPSTREAM
        assert relay.stats.live_sessions == 0

    assert [link.used for link in state.links] == [1, 1]
    assert relay.started == [str(CAMERA_ID)] * 2


@pytest.mark.parametrize("polite", [True, False])
async def test_the_portal_is_disconnected_with_the_viewer(
    address: str, portal: RtspServer, polite: bool
) -> None:
    async with await RtspClient.connect(address) as client:
        assert (await client.play()).status == 200
        assert portal.sessions == 1
        if polite:
            await client.request("TEARDOWN")

    await until(lambda: not portal.sessions)


async def test_stop_leaves_no_session_and_no_port(
    relay: Harness, address: str, portal: RtspServer
) -> None:
    player = asyncio.ensure_future(watch(address, 10_000))
    await until(lambda: relay.stats.live_sessions)
    silent = await RtspClient.connect(address)

    await relay.stop()

    with contextlib.suppress(av.FFmpegError):
        assert len(await player) < 10_000
    assert await silent.closed()
    silent.writer.close()
    assert [end.reason for end in relay.ends] == [EndReason.STOPPED]
    with pytest.raises(OSError, match="Connect call failed"):
        await RtspClient.connect(address)
    await until(lambda: not portal.sessions)
    with pytest.raises(RuntimeError):
        relay.url("1")
    await relay.stop()


async def test_a_new_start_has_a_new_secret(relay: Harness, address: str) -> None:
    await relay.stop()
    await relay.start()

    assert relay.url(str(CAMERA_ID)).split("/")[3] != address.split("/")[3]
