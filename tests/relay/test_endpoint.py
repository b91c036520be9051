"""Addresses that a relay can listen on, and their secrets."""

import asyncio
import errno
import socket
from urllib.parse import urlsplit

import pytest

from custom_components.netrex.relay.endpoint import (
    Endpoint,
    ListenProblem,
    bind,
    parse_host,
)
from tests.simulator.rtsp_client import RtspClient

from .conftest import CAMERA_ID, Harness
from .players import until, watch


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("192.168.1.10", "192.168.1.10"),
        (" 10.0.0.1\n", "10.0.0.1"),
        ("FD00::0:1", "fd00::1"),
    ],
)
def test_an_address_of_one_interface_is_accepted(text: str, host: str) -> None:
    assert parse_host(text) == host


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0.0.0.0",  # noqa: S104 - is rejected
        "::",
        "224.0.0.1",
        "fe80::1%eth0",
        "nas.local",
        "10.0.0",
    ],
)
def test_other_addresses_are_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_host(text)


def test_the_address_of_a_stream_does_not_reveal_another() -> None:
    endpoint = Endpoint("fd00::1", 8554, "the secret")
    parts = {urlsplit(endpoint.url(key)).query for key in ("1", "2", "1")}

    assert len(parts) == 2
    assert endpoint.url("1/2").startswith("rtsp://[fd00::1]:8554/")
    assert urlsplit(endpoint.url("1/2")).path == "/1%2F2"
    assert "the secret" not in f"{endpoint!r} {endpoint.url('1')}"


def test_errors_of_bind_have_a_kind() -> None:
    with bind("127.0.0.1", 0) as taken:
        with pytest.raises(OSError) as caught:  # noqa: PT011 - its number is looked at
            bind("127.0.0.1", taken.getsockname()[1])
        assert ListenProblem.of(caught.value) is ListenProblem.PORT_IN_USE
    # An address reserved for documentation (RFC 5737).
    with pytest.raises(OSError) as caught:  # noqa: PT011 - its number is looked at
        bind("192.0.2.1", 0)
    assert ListenProblem.of(caught.value) is ListenProblem.ADDRESS_MISSING
    forbidden = OSError(errno.EACCES, "")
    assert ListenProblem.of(forbidden) is ListenProblem.PORT_FORBIDDEN
    assert ListenProblem.of(socket.gaierror()) is ListenProblem.OTHER


async def test_a_second_endpoint_can_be_closed_alone(
    relay: Harness, address: str
) -> None:
    second = await relay.listen(Endpoint())
    url = second.url(str(CAMERA_ID))
    assert urlsplit(url).port != urlsplit(address).port
    assert relay.stats.endpoints == 2
    assert await watch(url)

    async with (
        await RtspClient.connect(url) as outside,
        await RtspClient.connect(address) as inside,
    ):
        for client in (outside, inside):
            assert (await client.request("DESCRIBE")).status == 200
        await until(lambda: relay.stats.live_sessions == 2)
        await relay.close(second)
        assert await outside.closed()
        assert relay.stats.live_sessions == 1
        assert (await inside.request("GET_PARAMETER")).status == 200
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(second.host, second.port)


async def test_a_secret_is_valid_for_its_endpoint_only(
    relay: Harness, address: str
) -> None:
    second = await relay.listen(Endpoint())
    host = f"{second.host}:{second.port}"
    url = address.replace(urlsplit(address).netloc, host)

    async with await RtspClient.connect(url) as client:
        assert (await client.request("DESCRIBE")).status == 404
    assert relay.links == 0
