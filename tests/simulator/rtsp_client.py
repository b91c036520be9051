"""A minimal RTSP client that can send what players do not, and shows every byte."""

import asyncio
from dataclasses import dataclass
from typing import Protocol, Self


@dataclass(slots=True)
class Answer:
    """An RTSP response; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: str


class Writer(Protocol):
    """The sending side of the client's connection."""

    def write(self, data: bytes, /) -> None:
        """Send bytes without waiting."""

    def close(self) -> None:
        """Close the connection."""


class RtspClient:
    """One connection to an RTSP server."""

    def __init__(self, url: str, reader: asyncio.StreamReader, writer: Writer) -> None:
        """Wrap an open connection for the link `url`."""
        self.url = url
        self.reader = reader
        self.writer = writer
        self.session = ""
        self._number = 0

    @classmethod
    async def connect(cls, url: str) -> Self:
        """Connect to the server of an rtsp:// URL."""
        host, _, port = url.split("/")[2].partition(":")
        return cls(url, *await asyncio.open_connection(host, int(port)))

    async def __aenter__(self) -> Self:
        """Return the client itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connection."""
        self.writer.close()

    async def request(self, method: str, path: str = "", **headers: str) -> Answer:
        """Send a request; return its response, skipping media before it."""
        self._number += 1
        lines = [f"{method} {self.url}{path} RTSP/1.0", f"CSeq: {self._number}"]
        if self.session:
            lines.append(f"Session: {self.session}")
        lines += [f"{name.title()}: {value}" for name, value in headers.items()]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        while (message := await self.read())[0] is not None:
            pass
        return message[1]

    async def read(self) -> tuple[int, bytes] | tuple[None, Answer]:
        """Return the next interleaved block (channel, data) or response."""
        first = await self.reader.readexactly(1)
        if first == b"$":
            header = await self.reader.readexactly(3)
            data = await self.reader.readexactly(int.from_bytes(header[1:]))
            return header[0], data
        head = (first + await self.reader.readuntil(b"\r\n\r\n")).decode()
        status, *lines = head.strip().split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        length = int(headers.get("content-length", 0))
        body = (await self.reader.readexactly(length)).decode()
        return None, Answer(int(status.split(" ")[1]), headers, body)

    async def play(self) -> Answer:
        """Send DESCRIBE, SETUP, and PLAY; return the last response."""
        assert (await self.request("DESCRIBE")).status == 200
        await self.setup()
        return await self.request("PLAY")

    async def setup(self, transport: str = "RTP/AVP/TCP;interleaved=0-1") -> Answer:
        """Send SETUP and store the session ID."""
        answer = await self.request("SETUP", "/trackID=0", transport=transport)
        self.session = answer.headers.get("session", "").partition(";")[0]
        return answer

    async def closed(self) -> bool:
        """Read to the end; return whether the server closed the connection."""
        try:
            while await self.reader.read(65_536):
                pass
        except ConnectionError:
            return True
        return True
