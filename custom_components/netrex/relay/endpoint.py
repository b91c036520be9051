"""Where a relay listens: a local address and port, under a secret of its own."""

import base64
from dataclasses import dataclass, field
from enum import StrEnum
import errno
import hmac
from ipaddress import ip_address
import secrets
import socket
from urllib.parse import quote

LOOPBACK = "127.0.0.1"


class ListenProblem(StrEnum):
    """Why nobody can listen at an address; translation keys of errors and issues."""

    PORT_IN_USE = "relay_port_in_use"
    ADDRESS_MISSING = "relay_address_missing"
    PORT_FORBIDDEN = "relay_port_forbidden"
    OTHER = "relay_cannot_listen"

    @classmethod
    def of(cls, err: OSError) -> ListenProblem:
        """Return the kind of a failure to listen."""
        return _PROBLEMS.get(err.errno, cls.OTHER)


_PROBLEMS: dict[int | None, ListenProblem] = {
    errno.EADDRINUSE: ListenProblem.PORT_IN_USE,
    errno.EADDRNOTAVAIL: ListenProblem.ADDRESS_MISSING,
    errno.EACCES: ListenProblem.PORT_FORBIDDEN,
}


def new_secret() -> str:
    """Return what nobody can guess."""
    return secrets.token_urlsafe(16)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One place to listen; port 0 leaves the choice to the system."""

    host: str = LOOPBACK
    port: int = 0
    secret: str = field(default_factory=new_secret, repr=False)

    def url(self, stream_key: str) -> str:
        """Return the address of a stream; whoever has it can watch that stream."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        path = quote(stream_key, safe="")
        return f"rtsp://{host}:{self.port}/{self.token(stream_key)}/{path}"

    def token(self, stream_key: str) -> str:
        """Return the first part of a stream's path: of no use for another stream."""
        key = stream_key.encode(errors="surrogateescape")
        digest = hmac.digest(self.secret.encode(), key, "sha256")
        return base64.urlsafe_b64encode(digest[:18]).decode()


def parse_host(text: str) -> str:
    """Return a local IP address as it is written usually.

    Raises ValueError if it is none, or one that stands for many (`0.0.0.0`, a group)
    or means nothing on another machine (`fe80::1%eth0`).
    """
    address = ip_address(text.strip())
    if address.is_unspecified or address.is_multicast or "%" in str(address):
        raise ValueError("not the address of one interface")
    return str(address)


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises OSError.

    `asyncio.start_server` would do the same, but forgets why it could not.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = socket.create_server((host, port), family=family)
    # asyncio does it only for sockets that name their protocol; those it accepts
    # inherit it. Without, the first picture waits 40 ms for the client's word.
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return server
