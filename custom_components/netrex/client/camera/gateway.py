"""The cameras' own interfaces, through the portal's gateway (decision 0019).

"Camera access and VAPIX camera interface" of the vendor's documentation: a camera has
an address made of its serial number, for those who have a token with the Configuration
permission. The gateway signs in to the camera itself. Its calls are no GraphQL queries,
so they have turns of their own: one at a time for each camera.
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

# Seconds. A call passes the internet twice, and a camera is no fast computer.
_TIMEOUT = 20.0
_SPACING = 0.2
# Bytes. All parameters of a camera are about 100 kB, a 4K picture 3 MB.
_LARGEST_TEXT = 2 * 2**20
_LARGEST_IMAGE = 16 * 2**20
_TYPE = "Content-Type"
_FAILURES = (
    (BROKEN, NetrexCameraResponseError, "The camera's response is broken"),
    (UNREACHABLE, NetrexCameraOfflineError, "The camera does not answer"),
    (ValueError, NetrexCameraTokenError, "The token cannot be sent in a header"),
)
# Called after each call: the camera's serial number, and what went wrong if anything.
type Report = Callable[[str, NetrexError | None], None]


class _Turn:
    """Whose call a camera answers now, and when it answered the last."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.ended_at = -math.inf


class GatewayClient:
    """Calls cameras by their serial numbers.

    Args:
        session: Not closed here. Its connector verifies TLS.
        url_template: See `parse_camera_url`.
        token: The camera access token; it travels in a header only.
        report: Told how each call went.
        timeout: Seconds for the whole of a call, from its turn on.
        spacing: Seconds between the calls of one camera.
        clock: Monotonic time in seconds.

    Raises:
        ValueError: The template is none.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url_template: str,
        token: str,
        *,
        report: Report | None = None,
        timeout: float = _TIMEOUT,
        spacing: float = _SPACING,
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

    async def get_text(
        self, serial_number: str, path: str, params: Mapping[str, str] | None = None
    ) -> str:
        """Return the text that a camera answers; see `request` for the errors."""
        return read_text(
            await self.request(serial_number, path, params=params), self._token
        )

    async def post_form(
        self,
        serial_number: str,
        path: str,
        fields: Mapping[str, str],
        *,
        urgent: bool = False,
    ) -> str:
        """Post a form and return the text of the answer; empty with status 204."""
        return read_text(
            await self.request(serial_number, path, form=fields, urgent=urgent),
            self._token,
        )

    async def get_json(
        self, serial_number: str, path: str, params: Mapping[str, str] | None = None
    ) -> Mapping[str, object]:
        """Return the JSON object that a camera answers."""
        return read_json(
            await self.request(serial_number, path, params=params), self._token
        )

    async def post_form_for_json(
        self, serial_number: str, path: str, fields: Mapping[str, str]
    ) -> Mapping[str, object]:
        """Post a form and return the JSON object that comes back."""
        return read_json(
            await self.request(serial_number, path, form=fields), self._token
        )

    async def post_json(
        self, serial_number: str, path: str, body: Mapping[str, object]
    ) -> Mapping[str, object]:
        """Post a JSON object and return the one that comes back."""
        return read_json(
            await self.request(serial_number, path, json_body=body), self._token
        )

    async def get_bytes(
        self,
        serial_number: str,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        content_type: str = "image/jpeg",
    ) -> bytes:
        """Return a body, such as a picture, of the given content type."""
        answer = await self.request(
            serial_number, path, params=params, largest=_LARGEST_IMAGE
        )
        if answer.content_type != content_type:
            # Most likely a failure, in words.
            read_text(answer, self._token)
            raise NetrexCameraResponseError("The camera's answer is of another kind")
        if not answer.body:
            raise NetrexCameraResponseError("The camera's answer is empty")
        return answer.body

    async def request(
        self,
        serial_number: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        json_body: Mapping[str, object] | None = None,
        largest: int = _LARGEST_TEXT,
        urgent: bool = False,
    ) -> CameraAnswer:
        """Call a camera when its turn comes; with a form or JSON it is a POST.

        Args:
            serial_number: The camera's; 12 hexadecimal digits.
            path: Of the call, without a leading slash. Never made of anybody's input.
            params: The query; encoded here.
            form: To post; encoded here.
            json_body: To post.
            largest: Bytes that the answer may have.
            urgent: It cannot wait for its turn (stop a movement).

        Raises:
            NetrexCameraError: One of its kinds, by the answer's status. Failures
                inside an answer with a good status are found by those who read it.
            NetrexRateLimitedError: The gateway counts calls, and these are too many.
        """
        try:
            url = camera_url(self._template, serial_number, path, params)
            if urgent:
                answer = await self._call(url, form, json_body, largest)
            else:
                async with self._turn(serial_number.lower()):
                    answer = await self._call(url, form, json_body, largest)
        except NetrexError as err:
            self._tell(serial_number, err)
            raise
        self._tell(serial_number, None)
        return answer

    async def websocket(
        self,
        serial_number: str,
        path: str,
        params: Mapping[str, str] | None = None,
    ) -> aiohttp.ClientWebSocketResponse:
        """Open a WebSocket to a camera, which the caller closes.

        It lasts for days, so it takes nobody's turn. Pings are the caller's too:
        aiohttp's own heartbeat would go on for a while after the end. Raises what
        `request` raises.
        """
        try:
            socket = await self._connect(
                camera_url(self._template, serial_number, path, params)
            )
        except NetrexError as err:
            self._tell(serial_number, err)
            raise
        self._tell(serial_number, None)
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
        json_body: Mapping[str, object] | None,
        largest: int,
    ) -> CameraAnswer:
        with map_exceptions(*_FAILURES):
            async with self._session.request(
                "GET" if form is None and json_body is None else "POST",
                url,
                data=form,
                json=json_body,
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(total=self._timeout),
                # It would carry the call elsewhere.
                allow_redirects=False,
            ) as response:
                wait = retry_after(response.headers)
                if refusal := status_error(response.status, wait):
                    raise refusal
                # aiohttp takes a missing type for application/octet-stream.
                kind = response.content_type if response.headers.get(_TYPE) else ""
                return CameraAnswer(
                    response.status, kind, await read_limited(response, largest)
                )

    async def _connect(self, url: URL) -> aiohttp.ClientWebSocketResponse:
        # Only a session's middleware can keep a WebSocket from following redirects.
        # This session shares the connections of the other.
        session = aiohttp.ClientSession(
            connector=self._session.connector,
            connector_owner=False,
            middlewares=(_require_upgrade,),
        )
        try:
            with map_exceptions(*_FAILURES):
                async with asyncio.timeout(self._timeout):
                    return await session.ws_connect(
                        url, headers=self._headers, autoping=False
                    )
        finally:
            session.detach()

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Token {self._token}"}

    def _tell(self, serial_number: str, err: NetrexError | None) -> None:
        if self._report is not None:
            self._report(serial_number, err)


async def _require_upgrade(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    response = await handler(request)
    if response.status != HTTPStatus.SWITCHING_PROTOCOLS:
        response.close()
        refusal = status_error(response.status, retry_after(response.headers))
        raise refusal or NetrexCameraResponseError("The camera opened no WebSocket")
    return response
