"""Playback through Home Assistant's WebSocket and HTTP interfaces."""

import asyncio
from pathlib import Path
import time
from typing import Any

from aiohttp.test_utils import TestClient
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.netrex import media_source
from custom_components.netrex.media import player_view as view
from simulator import Simulator

from .conftest import Ask, asked

# The type of the first box, after its 4-byte length.
MP4 = b"ftyp"


@pytest.fixture
async def player(hass_client_no_auth: ClientSessionGenerator) -> TestClient[Any, Any]:
    """Return a player without a sign-in."""
    return await hass_client_no_auth()


@pytest.fixture
async def url(ask: Ask, clip: str) -> str:
    """Return the URL of the recording."""
    answer = await ask("resolve", clip)
    assert answer["success"], answer
    result: str = answer["result"]["url"]
    return result


async def test_plays_and_seeks(
    ask: Ask, clip: str, player: TestClient[Any, Any], cloud: Simulator
) -> None:
    resolved = (await ask("resolve", clip))["result"]
    assert resolved["mime_type"] == "video/mp4"
    url = resolved["url"]
    assert url.startswith("/api/netrex/recordings/")
    assert "authSig=" in url
    spent = asked(cloud)

    whole = await player.get(url)
    assert whole.status == 200
    assert whole.content_type == "video/mp4"
    assert whole.headers["Accept-Ranges"] == "bytes"
    content = await whole.read()
    assert content[4:8] == MP4
    assert whole.content_length == len(content)

    # As browsers start, seek, and look for an index at the end.
    for wanted, part in (
        ("bytes=0-", content),
        ("bytes=100-199", content[100:200]),
        (f"bytes={len(content) // 2}-", content[len(content) // 2 :]),
        ("bytes=-50", content[-50:]),
        (f"bytes={len(content) - 1}-{len(content) + 100}", content[-1:]),
    ):
        answer = await player.get(url, headers={"Range": wanted})
        assert answer.status == 206, wanted
        assert await answer.read() == part
        content_range = answer.headers["Content-Range"]
        assert content_range.endswith(f"/{len(content)}")
        first, last = content_range.removeprefix("bytes ").partition("/")[0].split("-")
        assert content[int(first) : int(last) + 1] == part
        assert answer.content_type == "video/mp4"

    beyond = await player.get(url, headers={"Range": f"bytes={len(content)}-"})
    assert beyond.status == 416
    assert beyond.headers["Content-Range"] == f"bytes */{len(content)}"

    head = await player.head(url)
    assert (head.status, await head.read()) == (200, b"")
    assert head.content_length == len(content)
    assert head.content_type == "video/mp4"
    # The file is cached, so this takes no queries.
    assert asked(cloud) == spent


async def test_validators_do_not_change_during_playback(
    url: str, player: TestClient[Any, Any]
) -> None:
    """Players stop or start over if the validators change."""
    first = await player.get(url, headers={"Range": "bytes=0-9"})
    await asyncio.sleep(1.1)
    later = await player.get(
        url,
        headers={"Range": "bytes=10-19", "If-Range": first.headers["Last-Modified"]},
    )
    assert later.status == 206
    for name in ("ETag", "Last-Modified"):
        assert later.headers[name] == first.headers[name]


async def test_browsers_suggest_a_file_name(
    url: str, player: TestClient[Any, Any], cloud: Simulator, camera_id: int
) -> None:
    answer = await player.get(url)
    disposition = answer.content_disposition
    assert disposition is not None
    assert disposition.type == "inline"
    name = next(n.name for n in cloud.world.nodes if n.node_id == camera_id)
    assert disposition.filename is not None
    assert disposition.filename.startswith(f"{name} 20")
    assert disposition.filename.endswith(".mp4")


async def test_a_second_viewer_takes_no_queries(
    ask: Ask, clip: str, url: str, cloud: Simulator
) -> None:
    spent = asked(cloud)
    assert (await ask("resolve", clip))["success"]
    assert asked(cloud) == spent


async def test_only_signed_urls_and_users_can_play(
    url: str, player: TestClient[Any, Any], hass_client: ClientSessionGenerator
) -> None:
    path, _, _ = url.partition("?")
    assert (await player.get(path)).status == 401
    assert (await player.get(f"{path}x{url.removeprefix(path)}")).status == 401
    assert (await (await hass_client()).get(path)).status == 200


async def test_a_slow_preparation_is_reported_in_percent_and_continues(
    ask: Ask,
    clip: str,
    cloud: Simulator,
    player: TestClient[Any, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cloud.switches.prepare_duration = 1.5
    monkeypatch.setattr(media_source, "MAX_WAIT_SECONDS", 0.8)
    before = time.monotonic()
    answer = await ask("resolve", clip)
    assert 0.7 < time.monotonic() - before < 1.4
    assert answer["error"]["code"] == "resolve_media_failed"
    text = answer["error"]["message"]
    assert text.startswith("The portal is preparing the recording (")
    percent = int(text.partition("(")[2].partition(" ")[0])
    assert 10 < percent < 90

    # The view waits for a short time only.
    monkeypatch.setattr(view, "MAX_WAIT_SECONDS", 0.05)
    monkeypatch.setattr(media_source, "MAX_WAIT_SECONDS", 10)
    answer = await ask("resolve", clip)
    assert answer["success"], answer
    # Both waits were for the same preparation.
    prepared = [query for query in cloud.queries if "recordingPrepare" in query.query]
    assert len(prepared) == 1
    assert (await player.get(answer["result"]["url"])).status == 200


async def test_an_evicted_file_is_fetched_again(
    hass: HomeAssistant,
    url: str,
    player: TestClient[Any, Any],
    cloud: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = await (await player.get(url)).read()
    await hass.async_add_executor_job(_clear, Path(hass.config.cache_path("netrex")))
    answer = await player.get(url, headers={"Range": "bytes=0-99"})
    assert answer.status == 206
    assert await answer.read() == content[:100]

    # A longer wait ends with 503 and Retry-After.
    await hass.async_add_executor_job(_clear, Path(hass.config.cache_path("netrex")))
    cloud.switches.prepare_duration = 1.0
    monkeypatch.setattr(view, "MAX_WAIT_SECONDS", 0.1)
    answer = await player.get(url)
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "10"
    assert "again in a minute" in await answer.text()
    monkeypatch.setattr(view, "MAX_WAIT_SECONDS", 10)
    assert (await player.head(url)).status == 200


def _clear(folder: Path) -> None:
    for path in folder.rglob("*.mp4"):
        path.unlink()


NOWHERE = (
    "1-2.mp4",
    "2-1.mp4",
    "1-2.mp3",
    "x-2.mp4",
    f"{'9' * 30}-{'9' * 31}.mp4",
    "..%2F..%2Fsecrets.yaml",
    "%2e%2e-%2e%2e.mp4",
)


async def test_invalid_paths_are_not_found(
    entry: MockConfigEntry, camera_id: int, hass_client: ClientSessionGenerator
) -> None:
    client = await hass_client()
    for name in NOWHERE:
        path = f"/api/netrex/recordings/{entry.entry_id}/{camera_id}/{name}"
        # Home Assistant itself refuses some of them.
        assert (await client.get(path)).status in (400, 404), name


async def test_unknown_ids_are_not_found(
    entry: MockConfigEntry, camera_id: int, hass_client: ClientSessionGenerator
) -> None:
    client = await hass_client()
    now = int(time.time())
    for entry_id, node_id in (("nobody", camera_id), (entry.entry_id, 1)):
        path = f"/api/netrex/recordings/{entry_id}/{node_id}/{now - 60}-{now - 50}.mp4"
        assert (await client.get(path)).status == 404
