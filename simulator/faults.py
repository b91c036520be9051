"""Faults on demand: what goes wrong next, at which door of the cloud."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Endpoint(StrEnum):
    """The doors at which something can go wrong."""

    GRAPHQL = "graphql"
    AUTHORIZE = "authorize"
    TOKEN = "token"
    REVOKE = "revoke"
    DOWNLOAD = "download"
    GATEWAY = "gateway"
    EVENTS = "events"
    RTSP = "rtsp"


class FaultKind(StrEnum):
    """What goes wrong.

    delay: answer after `value` seconds, otherwise properly.
    status: HTTP status `value` (RTSP: status line) with a plain body.
    garbage: bytes that are no text. html: an error page with status 200.
    empty: status 200 without a body. cut: close the connection without an answer.
    cut_body: close it in the middle of the body.
    half: GraphQL: each top-level field named in `value` (comma-separated; empty: the
    last one) is null with an error beside the data. refuse: as the limiter refuses.
    wrong_types: GraphQL: numbers become texts, texts numbers, lists objects.
    huge: a valid JSON answer of `value` megabytes.
    silence: an open event stream says nothing any more, not even to a ping.
    """

    DELAY = "delay"
    STATUS = "status"
    GARBAGE = "garbage"
    HTML = "html"
    EMPTY = "empty"
    CUT = "cut"
    CUT_BODY = "cut_body"
    HALF = "half"
    REFUSE = "refuse"
    WRONG_TYPES = "wrong_types"
    HUGE = "huge"
    SILENCE = "silence"


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong at `endpoint`.

    `value` is the number or text that the kind needs. `count` is how many requests it
    hits, None for all until it is cleared. `match` is a text that the request (query
    text, path) must contain.
    """

    endpoint: Endpoint
    kind: FaultKind
    value: float | str | None = None
    count: int | None = 1
    match: str = ""

    @property
    def number(self) -> float:
        """Return the value as a number, 0 where it is none."""
        return float(self.value or 0)


class Faults:
    """The faults that wait for a request, first come first served."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(
        self,
        endpoint: str,
        kind: str,
        value: float | str | None = None,
        *,
        count: int | None = 1,
        match: str = "",
    ) -> Fault:
        """Add a fault. Raises ValueError for an unknown endpoint or kind."""
        fault = Fault(Endpoint(endpoint), FaultKind(kind), value, count, match)
        self._waiting.append(fault)
        return fault

    def take(self, endpoint: Endpoint, request: str = "") -> Fault | None:
        """Return the fault that hits this request, and use it up by one."""
        for fault in self._waiting:
            if fault.endpoint is endpoint and fault.match in request:
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count <= 0:
                        self._waiting.remove(fault)
                return fault
        return None

    def clear(self, endpoint: str | None = None) -> None:
        """Forget the faults of one endpoint, or all."""
        self._waiting = [
            fault
            for fault in self._waiting
            if endpoint is not None and fault.endpoint != endpoint
        ]

    def as_list(self) -> list[dict[str, Any]]:
        """Return the waiting faults as plain data."""
        return [asdict(fault) for fault in self._waiting]
