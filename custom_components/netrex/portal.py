"""The portal's address: parsing user input, and a probe."""

from dataclasses import dataclass
import ipaddress
import re
from typing import Self

import aiohttp
from yarl import URL

from .client import Lane, NetrexAuthError, NetrexClient, NetrexResponseError, Pacer

# A host name (RFC 1123 section 2.1) in its ASCII form. The last label is not a number,
# so that an invalid IPv4 address is not taken for a name.
_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_HOST_NAME = re.compile(rf"({_LABEL}\.)*(?![0-9]+$){_LABEL}")


class InvalidHostError(ValueError):
    """The text is not the address of a portal."""


@dataclass(frozen=True, slots=True)
class Portal:
    """The portal of an account.

    `host` includes the port if it is not the scheme's default, and is part of unique
    ids. `url` is the base URL without a trailing slash.
    """

    host: str
    url: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a host, host:port or URL; path, query and fragment are ignored.

        The scheme is https, so that no token is sent unencrypted; only a loopback host
        gets http, unless the text has https.

        Raises:
            InvalidHostError: The text is not the address of a portal.
        """
        text = text.strip()
        if isinstance(_ip_address(text), ipaddress.IPv6Address):
            text = f"[{text}]"
        try:
            given = URL(text if "://" in text else f"//{text}")
            port = given.explicit_port
        except ValueError as err:
            raise InvalidHostError from err
        host = (given.raw_host or "").rstrip(".")
        address = _ip_address(host)
        if (
            given.scheme not in ("", "http", "https")
            or given.raw_user is not None
            or given.raw_password is not None
            or (address is None and not _HOST_NAME.fullmatch(host))
        ):
            raise InvalidHostError
        loopback = host == "localhost" if address is None else address.is_loopback
        scheme = "http" if loopback and given.scheme != "https" else "https"
        if given.is_default_port():
            port = None
        url = URL.build(scheme=scheme, host=host, port=port)
        return cls(url.host_port_subcomponent or host, str(url).rstrip("/"))


def _ip_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


async def async_probe(
    session: aiohttp.ClientSession, portal: Portal, pacer: Pacer
) -> None:
    """Check by one request without a token that a portal answers at the address.

    A portal refuses it with a documented response ("Error responses").

    Raises:
        NetrexConnectionError: There was no response.
        NetrexError: The response does not come from a portal.
    """
    client = NetrexClient(session, portal.url, _no_token, pacer=pacer)
    try:
        await client.execute("{__typename}", lane=Lane.INTERACTIVE)
    except NetrexAuthError:
        return
    raise NetrexResponseError("The server returned data without a token")


async def _no_token() -> str:
    return ""
