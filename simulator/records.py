"""Records of what the cloud did: queries, links, calls, and secrets."""

from dataclasses import dataclass
import secrets
import string

_ALPHABET = string.ascii_letters + string.digits


@dataclass(slots=True)
class QueryRecord:
    """One request to the GraphQL endpoint.

    `fields` are the top-level field names (not the aliases) in the order of the
    operation; `account` is None if the request had no valid token; `refused` is true
    if the limiter refused it.
    """

    time: float
    query: str
    fields: tuple[str, ...]
    refused: bool
    account: str | None


@dataclass(slots=True)
class LinkRecord:
    """One live view link. `used` is the number of sessions that played it."""

    node_id: int
    url: str
    minted_at: float
    transport: str = "rtsp"
    used: int = 0


@dataclass(slots=True)
class CallRecord:
    """One request to the gateway, forwarded or not.

    `arguments` are those of the query and of a form, in order; the value of a token
    is left out. `status` is the HTTP status of the answer, 0 before there is one.
    """

    time: float
    serial_number: str
    method: str
    path: str
    arguments: tuple[tuple[str, str], ...]
    status: int = 0


class Secrets(set[str]):
    """Every secret that the cloud has issued, for the search for leaks."""

    def issue(self, length: int = 40) -> str:
        """Return a new random secret of letters and digits and remember it."""
        secret = "".join(secrets.choice(_ALPHABET) for _ in range(length))
        self.add(secret)
        return secret
