"""The gate for addresses: no link leads to this machine or a private network."""

import asyncio
from ipaddress import ip_address

from hypothesis import example, given, strategies as st
import pytest
from yarl import URL

from custom_components.netrex.client import AddressGate, NetrexAddressError
from custom_components.netrex.client.addresses import (
    Reach,
    allowed,
    reach,
    redirect_target,
    resolve_host,
)

PUBLIC = ("93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822")
PRIVATE = (
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "fd00::1",
    "fec0::1",
    "::ffff:192.168.1.1",
    "64:ff9b::c0a8:101",
    "2002:c0a8:101::1",
)
MACHINE = (
    "127.0.0.1",
    "127.0.0.2",
    "::1",
    "0.0.0.0",  # noqa: S104 - refused, not bound
    "::",
    "169.254.169.254",
    "fe80::1",
    "fe80::1%eth0",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "240.0.0.1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
)


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [(PUBLIC, Reach.PUBLIC), (PRIVATE, Reach.PRIVATE), (MACHINE, Reach.MACHINE)],
)
def test_reach(addresses: tuple[str, ...], expected: Reach) -> None:
    assert {one: reach(one) for one in addresses} == dict.fromkeys(addresses, expected)


def test_a_public_portal() -> None:
    every = (*PUBLIC, *PRIVATE, *MACHINE)
    assert allowed(every, PUBLIC[:1]) == PUBLIC
    assert allowed(every, PUBLIC[:1], local=True) == (*PUBLIC, *PRIVATE)


def test_a_portal_in_a_private_network() -> None:
    """An installation of one's own, which can have several servers."""
    assert allowed((*PUBLIC, *PRIVATE, *MACHINE), ["10.9.9.9"]) == (*PUBLIC, *PRIVATE)


def test_a_portal_on_this_machine() -> None:
    every = ("127.0.0.1", "127.0.0.2", "10.0.0.1", PUBLIC[0])
    assert allowed(every, ["127.0.0.1"]) == ("127.0.0.1", PUBLIC[0])


@given(address=st.ip_addresses().map(str), local=st.booleans())
@example(address="2002:100::", local=False)
def test_any_address_is_public_or_refused(address: str, local: bool) -> None:
    permitted = allowed([address], [PUBLIC[0]], local=local)
    if permitted and not local:
        ip = ip_address(address)
        # An address of 6to4 (RFC 3056) reaches the IPv4 address that it contains.
        inner = getattr(ip, "sixtofour", None)
        assert (inner or ip).is_global
    assert permitted in ((), (address,))


async def test_only_permitted_addresses_are_returned() -> None:
    gate = AddressGate("http://127.0.0.1:8123")
    assert await gate.addresses("127.0.0.1", 80) == ("127.0.0.1",)
    with pytest.raises(NetrexAddressError):
        await gate.addresses("127.0.0.2", 80)


async def test_a_name_with_good_and_bad_addresses() -> None:
    """Connecting to the name instead could use either."""
    answers = {"portal.example": [PUBLIC[0]], "host.example": ["127.0.0.1", PUBLIC[1]]}

    async def resolve(host: str, _port: int) -> list[str]:
        return answers[host]

    gate = AddressGate("https://portal.example", resolve)
    assert await gate.addresses("host.example", 443) == (PUBLIC[1],)


async def test_a_portal_that_cannot_be_resolved_permits_nothing_more() -> None:
    async def resolve(host: str, _port: int) -> list[str]:
        if host == "portal.example":
            raise OSError
        return ["10.0.0.1"]

    gate = AddressGate("https://portal.example", resolve)
    with pytest.raises(NetrexAddressError):
        await gate.addresses("host.example", 443)
    assert await gate.addresses("host.example", 443, local=True) == ("10.0.0.1",)


async def test_an_impossible_name_is_an_ordinary_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise UnicodeError("label too long")

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "getaddrinfo", refuse)
    with pytest.raises(OSError, match="host name"):
        await resolve_host("a" * 64 + ".example", 80)


@pytest.mark.parametrize(
    ("url", "location", "target"),
    [
        ("http://one.example/a", "/b?c=d%2F", "http://one.example/b?c=d%2F"),
        ("http://one.example/a", "https://two.example/", "https://two.example/"),
        ("https://one.example/a", "//two.example/b", "https://two.example/b"),
    ],
)
def test_redirects(url: str, location: str, target: str) -> None:
    assert str(redirect_target(URL(url), location)) == target


@pytest.mark.parametrize(
    "location", ["http://one.example/", "ftp://one.example/", "file:///etc/x", "http:"]
)
def test_refused_redirects(location: str) -> None:
    with pytest.raises(NetrexAddressError):
        redirect_target(URL("https://one.example/a"), location)
