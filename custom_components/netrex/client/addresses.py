"""Checks the addresses that links from the portal lead to (decision 0028).

Links are untrusted input. Without this check, a compromised portal could make Home
Assistant send requests to services on its own machine and network.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
import socket

from yarl import URL

from .errors import NetrexAddressError

# A download server behind a load balancer needs one redirect.
MAX_REDIRECTS = 3
_SECURE = {"https": True, "http": False}
# IPv4 addresses as reached from an IPv6-only network (RFC 6052, 2.1).
_NAT64 = IPv6Network("64:ff9b::/96")

# Resolves a host and port to addresses; raises OSError.
type Resolve = Callable[[str, int], Awaitable[Iterable[str]]]


class Reach(IntEnum):
    """The scope of an address."""

    # Loopback, link-local, or not the address of a single machine.
    MACHINE = 0
    # A private network, including the shared range of providers (RFC 6598).
    PRIVATE = 1
    PUBLIC = 2


def reach(address: str) -> Reach:
    """Return the scope of an IP address. Raises ValueError for any other text.

    An IPv6 address that embeds an IPv4 address has the scope of the IPv4 address.
    """
    ip = ip_address(address)
    if isinstance(ip, IPv6Address) and (inner := _inner(ip)) is not None:
        ip = inner
    if (
        ip.is_loopback
        or ip.is_link_local
        or ip.is_unspecified
        or ip.is_multicast
        or ip.is_reserved
    ):
        return Reach.MACHINE
    # Deprecated private addresses (RFC 3879).
    is_site_local = isinstance(ip, IPv6Address) and ip.is_site_local
    return Reach.PUBLIC if ip.is_global and not is_site_local else Reach.PRIVATE


def _inner(ip: IPv6Address) -> IPv4Address | None:
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def allowed(
    addresses: Iterable[str], portal: Iterable[str], *, local: bool = False
) -> tuple[str, ...]:
    """Return the addresses that a link may lead to.

    Public addresses and the portal's own addresses are allowed. Private networks are
    allowed for local links, or if the portal itself is in one.

    Args:
        addresses: The link's IP addresses.
        portal: The portal's IP addresses.
        local: Whether the link is meant for the camera's own network.
    """
    known = set(portal)
    is_private = local or any(reach(one) is Reach.PRIVATE for one in known)
    nearest = Reach.PRIVATE if is_private else Reach.PUBLIC
    return tuple(one for one in addresses if one in known or reach(one) >= nearest)


async def resolve_host(host: str, port: int) -> tuple[str, ...]:
    """Return a host's IP addresses in the order to try them. Raises OSError."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )
    except ValueError as err:
        # For example, a label has more than 63 characters.
        raise OSError("not a valid host name") from err
    return tuple(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class AddressGate:
    """Resolves the hosts of links and rejects addresses that are not allowed.

    Callers must connect to the returned addresses, not to the name, which may resolve
    to a different address later.

    Args:
        portal: The portal's URL.
        resolve: Resolves a host.
    """

    def __init__(self, portal: str, resolve: Resolve = resolve_host) -> None:
        self._portal = URL(portal)
        self._resolve = resolve

    async def addresses(
        self, host: str, port: int, *, local: bool = False
    ) -> tuple[str, ...]:
        """Return the IP addresses of a link's host, best first.

        Args:
            host: A name or an IP address, without brackets.
            port: The port.
            local: Whether the link is meant for the camera's own network.

        Raises:
            NetrexAddressError: The link must not lead there.
            OSError: The host cannot be resolved.
        """
        found = tuple(await self._resolve(host, port))
        usable = allowed(found, (), local=local)
        if len(usable) < len(found):
            usable = allowed(found, await self._portal_addresses(), local=local)
        if not usable:
            raise NetrexAddressError(
                "The link leads to an address of this machine or of a private network"
            )
        return usable

    async def _portal_addresses(self) -> tuple[str, ...]:
        try:
            return tuple(
                await self._resolve(self._portal.host or "", self._portal.port or 0)
            )
        except OSError:
            return ()


def redirect_target(url: URL, location: str) -> URL:
    """Return the URL that a redirect of `url` leads to.

    Raises:
        NetrexAddressError: The target is not an HTTP URL, or it is unencrypted although
            `url` is encrypted.
    """
    try:
        target = url.join(URL(location, encoded=True))
    except ValueError:
        target = URL()
    if not target.host or target.scheme not in _SECURE:
        raise NetrexAddressError("The link redirects to an invalid address")
    if _SECURE[target.scheme] < _SECURE[url.scheme]:
        raise NetrexAddressError("The link redirects to an unencrypted address")
    return target
