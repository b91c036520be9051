"""What relay, links and cameras say about the use of a link."""

from dataclasses import dataclass
from enum import StrEnum

from ..client import LiveTransport


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
    transport: LiveTransport
    ending: Ending
    played: float


class LinkRefusal(StrEnum):
    """Kinds of reasons; diagnostics name them."""

    GONE = "gone"  # the camera does not exist (any more)
    FORBIDDEN = "forbidden"  # the token has no right to live view
    LIMITED = "limited"  # the portal's limit, our budget, or the camera's own pace
    UNAVAILABLE = "unavailable"  # the portal gave no link


class LinkError(Exception):
    """There is no link for a camera now.

    Attributes:
        refusal: The kind of reason.
        retry_after: Seconds until another try makes sense.
    """

    def __init__(self, refusal: LinkRefusal, retry_after: float = 10.0) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
        self.retry_after = retry_after
