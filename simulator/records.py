"""What the cloud remembers of its own conduct: queries, links and secrets."""

from dataclasses import dataclass
import secrets
import string

_ALPHABET = string.ascii_letters + string.digits


@dataclass(slots=True)
class QueryRecord:
    """One request to the GraphQL endpoint.

    `fields` are the top-level field names (not the aliases) in the order of the
    operation; `account` is None when the request had no valid token; `refused` tells
    that the limiter said no.
    """

    time: float
    query: str
    fields: tuple[str, ...]
    refused: bool
    account: str | None


@dataclass(slots=True)
class LinkRecord:
    """One live view link. `used` counts the sessions that played it."""

    node_id: int
    url: str
    minted_at: float
    transport: str = "rtsp"
    used: int = 0


@dataclass(slots=True)
class CallRecord:
    """One request that arrived at the gateway, let through or not.

    `arguments` are those of the query and of a form, in their order; a token among
    them is only named. `status` is what was answered, 0 before that.
    """

    time: float
    serial_number: str
    method: str
    path: str
    arguments: tuple[tuple[str, str], ...]
    status: int = 0


class Secrets(set[str]):
    """Every secret that the cloud ever handed out, for the leak scan."""

    def issue(self, length: int = 40) -> str:
        """Return a new random secret of letters and digits and remember it."""
        secret = "".join(secrets.choice(_ALPHABET) for _ in range(length))
        self.add(secret)
        return secret
