"""What a viewer's session needs from its relay."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ..client import LiveTransport
from .terms import Ending, LinkRefusal, SessionEnd
from .transports import Link
from .upstream import Dial


@dataclass(frozen=True, slots=True)
class SessionHost:
    """What a session needs from its relay.

    Args:
        token: Gives the first part of the path of a stream's address.
        get_link: Gives a fresh link to a stream, or raises LinkError.
        transport: Says over which transport the next link would come.
        dial: Connects to a link.
        request_timeout: Seconds from a client's connection to its DESCRIBE.
        admit: Asked before a link is taken; False refuses the viewer.
        resumes: Says whether a stream's picture is taken up again behind a client that
            notices nothing, or the client has to connect again.
        started: Called when the portal's server has taken the link.
        closing: Called once per viewer who had a picture, before the client is
            disconnected, with the reason.
        ended: Called once per link.
        refused: Called when there is no link.
    """

    token: Callable[[str], str]
    get_link: Callable[[str], Awaitable[Link]]
    transport: Callable[[str], LiveTransport]
    dial: Dial
    request_timeout: float
    admit: Callable[[], bool]
    resumes: Callable[[str], bool]
    started: Callable[[str, LiveTransport], None]
    closing: Callable[[str, Ending], None]
    ended: Callable[[SessionEnd], None]
    refused: Callable[[LinkRefusal], None]
