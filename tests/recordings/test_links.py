"""Links to saved recordings, as a phone opens them from a notification."""

from datetime import timedelta
import os
from pathlib import Path
import time
from typing import Any

from aiohttp.test_utils import TestClient
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.http import ban
from homeassistant.components.http.ban import KEY_BAN_MANAGER, KEY_LOGIN_THRESHOLD
from homeassistant.core import HomeAssistant
from homeassistant.helpers import instance_id
from homeassistant.helpers.translation import async_load_integrations
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from custom_components.netrex.const import DOMAIN
from custom_components.netrex.media.thumbnails import ThumbnailView
from custom_components.netrex.recordings import Clip, RecordingManager
from custom_components.netrex.recordings.file_view import (
    DATA_LINKS,
    STORAGE_KEY,
    FileLinks,
    async_link_file,
    async_setup_file_links,
)
from custom_components.netrex.recordings.partial import PartialFile, own_prefix

CONTENT = bytes(range(100))

type Client = TestClient[Any, Any]


@pytest.fixture
def file(hass: HomeAssistant, media: Path) -> Path:
    """Return a file in the media folder."""
    path = media / "Brána 1.mp4"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
async def client(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> Client:
    """Return a phone whose second failed login bans it."""
    assert await async_setup_component(hass, "http", {})
    # As the option login_attempts_threshold does.
    hass.http.app[KEY_LOGIN_THRESHOLD] = 2
    hass.http.register_view(ThumbnailView())
    await async_setup_file_links(hass)
    hass.config.components.add(DOMAIN)
    await async_load_integrations(hass, {DOMAIN})
    return await hass_client_no_auth()


def link_to(hass: HomeAssistant, path: Path) -> URL:
    """Return a new link without the host."""
    return URL(async_link_file(hass, path)).relative()


def is_banned(client: Client) -> bool:
    """Return whether Home Assistant has banned an address."""
    assert client.app
    return bool(client.app[KEY_BAN_MANAGER].ip_bans_lookup)


async def test_a_link_is_open_with_any_parameter(
    hass: HomeAssistant, client: Client, file: Path
) -> None:
    link = link_to(hass, file)
    for _ in range(3):
        for query in ({}, {"external_auth": "1"}, {"authSig": "x"}):
            async with client.get(link.with_query(query)) as response:
                assert response.status == 200
                assert await response.read() == CONTENT
                assert response.content_type == "video/mp4"
                assert response.headers["Content-Disposition"] == (
                    "inline; filename*=UTF-8''Br%C3%A1na%201.mp4"
                )
    async with client.get(link, headers={"Range": "bytes=10-19"}) as response:
        assert response.status == 206
        assert await response.read() == bytes(range(10, 20))
    async with client.head(link) as response:
        assert (response.status, response.content_length) == (200, 100)
    assert not is_banned(client)


async def test_partial_files_are_removed_at_the_start(
    hass: HomeAssistant, client: Client, media: Path, file: Path
) -> None:
    """Home Assistant was killed during downloads, and so was another one days ago."""
    link_to(hass, file)
    default = media / "netrex" / "shop" / "entrance"
    prefix = own_prefix(await instance_id.async_get(hass))
    leftovers = [PartialFile(folder, prefix) for folder in (file.parent, default)]
    old = PartialFile(default, own_prefix("another"))
    # The other one is downloading to the same disk.
    running = PartialFile(default, own_prefix("another"))
    for partial in (old, *leftovers, running):
        await hass.async_add_executor_job(partial.restart)
    days_ago = time.time() - 2 * 86_400
    os.utime(old.path, (days_ago, days_ago))
    others = [file.parent / ".netrex-other", default / "film.mp4"]
    for path in others:
        path.touch()
    links = hass.data[DATA_LINKS]
    await links._store.async_save(links._data_to_save())

    await async_setup_file_links(hass)

    assert [one for one in (old, *leftovers) if one.path.exists()] == []
    assert all(path.exists() for path in (*others, file, running.path))
    for partial in (old, *leftovers, running):
        partial.discard()


async def test_old_and_unknown_links_never_ban(
    hass: HomeAssistant, client: Client, file: Path, freezer: FrozenDateTimeFactory
) -> None:
    link = link_to(hass, file)
    freezer.tick(timedelta(hours=23, minutes=59))
    assert (await client.get(link)).status == 200
    freezer.tick(timedelta(minutes=2))
    for _ in range(5):
        async with client.get(link) as response:
            assert response.status == 410
            assert "expired" in await response.text()
        for unknown in ("x", "%00", "9" * 4000, link.name[:-1]):
            path = f"/api/netrex/files/{unknown}"
            async with client.get(URL(path, encoded=True)) as response:
                assert response.status == 404
                assert "not known" in await response.text()
    assert not is_banned(client)
    # A new link shows that the phone still gets in, and old ones are forgotten.
    freezer.tick(timedelta(days=8))
    assert (await client.get(link_to(hass, file))).status == 200
    assert (await client.get(link)).status == 404


async def test_failed_logins_do_ban(
    hass: HomeAssistant, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counterpart: what the other tests would see if links asked for a login."""
    monkeypatch.setattr(ban, "gethostbyaddr", lambda address: (address, [], []))
    # The ban is written there.
    await hass.async_add_executor_job(Path(hass.config.config_dir).mkdir)
    for _ in range(2):
        assert (await client.get("/api/netrex/thumbnails/x/1")).status == 401
    assert is_banned(client)


async def test_a_moved_file_and_a_folder_that_is_not_allowed(
    hass: HomeAssistant, client: Client, file: Path, media: Path
) -> None:
    link = link_to(hass, file)
    moved = media / "moved.mp4"
    await hass.async_add_executor_job(file.rename, moved)
    async with client.get(link) as response:
        assert response.status == 404
        assert "moved" in await response.text()
    await hass.async_add_executor_job(moved.rename, file)
    hass.config.allowlist_external_dirs = set()
    assert (await client.get(link)).status == 404
    hass.config.allowlist_external_dirs = {str(media)}
    assert (await client.get(link)).status == 200


async def test_a_link_survives_a_restart(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    client: Client,
    file: Path,
    freezer: FrozenDateTimeFactory,
) -> None:
    link = link_to(hass, file)
    freezer.tick(2)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert link.name in hass_storage[STORAGE_KEY]["data"]
    hass.data[DATA_LINKS] = links = FileLinks(hass)
    assert (await client.get(link)).status == 404
    await links.async_load()
    assert (await client.get(link)).status == 200
    freezer.tick(timedelta(hours=24))
    assert (await client.get(link)).status == 410


@pytest.mark.parametrize(
    "stored",
    [
        *([], "x", None, {"key": None}, {"key": ["x"]}, {"key": [1, 2]}),
        *({"key": ["x", "y"]}, {"key": ["a\0b", 4e9]}, {"key": {"path": 1}}),
    ],
)
async def test_unusable_stored_links_are_left_out(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    client: Client,
    file: Path,
    stored: object,
) -> None:
    if isinstance(stored, dict):
        stored = stored | {"good": [str(file), 4e9]}
    hass_storage[STORAGE_KEY] = {"version": 1, "key": STORAGE_KEY, "data": stored}
    await hass.data[DATA_LINKS].async_load()
    assert (await client.get("/api/netrex/files/key")).status == 404
    good = await client.get("/api/netrex/files/good")
    assert good.status == (200 if isinstance(stored, dict) else 404)


async def test_the_file_of_a_newer_version_is_left_alone(
    hass: HomeAssistant, hass_storage: dict[str, Any], client: Client
) -> None:
    hass_storage[STORAGE_KEY] = {"version": 9, "key": STORAGE_KEY, "data": {}}
    await hass.data[DATA_LINKS].async_load()
    assert (await client.get("/api/netrex/files/key")).status == 404


async def test_removing_the_last_account_removes_the_links(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    entry: MockConfigEntry,
    manager: RecordingManager,
    clip: Clip,
    media: Path,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    saved = await manager.async_download(clip, media / "x.mp4")
    assert saved.url
    link = URL(saved.url).relative()
    phone = await hass_client_no_auth()
    assert (await phone.get(link)).status == 200
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=2))
    await hass.async_block_till_done()
    assert STORAGE_KEY in hass_storage
    await hass.config_entries.async_remove(entry.entry_id)
    assert STORAGE_KEY not in hass_storage
    assert (await phone.get(link)).status == 404
