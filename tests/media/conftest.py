"""Fixtures for tests through Home Assistant's own websocket and HTTP interfaces."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.netrex.recordings.timing import Timing
from simulator import Simulator

type Json = dict[str, Any]
type Ask = Callable[..., Awaitable[Json]]

SCHEME = "media-source://netrex"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at preparations more often than the portal would like."""
    monkeypatch.setattr(
        "custom_components.netrex.recordings.manager.Timing",
        partial(Timing, steps=(0.05,), settling=0.0),
    )


@pytest.fixture(autouse=True)
async def _media_source(hass: HomeAssistant) -> None:
    """Set up what the media browser asks."""
    assert await async_setup_component(hass, "media_source", {})


@pytest.fixture
async def ask(
    hass: HomeAssistant, entry: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> Ask:
    """Return what asks the media source and returns the whole answer.

    `what` is browse, resolve or search; `identifier` is without scheme and domain.
    """
    client = await hass_ws_client(hass)

    async def ask(what: str, identifier: str = "", **fields: object) -> Json:
        content_id = f"{SCHEME}/{identifier}" if identifier else SCHEME
        await client.send_json_auto_id(
            {
                "type": f"media_source/{what}_media",
                "media_content_id": content_id,
                **fields,
            }
        )
        answer: Json = await client.receive_json()
        return answer

    return ask


@pytest.fixture
def browse(ask: Ask) -> Ask:
    """Return what opens a place and returns it."""

    async def browse(identifier: str = "") -> Json:
        answer = await ask("browse", identifier)
        assert answer["success"], answer
        result: Json = answer["result"]
        return result

    return browse


@pytest.fixture
def camera_id(cloud: Simulator) -> int:
    """Return the node id of a camera."""
    return next(iter(cloud.world.cameras))


def asked(cloud: Simulator) -> int:
    """Return how many queries were about recordings."""
    return sum("recording" in query.query for query in cloud.queries)


def titles(place: Json) -> list[str]:
    """Return the titles of what is in a place."""
    return [child["title"] for child in place["children"]]


def child(place: Json, title: str) -> str:
    """Return the identifier of something in a place, by the beginning of its title."""
    found = [one for one in place["children"] if one["title"].startswith(title)]
    assert len(found) == 1, titles(place)
    return identifier(found[0])


def identifier(item: Json) -> str:
    """Return what is behind the scheme and domain of an item's id."""
    content_id: str = item["media_content_id"]
    return content_id.removeprefix(SCHEME).removeprefix("/")
