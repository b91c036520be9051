"""Fixtures of the recordings' tests: folders, quick steps, small films."""

from functools import partial
from pathlib import Path
import time
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
)

from custom_components.netrex.const import DOMAIN
from custom_components.netrex.recordings import Clip, RecordingManager
from custom_components.netrex.recordings.timing import Timing
from simulator import Simulator, Switches

QUICK = Timing(
    steps=(0.02, 0.05),
    settling=0.0,
    grace=0.5,
    unchanged=2.0,
    patience=1.0,
    tries=2,
)
# Old enough for the cloud to have all of it.
AGO = 600


@pytest.fixture
def timing() -> Timing:
    """Return how long jobs wait."""
    return QUICK


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, timing: Timing) -> None:
    monkeypatch.setattr(
        "custom_components.netrex.RecordingManager",
        partial(RecordingManager, timing=timing),
    )


@pytest.fixture
def switches() -> Switches:
    """Return a cloud that prepares at once."""
    return Switches(rate_limit=False, prepare_duration=0.1)


@pytest.fixture(autouse=True)
def media(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Return the media folder, the only one that may be written to.

    Its neighbours must stay empty.
    """
    folder = tmp_path / "media"
    folder.mkdir()
    hass.config.config_dir = str(tmp_path / "config")
    hass.config.media_dirs = {"local": str(folder)}
    hass.config.allowlist_external_dirs = {str(folder)}
    return folder


@pytest.fixture
def camera_id(cloud: Simulator) -> int:
    """Return a camera that records, with small pictures."""
    for camera in cloud.world.cameras.values():
        for profile in camera.stream_profiles:
            profile.width, profile.height = 320, 180
    return next(c.node_id for c in cloud.world.cameras.values() if c.records)


@pytest.fixture
def clip(camera_id: int) -> Clip:
    """Return a clip of 4 s."""
    start = int(time.time()) - AGO
    return Clip(camera_id, start, start + 4)


@pytest.fixture
def manager(entry: MockConfigEntry) -> RecordingManager:
    """Return the account's manager."""
    recordings: RecordingManager = entry.runtime_data.recordings
    return recordings


def entity_of(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    node_id: int,
    domain: str = "camera",
    key: str = "camera",
) -> str:
    """Return the entity id of something of a camera."""
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
    """Call an action for the time of a clip and return its response."""
    end = dt_util.utc_from_timestamp(clip.end)
    if "duration" not in data:
        data.setdefault("end", end)
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
    """Return all files below a folder, hidden ones too."""
    return sorted(path for path in folder.rglob("*") if not path.is_dir())


def contents(path: Path) -> bytes:
    """Return what is in a file."""
    return path.read_bytes()
