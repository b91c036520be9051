"""A client of Home Assistant's REST and WebSocket APIs."""

import asyncio
from dataclasses import dataclass
from typing import Any, Self

import aiohttp

from .processes import DemoError

type Json = dict[str, Any]

# Timeout of a WebSocket command, in seconds.
COMMAND_TIMEOUT = 45.0


@dataclass(frozen=True, slots=True)
class Tokens:
    """The answer of the token endpoint (RFC 6749, section 5.1)."""

    access_token: str
    refresh_token: str
    expires_in: int
    client_id: str


class HomeAssistantClient:
    """Requests to Home Assistant as an administrator."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, tokens: Tokens
    ) -> None:
        self.session = session
        self.url = url
        self.tokens = tokens
        self._websocket: aiohttp.ClientWebSocketResponse | None = None
        self._last_id = 0
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Open the WebSocket connection."""
        websocket = await self.session.ws_connect(
            f"{self.url}/api/websocket", max_msg_size=0, heartbeat=30
        )
        await websocket.receive_json()
        await websocket.send_json(
            {"type": "auth", "access_token": self.tokens.access_token}
        )
        if (await websocket.receive_json())["type"] != "auth_ok":
            raise DemoError("Home Assistant refused the WebSocket connection")
        self._websocket = websocket
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Close the WebSocket connection."""
        if self._websocket is not None:
            await self._websocket.close()

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of an authenticated request from the frontend."""
        return {
            "Authorization": f"Bearer {self.tokens.access_token}",
            # The OAuth flow derives its redirect URI from this.
            "HA-Frontend-Base": self.url,
        }

    async def request(self, method: str, path: str, body: Json | None = None) -> Any:  # noqa: ANN401 - JSON of any shape
        """Send a REST request and return the JSON response."""
        async with self.session.request(
            method,
            f"{self.url}{path}",
            json=body,
            headers=self.headers,
        ) as response:
            if not response.ok:
                raise DemoError(
                    f"{method} {path}: {response.status} {await response.text()}"
                )
            return await response.json()

    async def command(self, kind: str, **fields: object) -> Any:  # noqa: ANN401 - JSON of any shape
        """Send a WebSocket command and return its result."""
        if self._websocket is None:
            raise DemoError("The WebSocket is not open")
        async with self._turn:
            self._last_id += 1
            await self._websocket.send_json(
                {"id": self._last_id, "type": kind, **fields}
            )
            answer: Json = {}
            while (answer.get("id"), answer.get("type")) != (self._last_id, "result"):
                answer = await self._websocket.receive_json(timeout=COMMAND_TIMEOUT)
        if not answer["success"]:
            raise DemoError(f"{kind}: {answer['error']['message']}")
        return answer["result"]

    async def states(self) -> dict[str, Json]:
        """Return all states by entity ID."""
        return {
            state["entity_id"]: state
            for state in await self.request("GET", "/api/states")
        }
