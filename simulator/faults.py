"""Faults on demand: the next error of an endpoint."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Endpoint(StrEnum):
    """The endpoints that faults can be added to."""

    GRAPHQL = "graphql"
    AUTHORIZE = "authorize"
    TOKEN = "token"
    REVOKE = "revoke"
    DOWNLOAD = "download"
    GATEWAY = "gateway"
    EVENTS = "events"
    RTSP = "rtsp"


class FaultKind(StrEnum):
    """The kinds of faults.

    delay: the correct answer, `value` seconds late.
    status: HTTP status `value` (RTSP: status line) with a plain body.
    garbage: bytes that are not text.
    html: an error page with status 200.
    empty: status 200 without a body.
    cut: the connection is closed without an answer.
    cut_body: the connection is closed in the middle of the body.
    half: GraphQL: each top-level field named in `value` (comma-separated; empty: the
    last one) is null, with an error beside the data.
    refuse: the answer of the limiter.
    wrong_types: GraphQL: numbers become strings, strings numbers, lists objects, in the
    top-level fields whose text contains `value` (empty: all). Other endpoints: a list.
    null: the same fields are null without an error. Other endpoints: the JSON null.
    denied, not_found: GraphQL: the same fields are null with the portal's error.
    hostile: GraphQL and gateway: about one value in ten of the right answer is one
    that breaks careless clients; `value` is the seed.
    huge: a valid JSON answer of `value` megabytes.
    silence: an open event stream sends nothing more and does not answer pings.
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
    NULL = "null"
    DENIED = "denied"
    NOT_FOUND = "not_found"
    HOSTILE = "hostile"
    HUGE = "huge"
    SILENCE = "silence"


@dataclass(slots=True)
class Fault:
    """A fault at `endpoint`.

    `value` is the number or text that the kind needs. `count` is the number of requests
    that it applies to, None for all until it is cleared. `match` is a text that the
    request (query text, path) must contain.
    """

    endpoint: Endpoint
    kind: FaultKind
    value: float | str | None = None
    count: int | None = 1
    match: str = ""

    @property
    def number(self) -> float:
        """Return the value as a number, 0 for a text."""
        return float(self.value or 0)


class Faults:
    """The pending faults, applied in the order in which they were added."""

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
        """Return the fault that applies to this request and decrease its count."""
        for fault in self._waiting:
            if fault.endpoint is endpoint and fault.match in request:
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count <= 0:
                        self._waiting.remove(fault)
                return fault
        return None

    def clear(self, endpoint: str | None = None) -> None:
        """Remove the faults of one endpoint, or all."""
        self._waiting = [
            fault
            for fault in self._waiting
            if endpoint is not None and fault.endpoint != endpoint
        ]

    def as_list(self) -> list[dict[str, Any]]:
        """Return the pending faults as plain data."""
        return [asdict(fault) for fault in self._waiting]
