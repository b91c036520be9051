"""Keeps a session with the portal's server alive, whatever the client does for it.

The client sees the relay's methods and not the server's, and after a resumption it only
knows the first session's timeout. Servers differ in what they count: requests of any
kind, some requests, or receiver reports.
"""

import asyncio
import contextlib
import re
import secrets

from .connection import Connection
from .rtp import empty_report
from .rtsp import Request, Response, interleaved_channels, session_id

_DEFAULT_TIMEOUT_SECONDS = 60  # RFC 2326 section 12.37
_MIN_TIMEOUT_SECONDS = 4
# Each kind of request is sent twice per timeout.
_PARTS = 4
_TIMEOUT = re.compile(r";\s*timeout\s*=\s*(\d{1,6})", re.IGNORECASE)
_METHODS = ("OPTIONS", "GET_PARAMETER")
# Beyond the sequence numbers of any client.
_FIRST_NUMBER = 900_000_000
_ERRORS = 400
# Requests whose answers are outstanding; a slow client delays them.
_MAX_SENT = 16


class KeepAlive:
    """Sends requests and empty receiver reports in the name of the client.

    Args:
        connection: The connection to the server.
        url: The stream's URL.
    """

    def __init__(self, connection: Connection, url: str) -> None:
        self._connection = connection
        self._url = url
        self._session = ""
        self._interval_seconds = 0.0
        self._report = b""
        self._number = _FIRST_NUMBER
        # By sequence number, oldest first; refused methods are not sent again.
        self._sent: dict[str, str] = {}
        self._methods = list(_METHODS)
        self._task: asyncio.Task[None] | None = None

    def observe(self, answer: Response) -> bool:
        """Learn from an answer; return whether it is hidden from the client."""
        method = self._sent.pop(answer.header("CSeq") or "", None)
        if method is not None:
            if answer.status >= _ERRORS and method in self._methods:
                self._methods.remove(method)
            return True
        if not self._report and (channels := interleaved_channels(answer)) is not None:
            self._report = empty_report(channels[1], secrets.token_bytes(4))
        session = session_id(answer)
        if session and not self._session:
            self._session = session
            match = _TIMEOUT.search(answer.header("Session") or "")
            timeout = int(match[1]) if match else _DEFAULT_TIMEOUT_SECONDS
            self._interval_seconds = max(timeout, _MIN_TIMEOUT_SECONDS) / _PARTS
            self._task = asyncio.get_running_loop().create_task(self._run())
        return False

    def close(self) -> None:
        """Stop sending."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        # If the server has disconnected, the session handles it.
        with contextlib.suppress(OSError):
            while self._methods or self._report:
                await asyncio.sleep(self._interval_seconds)
                await self._send()

    async def _send(self) -> None:
        connection = self._connection
        connection.write(self._report)
        if not self._methods:
            await connection.drain()
            return
        number = str(self._number)
        method = self._methods[self._number % len(self._methods)]
        self._number += 1
        self._sent[number] = method
        if len(self._sent) > _MAX_SENT:
            del self._sent[next(iter(self._sent))]
        headers = [("CSeq", number), ("Session", self._session)]
        await connection.send(Request(method, self._url, headers=headers))
