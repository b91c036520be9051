"""The relay's reports, and the interface that a session needs from its relay."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ..client import LiveTransport
from .endpoint import Endpoint
from .transports import Dial, Link
from .udp import UdpClients


class EndReason(StrEnum):
    """Why a session ended; shown in diagnostics."""

    CLIENT = "client"  # the viewer disconnected
    UPSTREAM = "upstream"  # the portal's server disconnected or sent invalid RTSP
    SILENT = "silent"  # neither side sent anything
    CHANGED = "changed"  # a resumed stream was not the same; the link was not needed
    REFUSED = "refused"  # the portal's server rejected the link
    UNREACHABLE = "unreachable"  # no connection, or no valid answer
    STOPPED = "stopped"  # the relay closed the session


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """How a link was used.

    Attributes:
        stream_key: The stream.
        transport: The transport of the link.
        reason: What ended the session.
        played_seconds: Time with video (seconds).
    """

    stream_key: str
    transport: LiveTransport
    reason: EndReason
    played_seconds: float


@dataclass(frozen=True, slots=True)
class Viewer:
    """A client that watches a stream.

    Attributes:
        endpoint: The endpoint that the client has connected to.
        address: The IP address of the client.
        stream_key: The stream.
    """

    endpoint: Endpoint
    address: str
    stream_key: str


class LinkRefusal(StrEnum):
    """Why there is no link; shown in diagnostics."""

    GONE = "gone"  # the camera does not exist (any more)
    FORBIDDEN = "forbidden"  # the token lacks the live view permission
    LIMITED = "limited"  # by the portal, the daily allowance, or the stream's pace
    UNAVAILABLE = "unavailable"  # the portal returned no link


class LinkError(Exception):
    """No link is available for a stream at the moment.

    Attributes:
        refusal: The reason.
        retry_after: Time until a retry makes sense (seconds).
    """

    def __init__(self, refusal: LinkRefusal, retry_after: float = 10.0) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
        self.retry_after = retry_after


class SessionHost(Protocol):
    """The interface of the relay to its sessions. Strings are stream keys.

    Attributes:
        request_timeout: Time from connecting to DESCRIBE (seconds).
        dial: Connects to a link.
        udp_clients: Clients that use a link in vain, unless they are remembered.
        get_link: Returns an unused link to a stream, or raises LinkError.
        transport: Returns the transport that the next link would use.
        resumes: Returns whether a stream continues with a new link, unnoticed by the
            client. Otherwise, the client has to reconnect.
        on_started: Called when the portal's server has accepted a link.
        on_closing: Called with the reason once per viewer whose stream was opened,
            before the client is disconnected.
    """

    request_timeout: float
    dial: Dial
    udp_clients: UdpClients
    get_link: Callable[[str], Awaitable[Link]]
    transport: Callable[[str], LiveTransport]
    resumes: Callable[[str], bool]
    on_started: Callable[[str, LiveTransport], None]
    on_closing: Callable[[str, EndReason], None]

    def admits_viewer(self, viewer: Viewer) -> bool:
        """Return whether the limits allow one more viewer."""

    def on_ended(self, end: SessionEnd) -> None:
        """Record how a link was used; called once per link."""

    def on_failed(self, kind: LinkRefusal | EndReason) -> None:
        """Record that a stream could not be opened."""
