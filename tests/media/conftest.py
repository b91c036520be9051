"""Fixtures for tests through Home Assistant's WebSocket and HTTP interfaces."""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
import time
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.netrex.recordings import RecordingManager
from custom_components.netrex.recordings.timing import Timing
from simulator import Simulator

type Json = dict[str, Any]
type Ask = Callable[..., Awaitable[Json]]

SCHEME = "media-source://netrex"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Poll preparations more often than the portal allows."""
    timing = Timing(intervals=(0.05,), settling=0.0)
    monkeypatch.setattr(
        "custom_components.netrex.RecordingManager",
        partial(RecordingManager, timing=timing),
    )


@pytest.fixture(autouse=True)
async def _media_source(hass: HomeAssistant, tmp_path: Path) -> None:
    """Set up the media source integration with a folder of its own."""
    hass.config.config_dir = str(tmp_path)
    assert await async_setup_component(hass, "media_source", {})


@pytest.fixture
async def ask(
    hass: HomeAssistant, entry: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> Ask:
    """Return a function that sends a command and returns the whole response.

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
    """Return a function that opens an item and returns it."""

    async def browse(identifier: str = "") -> Json:
        answer = await ask("browse", identifier)
        assert answer["success"], answer
        result: Json = answer["result"]
        return result

    return browse


@pytest.fixture
def camera_id(cloud: Simulator) -> int:
    """Return the node ID of a camera; all cameras have low resolutions."""
    for camera in cloud.world.cameras.values():
        for profile in camera.stream_profiles:
            profile.width, profile.height = 320, 180
    return next(iter(cloud.world.cameras))


@pytest.fixture
def clip(entry: MockConfigEntry, camera_id: int) -> str:
    """Return the identifier of a recording of 4 s."""
    start = int(time.time()) - 3600
    return f"{entry.entry_id}/clip/{camera_id}/{start}/{start + 4}"


def asked(cloud: Simulator) -> int:
    """Return the number of queries about recordings."""
    return sum("recording" in query.query for query in cloud.queries)


def titles(item: Json) -> list[str]:
    """Return the titles of an item's children."""
    return [child["title"] for child in item["children"]]


def child(item: Json, title: str) -> str:
    """Return the identifier of a child by the start of its title."""
    found = [one for one in item["children"] if one["title"].startswith(title)]
    assert len(found) == 1, titles(item)
    return identifier(found[0])


def identifier(item: Json) -> str:
    """Return an item's content ID without scheme and domain."""
    content_id: str = item["media_content_id"]
    return content_id.removeprefix(SCHEME).removeprefix("/")
