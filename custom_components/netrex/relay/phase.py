"""The states of a viewer's session."""

from enum import Enum, auto


class Phase(Enum):
    """The state of a session."""

    GREETING = auto()  # no DESCRIBE has been accepted yet
    OPENING = auto()  # requesting a link and the stream's description
    PLAYING = auto()  # connected to the portal's server
    LEAVING = auto()  # still connected; the client has sent TEARDOWN
    RESUMING = auto()  # the portal's session has ended; another one is being opened
    CLOSED = auto()


# Connected to the portal's server, or about to be again.
LIVE = frozenset({Phase.PLAYING, Phase.LEAVING, Phase.RESUMING})
