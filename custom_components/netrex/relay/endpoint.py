"""Where a relay listens: a local address and port, protected by a secret."""

import base64
from dataclasses import dataclass, field
from enum import StrEnum
import errno
import hmac
from ipaddress import ip_address
import re
import secrets
import socket
from urllib.parse import quote, unquote

LOOPBACK = "127.0.0.1"
# Clients send little: requests, receiver reports, and audio (bytes).
RECEIVE_BUFFER_SIZE = 32 * 1024
# One of the parameters that Home Assistant masks.
TOKEN_PARAMETER = "auth"  # noqa: S105 - its name, no secret

# A stream's address with its key, its token, and what follows for a track.
_ADDRESS = re.compile(
    rf"(rtsps?://[^/]*/([^/?]+))(?:\?{TOKEN_PARAMETER}=([^/?&]*))?((?:[/?&].*)?)",
    re.IGNORECASE,
)


class ListenProblem(StrEnum):
    """Reasons why listening fails; also translation keys of errors and issues."""

    PORT_IN_USE = "relay_port_in_use"
    ADDRESS_MISSING = "relay_address_missing"
    PORT_FORBIDDEN = "relay_port_forbidden"
    OTHER = "relay_cannot_listen"

    @classmethod
    def of(cls, err: OSError) -> ListenProblem:
        """Return the problem that an error of `bind` indicates."""
        return _PROBLEMS.get(err.errno, cls.OTHER)


_PROBLEMS: dict[int | None, ListenProblem] = {
    errno.EADDRINUSE: ListenProblem.PORT_IN_USE,
    errno.EADDRNOTAVAIL: ListenProblem.ADDRESS_MISSING,
    errno.EACCES: ListenProblem.PORT_FORBIDDEN,
}


def new_secret() -> str:
    """Return a random secret."""
    return secrets.token_urlsafe(16)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address to listen on; port 0 lets the system choose one."""

    host: str = LOOPBACK
    port: int = 0
    secret: str = field(default_factory=new_secret, repr=False)

    def url(self, stream_key: str) -> str:
        """Return a stream's address, which is sufficient to access the stream.

        The token is a parameter that Home Assistant's stream component masks in logs.
        """
        host = f"[{self.host}]" if ":" in self.host else self.host
        path = quote(stream_key, safe="")
        token = self.token(stream_key)
        return f"rtsp://{host}:{self.port}/{path}?{TOKEN_PARAMETER}={token}"

    def parse(self, url: str, *, needs_token: bool) -> tuple[str, str, str] | None:
        """Return the address without its token, the stream's key, and what follows.

        None if the token is wrong, or missing although it is needed.
        """
        if (match := _ADDRESS.fullmatch(url)) is None:
            return None
        address, path, given, rest = match.groups()
        stream_key = unquote(path)
        if needs_token or given is not None:
            token = (given or "").encode(errors="surrogateescape")
            if not secrets.compare_digest(token, self.token(stream_key).encode()):
                return None
        return address, stream_key, rest

    def token(self, stream_key: str) -> str:
        """Return the token in a stream's address; valid for this stream only."""
        key = stream_key.encode(errors="surrogateescape")
        digest = hmac.digest(self.secret.encode(), key, "sha256")
        return base64.urlsafe_b64encode(digest[:18]).decode()


def parse_host(text: str) -> str:
    """Return the canonical form of a local IP address.

    Raises ValueError for anything else, for wildcard and multicast addresses, and for
    scoped ones (`fe80::1%eth0`), which are meaningless on another machine.
    """
    address = ip_address(text.strip())
    if address.is_unspecified or address.is_multicast or "%" in str(address):
        raise ValueError("not the address of one interface")
    return str(address)


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises OSError.

    `asyncio.start_server` would do the same but loses the error number.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = socket.create_server((host, port), family=family)
    # Inherited by accepted sockets. asyncio sets it only for sockets with an explicit
    # protocol; without it, the first frame is delayed by 40 ms until the client's ACK.
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Inherited, too. asyncio receives all that fits in at once, also from strangers.
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_SIZE)
    return server
