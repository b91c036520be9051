"""HTTP calls to cameras through the vendor's gateway (decision 0019).

Source: "Camera access and VAPIX camera interface" in the vendor's documentation. Each
camera has an address derived from its serial number, for tokens with the Configuration
permission, and the gateway signs in to the camera. The calls are not GraphQL queries,
so the pacer does not queue them; instead, each camera gets one call at a time.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
import math
import time

import aiohttp
from yarl import URL

from ..errors import (
    NetrexCameraOfflineError,
    NetrexCameraResponseError,
    NetrexCameraTokenError,
    NetrexError,
)
from ..http import (
    BROKEN,
    UNREACHABLE,
    map_exceptions,
    read_limited,
    retry_after,
)
from .answer import CameraAnswer, read_json, read_text, status_error
from .url import camera_url, parse_camera_url

# For a complete call, which crosses the internet twice to a slow device.
_TIMEOUT_SECONDS = 20.0
_SPACING_SECONDS = 0.2
# All parameters of a camera take about 100 kB, a 4K snapshot 3 MB.
_MAX_TEXT_BYTES = 2 * 2**20
_MAX_IMAGE_BYTES = 16 * 2**20
# An event takes about 1 kB.
_MAX_MESSAGE_BYTES = 2**18
_IMAGE_TYPE = "image/jpeg"
_FAILURES = (
    (BROKEN, NetrexCameraResponseError, "The camera's response is broken"),
    (UNREACHABLE, NetrexCameraOfflineError, "No response"),
    (ValueError, NetrexCameraTokenError, "The token cannot be sent in a header"),
)
# Called after each call with the camera's serial number, and the error or None.
type Report = Callable[[str, NetrexError | None], None]


class _Turn:
    """Held by a camera's running call; records when the last call ended."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.ended_at = -math.inf


class GatewayClient:
    """Calls cameras by their serial numbers.

    Args:
        session: Its connector verifies TLS. The client does not close it.
        url_template: See `parse_camera_url`.
        token: The camera access token; it is sent in a header only.
        report: Receives the result of each call.
        timeout: Limit for a call in seconds, excluding the wait for other calls.
        spacing: Seconds between two calls to the same camera.
        clock: Monotonic time in seconds.

    Raises:
        ValueError: The URL template is invalid.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url_template: str,
        token: str,
        *,
        report: Report | None = None,
        timeout: float = _TIMEOUT_SECONDS,
        spacing: float = _SPACING_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._template = parse_camera_url(url_template)
        self._token = token
        self._report = report
        self._timeout = timeout
        self._spacing = spacing
        self._clock = clock
        self._turns: defaultdict[str, _Turn] = defaultdict(_Turn)

    async def request_text(
        self,
        serial_number: str,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        form: Mapping[str, str] | None = None,
        urgent: bool = False,
    ) -> str:
        """Return a response as text, empty for status 204; see `request`."""
        answer = await self.request(
            serial_number, path, params, form=form, urgent=urgent
        )
        return read_text(answer, self._token)

    async def request_json(
        self,
        serial_number: str,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        form: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Mapping[str, object]:
        """Return the JSON object of a response; see `request`."""
        answer = await self.request(serial_number, path, params, form=form, body=body)
        return read_json(answer, self._token)

    async def request_image(
        self, serial_number: str, path: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        """Return a JPEG; see `request`."""
        answer = await self.request(
            serial_number, path, params, max_bytes=_MAX_IMAGE_BYTES
        )
        if answer.content_type != _IMAGE_TYPE:
            # Most likely a failure that the camera reports as text.
            read_text(answer, self._token)
            raise NetrexCameraResponseError("The camera's response is not an image")
        if not answer.body:
            raise NetrexCameraResponseError("The camera's response is empty")
        return answer.body

    async def request(
        self,
        serial_number: str,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        form: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        max_bytes: int = _MAX_TEXT_BYTES,
        urgent: bool = False,
    ) -> CameraAnswer:
        """Call a camera, after other calls to it; POST if there is a form or a body.

        Args:
            serial_number: The camera's, 12 hexadecimal digits.
            path: Without a leading slash; must not contain any user input.
            params: The query, not encoded.
            form: Form fields, not encoded.
            body: Sent as JSON.
            max_bytes: The longest response.
            urgent: Do not wait for other calls to the camera.

        Raises:
            NetrexCameraError: A subclass by HTTP status. Failures that a camera
                reports with status 200 are found when the response is parsed.
            NetrexRateLimitedError: The gateway refuses further calls for a while.
        """
        try:
            url = camera_url(self._template, serial_number, path, params)
            if urgent:
                answer = await self._call(url, form, body, max_bytes)
            else:
                async with self._turn(serial_number.lower()):
                    answer = await self._call(url, form, body, max_bytes)
        except NetrexError as err:
            self._report_result(serial_number, err)
            raise
        self._report_result(serial_number, None)
        return answer

    async def websocket(
        self,
        serial_number: str,
        path: str,
        params: Mapping[str, str] | None = None,
    ) -> aiohttp.ClientWebSocketResponse:
        """Open a WebSocket to a camera; other calls do not wait until it closes.

        The caller closes it and handles pings, because aiohttp's own heartbeat would
        continue for a while after the close. Raises the same errors as `request`.
        """
        try:
            socket = await self._connect(
                camera_url(self._template, serial_number, path, params)
            )
        except NetrexError as err:
            self._report_result(serial_number, err)
            raise
        self._report_result(serial_number, None)
        return socket

    @asynccontextmanager
    async def _turn(self, key: str) -> AsyncGenerator[None]:
        turn = self._turns[key]
        async with turn.lock:
            wait = turn.ended_at + self._spacing - self._clock()
            if wait > 0:
                await asyncio.sleep(wait)
            try:
                yield
            finally:
                turn.ended_at = self._clock()

    async def _call(
        self,
        url: URL,
        form: Mapping[str, str] | None,
        body: Mapping[str, object] | None,
        max_bytes: int,
    ) -> CameraAnswer:
        with map_exceptions(*_FAILURES):
            async with self._session.request(
                "GET" if form is None and body is None else "POST",
                url,
                data=form,
                json=body,
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(total=self._timeout),
                # A redirect could send the call to another host.
                allow_redirects=False,
            ) as response:
                wait = retry_after(response.headers)
                if error := status_error(response.status, wait):
                    raise error
                # aiohttp reports a missing type as application/octet-stream.
                has_type = response.headers.get("Content-Type")
                content_type = response.content_type if has_type else ""
                return CameraAnswer(
                    content_type, await read_limited(response, max_bytes)
                )

    async def _connect(self, url: URL) -> aiohttp.ClientWebSocketResponse:
        # Only a session's middleware can keep a WebSocket from following redirects.
        # This session shares the other session's connections.
        session = aiohttp.ClientSession(
            connector=self._session.connector,
            connector_owner=False,
            middlewares=(_require_upgrade,),
        )
        try:
            with map_exceptions(*_FAILURES):
                async with asyncio.timeout(self._timeout):
                    return await session.ws_connect(
                        url,
                        headers=self._headers,
                        autoping=False,
                        max_msg_size=_MAX_MESSAGE_BYTES,
                    )
        finally:
            session.detach()

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Token {self._token}"}

    def _report_result(self, serial_number: str, err: NetrexError | None) -> None:
        if self._report is not None:
            self._report(serial_number, err)


async def _require_upgrade(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    response = await handler(request)
    if response.status != HTTPStatus.SWITCHING_PROTOCOLS:
        response.close()
        error = status_error(response.status, retry_after(response.headers))
        raise error or NetrexCameraResponseError("The camera opened no WebSocket")
    return response
