"""What a user gets in a browser, and an automation from the media source."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import time
from typing import Any

from aiohttp.test_utils import TestClient
from homeassistant.auth.models import User
from homeassistant.components.media_player import SearchMediaQuery
from homeassistant.components.media_source import (
    async_browse_media,
    async_resolve_media,
    async_search_media,
)
from pytest_homeassistant_custom_component.typing import MockHAClientWebSocket

from .users import Account

SCHEME = "media-source://netrex"


@dataclass
class Visitor:
    """A user in a browser, or an automation."""

    account: Account
    user: User | None
    websocket: MockHAClientWebSocket | None = None
    client: TestClient[Any, Any] | None = None

    def clip(self, node_id: int) -> str:
        """Return the identifier of a recording of 4 s."""
        start = int(time.time()) // 600 * 600 - 3600
        return f"{self.account.entry.entry_id}/clip/{node_id}/{start}/{start + 4}"

    async def ask(self, what: str, item: str, **fields: str) -> dict[str, Any]:
        """Send a command of the media source; without a user, call its function."""
        content_id = f"{SCHEME}/{item}" if item else SCHEME
        if self.websocket is None:
            return await self._ask_as_automation(what, content_id, **fields)
        message = {"type": f"media_source/{what}_media", "media_content_id": content_id}
        await self.websocket.send_json_auto_id(message | fields)
        answer: dict[str, Any] = await self.websocket.receive_json()
        return answer.get("result") or {}

    async def _ask_as_automation(
        self, what: str, content_id: str, search_query: str = ""
    ) -> dict[str, Any]:
        hass = self.account.hass
        if what == "browse":
            return dict((await async_browse_media(hass, content_id)).as_dict())
        if what == "search":
            query = SearchMediaQuery(search_query=search_query)
            return dict((await async_search_media(hass, content_id, query)).as_dict())
        media = await async_resolve_media(hass, content_id, "media_player.screen")
        return {"url": media.url}

    async def status(self, path: str) -> int:
        """Return the status of a path, as the user's browser gets it."""
        assert self.client is not None
        return int((await self.client.get(path)).status)

    async def places(self) -> set[int]:
        """Return the places that the dashboard gets."""
        assert self.websocket is not None
        await self.websocket.send_json_auto_id({"type": "netrex/places"})
        accounts = (await self.websocket.receive_json())["result"]["accounts"]
        return {place["node_id"] for one in accounts for place in one["places"]}


type Visit = Callable[[str], Awaitable[Visitor]]
