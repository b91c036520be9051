"""The requests of go2rtc, byte for byte where it matters, sent to the relay.

The client imitates go2rtc's (`tests/players/test_go2rtc.py` runs the real one): no
OPTIONS at first; DESCRIBE with the back channel, and a second connection without it if
that fails; SETUP below Content-Base; PLAY without waiting for its answer; OPTIONS to
keep the session alive; an immediate reconnect at the end of the stream, then one per
second while that fails.
"""

import asyncio

import pytest

from custom_components.netrex.relay.terms import LinkError, LinkRefusal
from simulator.rtsp.server import RtspServer
from simulator.state import State
from tests.simulator.rtsp_client import RtspClient

from .conftest import CAMERA_ID, PROFILE, Harness, RunRelay
from .players import until

DESCRIBE = {
    "accept": "application/sdp",
    "user-agent": "go2rtc/1.9.15",
    "require": "www.onvif.org/ver20/backchannel",
}
# Its timeout without data (seconds).
READ_TIMEOUT = 5.0
RETRY_INTERVAL = 1.0


async def dial(url: str) -> RtspClient | None:
    """Connect and have the stream described; None if both attempts fail."""
    for headers in (DESCRIBE, {k: v for k, v in DESCRIBE.items() if k != "require"}):
        client = await RtspClient.connect(url)
        answer = await client.request("DESCRIBE", **headers)
        if answer.status == 200:
            base = url.partition("?")[0]
            assert answer.headers["content-base"] == f"{base}/"
            # The base of its SETUP; an absolute URL would be the relay's as well.
            assert f"a=control:{base}/trackID=0\r\n" in answer.body
            client.url = base
            return client
        client.writer.close()
    return None


async def start(client: RtspClient) -> None:
    """Set up and play; the answer to PLAY arrives between packets."""
    answer = await client.setup("RTP/AVP/TCP;unicast;interleaved=0-1")
    assert answer.status == 200
    assert answer.headers["transport"].startswith("RTP/AVP/TCP;")
    assert "interleaved=0-1" in answer.headers["transport"]
    client.writer.write(
        f"PLAY {client.url}/ RTSP/1.0\r\nCSeq: 3\r\n"
        f"Session: {client.session}\r\n\r\n".encode()
    )


async def read_packets(client: RtspClient, packets: int) -> None:
    """Read some packets, skipping messages between them."""
    found = 0
    while found < packets:
        async with asyncio.timeout(READ_TIMEOUT):
            channel, message = await client.read()
        if channel == 0:
            found += 1
        elif channel is None:
            assert not isinstance(message, bytes)
            assert message.status == 200


async def play(url: str) -> RtspClient:
    """Connect, retrying until it succeeds."""
    client = await dial(url)
    while client is None:
        await asyncio.sleep(RETRY_INTERVAL)
        client = await dial(url)
    await start(client)
    return client


async def test_it_plays_keeps_alive_and_tears_down(
    relay: Harness, address: str, state: State
) -> None:
    client = await play(address)
    await read_packets(client, 10)
    client.writer.write(
        f"OPTIONS {client.url}/ RTSP/1.0\r\nCSeq: 4\r\n"
        f"Session: {client.session}\r\n\r\n".encode()
    )
    await read_packets(client, 10)
    # It does not wait for the answer to TEARDOWN either.
    client.writer.write(
        f"TEARDOWN {client.url}/ RTSP/1.0\r\nCSeq: 5\r\n"
        f"Session: {client.session}\r\n\r\n".encode()
    )
    client.writer.close()

    await relay.until_ended(1)
    assert [link.used for link in state.links] == [1]


async def test_it_reconnects_to_the_same_address(
    relay: Harness, address: str, portal: RtspServer, state: State
) -> None:
    for _ in range(3):
        client = await play(address)
        await read_packets(client, 3)
        portal.drop()
        assert await client.closed()

    await relay.until_ended(3)
    assert [link.used for link in state.links] == [1, 1, 1]


@pytest.mark.parametrize("refusal", [LinkRefusal.LIMITED, LinkRefusal.UNAVAILABLE])
async def test_a_refusal_costs_two_connections_and_no_link(
    portal: RtspServer, run_relay: RunRelay, state: State, refusal: LinkRefusal
) -> None:
    refusals = [refusal] * 2

    async def get_link(_: str) -> str:
        if refusals:
            raise LinkError(refusals.pop())
        return portal.mint(CAMERA_ID, PROFILE)

    relay = await run_relay(get_link)
    client = await play(relay.url(str(CAMERA_ID)))
    await read_packets(client, 3)
    client.writer.close()

    await until(lambda: not relay.stats.live_sessions)
    assert not refusals
    assert [link.used for link in state.links] == [1]
