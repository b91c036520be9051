"""The cache of recordings: eviction, its limit, and an unusable folder."""

from dataclasses import replace
import os
from pathlib import Path

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.const import CONF_RECORDINGS_LIMIT
from custom_components.netrex.recordings import (
    Clip,
    ClipFile,
    RecordingManager,
    cache_folder,
)
from custom_components.netrex.recordings.cache import Cache

from .conftest import files


def test_the_cache_evicts_the_least_recently_used(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    folder = tmp_path / "config" / "cache"
    folder.mkdir()
    cache = Cache(folder, 250)
    clips = [Clip(1, n, n + 10) for n in range(3)]
    source = tmp_path / "config" / "source.mp4"
    for age, clip in enumerate(clips):
        source.write_bytes(b"x" * 100)
        stored = cache.store(clip, ClipFile(source, 100, None, 720), may_move=True)
        os.utime(stored.path, (age, age))
        assert cache.find(replace(clip, height=720)) is None
    # The least recently used one was evicted.
    assert cache.find(clips[0]) is None
    found = cache.find(clips[1])
    assert found
    assert (found.duration, found.height, found.size) == (10, 720, 100)
    source.write_bytes(b"x" * 100)
    cache.store(clips[0], ClipFile(source, 100, 9.6, 720), may_move=False)
    assert cache.find(clips[2]) is None
    assert cache.find(clips[1])
    source.write_bytes(b"x" * 300)
    with pytest.raises(HomeAssistantError) as caught:
        cache.store(clips[2], ClipFile(source, 300, None, 720), may_move=True)
    assert caught.value.translation_key == "cache_too_small"
    assert len(files(folder)) == 2

    (folder / ".netrex-1.part").write_bytes(b"half")
    (folder / f"{clips[1].node_id}_1_11_best_junk.mp4").write_bytes(b"junk")
    Cache(folder, 100).clean_up()
    assert len(files(folder)) == 1
    source.unlink()


async def test_the_account_works_with_a_cache_that_cannot_be_cleaned_up(
    hass: HomeAssistant, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    # A folder, so that unlink fails even for root.
    (cache_folder(hass, entry.entry_id) / ".netrex-1.part").mkdir(parents=True)

    assert await hass.config_entries.async_reload(entry.entry_id)

    assert "could not be cleaned up" in caplog.text


async def test_the_cache_has_a_limit_and_is_removed_with_the_account(
    hass: HomeAssistant, entry: MockConfigEntry, manager: RecordingManager, clip: Clip
) -> None:
    await manager.async_fetch(clip)
    folder = cache_folder(hass, entry.entry_id)
    assert len(files(folder)) == 1
    hass.config_entries.async_update_entry(entry, options={CONF_RECORDINGS_LIMIT: 1})
    await hass.config_entries.async_reload(entry.entry_id)
    assert len(files(folder)) == 1
    assert entry.runtime_data.recordings._cache.limit == 1_000_000_000
    await hass.config_entries.async_remove(entry.entry_id)
    assert files(folder) == []
