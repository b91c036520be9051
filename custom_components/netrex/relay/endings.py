"""How the use of a link went: what brokers, choices and cameras learn from."""

from dataclasses import dataclass
from enum import StrEnum

from ..client import Transport


class Ending(StrEnum):
    """What ended a session; diagnostics name them."""

    CLIENT = "client"  # the viewer left
    UPSTREAM = "upstream"  # the portal's server closed, or went mad
    SILENT = "silent"  # neither side moved
    REFUSED = "refused"  # the portal's server did not take the link
    UNREACHABLE = "unreachable"  # no connection, or no answer that we understand
    STOPPED = "stopped"  # we closed


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """How one use of a link went.

    Attributes:
        stream_key: What was watched.
        transport: The link's.
        ending: What ended it.
        played: Seconds with a picture.
    """

    stream_key: str
    transport: Transport
    ending: Ending
    played: float
