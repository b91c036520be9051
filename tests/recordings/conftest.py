"""Fixtures for recordings: folders, short intervals, small files, and guards."""

from collections.abc import Awaitable, Callable, Generator
from functools import partial
import logging
from pathlib import Path
import time
from typing import Any

import aiohttp
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.const import DOMAIN
from custom_components.netrex.recordings import (
    Clip,
    JobEvent,
    JobState,
    RecordingManager,
)
from custom_components.netrex.recordings.timing import Timing
from simulator import Simulator

from ..leaks import assert_log_clean, assert_no_secret

QUICK = Timing(
    intervals=(0.02, 0.05),
    settling=0.0,
    grace=0.5,
    stall_timeout=0.4,
    retry_timeout=1.0,
    max_attempts=2,
)
# Old enough for the cloud to have a complete recording.
AGO_SECONDS = 600
MEGABYTE = 1 << 20
# Large enough for several blocks.
SIZE = 12 * MEGABYTE


@pytest.fixture
def timing() -> Timing:
    """Return the intervals and timeouts of jobs."""
    return QUICK


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, timing: Timing) -> None:
    monkeypatch.setattr(
        "custom_components.netrex.RecordingManager",
        partial(RecordingManager, timing=timing),
    )


@pytest.fixture(autouse=True)
def media(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Return the media folder, the only allowed one."""
    folder = tmp_path / "media"
    folder.mkdir()
    hass.config.config_dir = str(tmp_path / "config")
    hass.config.media_dirs = {"local": str(folder)}
    hass.config.allowlist_external_dirs = {str(folder)}
    return folder


@pytest.fixture
def target(media: Path) -> Path:
    """Return the path of the file."""
    return media / "clip.mp4"


@pytest.fixture(autouse=True)
def _no_traces(
    cloud: Simulator,
    hass: HomeAssistant,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> Generator[None]:
    """Fail a test that leaves a partial file, a file elsewhere, or a secret."""
    caplog.set_level(logging.DEBUG, "custom_components.netrex")
    yield
    for path in files(tmp_path):
        assert path.suffix != ".part", path
        assert path.relative_to(tmp_path).parts[0] in ("media", "config"), path
    assert_log_clean(caplog, cloud.secrets)
    states = [state.as_dict() for state in hass.states.async_all()]
    assert_no_secret(repr(states), cloud.secrets)


@pytest.fixture
def camera_id(cloud: Simulator) -> int:
    """Return a camera that records; all cameras have low resolutions."""
    for camera in cloud.world.cameras.values():
        for profile in camera.stream_profiles:
            profile.width, profile.height = 320, 180
    return next(c.node_id for c in cloud.world.cameras.values() if c.records)


@pytest.fixture
def clip(camera_id: int) -> Clip:
    """Return a clip of 4 s."""
    start = int(time.time()) - AGO_SECONDS
    return Clip(camera_id, start, start + 4)


@pytest.fixture
def manager(camera_id: int, entry: MockConfigEntry) -> RecordingManager:
    """Return the account's manager."""
    recordings: RecordingManager = entry.runtime_data.recordings
    return recordings


class Source:
    """The URLs and offsets that the integration downloads."""

    def __init__(self, manager: RecordingManager) -> None:
        self.urls: list[str] = []
        self.offsets: list[int] = []
        archive = manager._client.archive
        real = archive.download

        def download(url: str, **options: Any) -> Any:  # noqa: ANN401 - passed on
            self.urls.append(url)
            self.offsets.append(options["offset"])
            return real(url, **options)

        archive.download = download  # type: ignore[method-assign]  # to count requests


@pytest.fixture
def source(manager: RecordingManager) -> Source:
    """Return a record of the downloads."""
    return Source(manager)


type ReadSource = Callable[[], Awaitable[bytes]]


@pytest.fixture
def read_source(hass: HomeAssistant, source: Source) -> ReadSource:
    """Return a function that reads the last downloaded file from the cloud."""

    async def read() -> bytes:
        session: aiohttp.ClientSession = async_get_clientsession(hass)
        async with session.get(source.urls[-1]) as response:
            assert response.status == 200
            return await response.read()

    return read


class Events:
    """The events of an event entity, in order."""

    def __init__(self, hass: HomeAssistant, entity_id: str) -> None:
        self._seen: list[dict[str, Any]] = []

        @callback
        def changed(event: Event[EventStateChangedData]) -> None:
            old, new = event.data["old_state"], event.data["new_state"]
            if event.data["entity_id"] == entity_id and new and old:
                if new.state in (old.state, "unavailable"):
                    self.progress.append(new.attributes.get("progress"))
                else:
                    self._seen.append(dict(new.attributes))

        self.progress: list[int | None] = []
        hass.bus.async_listen(EVENT_STATE_CHANGED, changed)

    @property
    def types(self) -> list[str]:
        """Return the types of the events."""
        return [attributes["event_type"] for attributes in self._seen]

    @property
    def last(self) -> dict[str, Any]:
        """Return the attributes of the last event."""
        return self._seen[-1]


@pytest.fixture
def events(hass: HomeAssistant, entry: MockConfigEntry, clip: Clip) -> Events:
    """Return the events of the camera's event entity."""
    return Events(hass, entity_of(hass, entry, clip.node_id, "event", "recording"))


def entity_of(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    node_id: int,
    domain: str = "camera",
    key: str = "camera",
) -> str:
    """Return the entity ID of a camera by domain and key."""
    unique_id = f"{entry.unique_id}_{node_id}_{key}"
    entity_id = er.async_get(hass).async_get_entity_id(domain, DOMAIN, unique_id)
    assert entity_id
    return entity_id


async def call(
    hass: HomeAssistant,
    action: str,
    clip: Clip,
    **data: Any,  # noqa: ANN401 - fields of an action
) -> dict[str, Any]:
    """Call an action for a clip and return its response."""
    if "duration" not in data:
        data.setdefault("end", dt_util.utc_from_timestamp(clip.end))
    answer = await hass.services.async_call(
        DOMAIN,
        action,
        {"start": dt_util.utc_from_timestamp(clip.start), **data},
        blocking=True,
        return_response=True,
    )
    assert answer is not None
    return dict(answer)


def files(folder: Path) -> list[Path]:
    """Return all files below a folder, including hidden ones."""
    return sorted(path for path in folder.rglob("*") if not path.is_dir())


def contents(path: Path) -> bytes:
    """Return the contents of a file."""
    return path.read_bytes()


def remove(path: Path) -> None:
    """Remove a file."""
    path.unlink()


def when(
    manager: RecordingManager, clip: Clip, state: JobState, do: Callable[[], object]
) -> None:
    """Call a function once, when the download reaches a state."""
    left = [do]

    def call_once(event: JobEvent) -> None:
        if event.state is state and left:
            left.pop()()

    manager.async_add_listener(clip.node_id, call_once)


async def assert_fails(
    manager: RecordingManager, clip: Clip, target: Path, events: Events, reason: str
) -> None:
    """Check that a download fails with a reason and leaves no file."""
    with pytest.raises(HomeAssistantError) as caught:
        await manager.async_download(clip, target)
    assert caught.value.translation_key == reason
    assert events.types[0] == "requested"
    assert events.types[-1] == "failed"
    assert events.last["reason"] == reason
    assert files(target.parent) == []
