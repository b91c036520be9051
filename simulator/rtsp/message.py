"""RTSP messages on a byte stream (RFC 2326 sections 4 to 7 and 10.12)."""

import asyncio
from dataclasses import dataclass, field

VERSION = "RTSP/1.0"
_MAX_BODY = 65_536
_REASONS = {
    200: "OK",
    301: "Moved Permanently",
    302: "Moved Temporarily",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    408: "Request Time-out",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "RTSP Version not supported",
    551: "Option not supported",
}


class BadMessageError(Exception):
    """The data received is not RTSP."""


class RtspError(Exception):
    """A request is answered with this status (RFC 2326 section 11)."""

    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers or {}


@dataclass(slots=True)
class Request:
    """One request; header names are in lower case."""

    method: str
    uri: str
    version: str = VERSION
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> tuple[str, ...]:
        """The parts of the URI's path, without the query."""
        _, scheme, rest = self.uri.partition("://")
        path = rest.partition("/")[2] if scheme else self.uri
        return tuple(part for part in path.partition("?")[0].split("/") if part)


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Return the next request, or None for a block of interleaved data.

    Raises BadMessageError for anything else, IncompleteReadError at the end.
    """
    first = await reader.readexactly(1)
    if first == b"$":
        header = await reader.readexactly(3)
        await reader.readexactly(int.from_bytes(header[1:]))
        return None
    try:
        head = first + await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as err:
        raise BadMessageError from err
    try:
        start, *lines = head.decode().strip().split("\r\n")
        method, uri, version = start.split(" ")
    except ValueError as err:
        raise BadMessageError from err
    headers = {
        name.strip().lower(): value.strip()
        for name, colon, value in (line.partition(":") for line in lines)
        if colon
    }
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > _MAX_BODY:
        raise BadMessageError
    await reader.readexactly(int(length))
    return Request(method, uri, version, headers)


def response(
    status: int, cseq: str | None, headers: dict[str, str], body: str = ""
) -> bytes:
    """Return a response as bytes."""
    lines = [f"{VERSION} {status} {_REASONS.get(status, 'Error')}"]
    if cseq is not None:
        lines.append(f"CSeq: {cseq}")
    lines.extend(f"{name}: {value}" for name, value in headers.items())
    if body:
        lines.append(f"Content-Length: {len(body.encode())}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def interleaved_channel(transport: str) -> int | None:
    """Return the first RTP channel that a Transport header offers over TCP.

    None if it offers other transports only.
    """
    for offer in transport.split(","):
        protocol, *parameters = (part.strip() for part in offer.split(";"))
        if protocol.upper() != "RTP/AVP/TCP":
            continue
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            channel = value.partition("-")[0]
            if name == "interleaved" and channel.isdecimal() and int(channel) < 255:  # noqa: PLR2004 - channels are one byte, two are needed
                return int(channel)
        return 0
    return None
