"""Clients that insist on UDP, which the relay does not offer."""

from collections.abc import Callable, Hashable
from http import HTTPStatus
import time

from .rtsp import Request, Response
from .sdp import Description

_MEMORY_SECONDS = 600.0
_MAX_CLIENTS = 100


class UdpClients:
    """Descriptions for clients that have left because UDP was refused.

    Such a client only learns from its SETUP that there is no UDP. A player in a loop
    would use a link for each attempt, so further attempts get the last description,
    without a link.

    Args:
        clock: Returns monotonic time (seconds).
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # With the time until which the description may be used, oldest first.
        self._described: dict[Hashable, tuple[float, Response]] = {}

    def refused(self, viewer: Hashable, described: Response) -> None:
        """Remember a client whose request for UDP was refused."""
        self._described.pop(viewer, None)
        self._described[viewer] = (self._clock() + _MEMORY_SECONDS, described)
        if len(self._described) > _MAX_CLIENTS:
            del self._described[next(iter(self._described))]

    def accepted(self, viewer: Hashable) -> None:
        """Forget a client that also uses TCP."""
        self._described.pop(viewer, None)

    def describe(self, viewer: Hashable, request: Request) -> Response | None:
        """Return the answer to DESCRIBE of such a client; None for any other."""
        until, described = self._described.get(viewer, (0.0, None))
        if described is None or until < self._clock():
            return None
        headers = [h for h in described.headers if h[0].lower() != "cseq"]
        answer = Response.to(request, described.status, headers)
        answer.body = described.body
        return answer


def is_same(first: Response, second: Response, url: str) -> bool:
    """Return whether a client that got the first description can use the second.

    Args:
        first: The answer to DESCRIBE that the client got.
        second: The server's current answer.
        url: The stream's URL as the client writes it.
    """
    known, other = (Description.of(answer, url) for answer in (first, second))
    return known == other and second.status == HTTPStatus.OK
