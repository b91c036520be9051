"""The event entity, and the target cameras of actions."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from homeassistant.auth.models import User
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
    UnknownUser,
)
from homeassistant.helpers import area_registry as ar, device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    async_mock_service,
)
import voluptuous as vol

from custom_components.netrex.const import DOMAIN
from custom_components.netrex.devices import node_identifier
from custom_components.netrex.recordings import (
    Clip,
    JobEvent,
    JobState,
    RecordingManager,
)
from simulator import Simulator

from .conftest import Events, call, entity_of, files


def cameras(cloud: Simulator) -> list[int]:
    """Return the cameras that record."""
    return [c.node_id for c in cloud.world.cameras.values() if c.records]


async def test_events_carry_the_saved_file(
    hass: HomeAssistant,
    manager: RecordingManager,
    clip: Clip,
    media: Path,
    events: Events,
) -> None:
    saved = await manager.async_download(clip, media / "x.mp4")
    assert events.types == [
        *("requested", "preparing", "ready", "downloading", "downloaded")
    ]
    attributes = events.last
    assert attributes["start"] == dt_util.utc_from_timestamp(clip.start).isoformat()
    assert attributes["end"] == dt_util.utc_from_timestamp(clip.end).isoformat()
    assert (attributes["path"], attributes["size"]) == (str(saved.path), saved.size)
    assert (attributes["duration"], attributes["height"]) == (
        saved.duration,
        saved.height,
    )
    assert attributes["url"] == saved.url
    assert attributes["place"] == "Brno, Česká"
    assert attributes["progress"] == 100


async def test_progress_is_written_in_steps_and_for_the_last_clip(
    hass: HomeAssistant, manager: RecordingManager, clip: Clip, events: Events
) -> None:
    other = Clip(clip.node_id, clip.start, clip.end, 90)

    def notify(which: Clip, state: JobState, progress: int | None = None) -> None:
        manager._notify(JobEvent(which, state, progress))

    notify(clip, JobState.REQUESTED)
    notify(clip, JobState.DOWNLOADING, 0)
    for percent in range(1, 100):
        notify(clip, JobState.DOWNLOADING, percent)
    await hass.async_block_till_done()
    assert events.progress == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    notify(other, JobState.DOWNLOADING, 50)
    notify(clip, JobState.DOWNLOADING, 100)
    await hass.async_block_till_done()
    assert events.last["progress"] == 50
    assert events.types == ["requested", "downloading", "downloading"]


async def test_progress_decreases_when_a_preparation_starts_over(
    hass: HomeAssistant, manager: RecordingManager, clip: Clip, events: Events
) -> None:
    for percent in (0, 45, 90, 0, 5, 12, 60):
        manager._notify(JobEvent(clip, JobState.PREPARING, percent))
    await hass.async_block_till_done()
    assert events.progress == [45, 90, 0, 12, 60]
    assert events.types == ["preparing"]


async def test_an_offline_camera_can_be_downloaded(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry, clip: Clip
) -> None:
    cloud.world.cameras[clip.node_id].is_connected = False
    await entry.runtime_data.status.async_refresh()
    camera = entity_of(hass, entry, clip.node_id)
    state = hass.states.get(camera)
    assert state
    assert state.state == "unavailable"
    answer = await call(hass, "download_recording", clip, entity_id=camera)
    assert answer[camera]["duration"] == 4


async def test_several_cameras_by_device_and_area(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    clip: Clip,
    media: Path,
) -> None:
    first, second = cameras(cloud)[:2]
    registry = dr.async_get(hass)
    area = ar.async_get(hass).async_create("Shop")
    device = None
    for node_id in (first, second):
        device = registry.async_get_device_by_identifier(
            node_identifier(entry, node_id), entry.entry_id
        )
        assert device
        registry.async_update_device(device.id, area_id=area.id)
    assert device
    answer = await call(hass, "download_recording", clip, area_id=area.id)
    assert set(answer) == {entity_of(hass, entry, node) for node in (first, second)}
    assert len(files(media)) == 2
    listing = await call(
        hass, "list_recordings", clip, device_id=device.id, entity_id=list(answer)[:1]
    )
    assert len(listing) == 2

    with pytest.raises(ServiceValidationError) as caught:
        await call(hass, "download_recording", clip, area_id=area.id, filename="same")
    assert caught.value.translation_key == "same_file"
    # Files that exist fail, and the error names all cameras.
    with pytest.raises(HomeAssistantError) as failed:
        await call(hass, "download_recording", clip, area_id=area.id)
    assert failed.value.translation_key == "cameras_failed"
    assert "2 of 2" in str(failed.value)
    for entity_id in answer:
        assert entity_id in str(failed.value)


async def test_all_cameras_share_one_query(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry, clip: Clip
) -> None:
    before = len(cloud.queries)
    answer = await call(hass, "list_recordings", clip, entity_id="all")
    assert len(answer) == len(cloud.world.cameras)
    lists = [q for q in cloud.queries[before:] if "recordings(" in q.query]
    assert len(lists) == 1


async def test_a_download_needs_no_response(
    hass: HomeAssistant, entry: MockConfigEntry, clip: Clip, media: Path
) -> None:
    await hass.services.async_call(
        DOMAIN,
        "download_recording",
        {
            "entity_id": entity_of(hass, entry, clip.node_id),
            "start": dt_util.utc_from_timestamp(clip.start),
            "duration": {"seconds": 4},
            "filename": "quiet",
        },
        blocking=True,
    )
    assert files(media) == [media / "quiet.mp4"]


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"entity_id": "camera.nobody"}, "unknown_camera"),
        ({"entity_id": "sun.sun"}, "unknown_camera"),
        ({"area_id": "nowhere"}, "no_camera"),
        ({"filename": "../x"}, "invalid_file_name"),
        ({"filename": "/etc/x.mp4"}, "path_not_allowed"),
        ({"filename": "{height}"}, "unknown_placeholder"),
        ({"filename": "y/" * 500 + "x"}, "too_many_folders"),
        ({"height": 7}, "height_not_offered"),
        ({"height": 0}, "height_invalid"),
        ({"duration": 0}, "end_before_start"),
        (
            {"start": "2026-03-08 02:10", "end": "2026-03-08 02:50"},
            "time_skipped",
        ),
        ({"duration": {"days": 2}}, "clip_too_long"),
        ({"duration": {"days": 999_999}}, "clip_too_long"),
        ({"start": "0001-01-01 00:00:00", "duration": 5}, "no_recording"),
        ({"start": "2030-01-01 00:00:00", "duration": 5}, "clip_in_future"),
    ],
)
async def test_errors_are_translated(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    clip: Clip,
    media: Path,
    data: dict[str, Any],
    key: str,
) -> None:
    if "entity_id" not in data and "area_id" not in data:
        data = {"entity_id": entity_of(hass, entry, clip.node_id), **data}
    with pytest.raises(HomeAssistantError) as caught:
        await call(hass, "download_recording", clip, **data)
    assert caught.value.translation_key == key
    assert caught.value.translation_domain == DOMAIN
    # The text exists and all its placeholders are filled in.
    assert key not in str(caught.value)
    assert "{" not in str(caught.value).replace("{height}", "")
    assert files(media) == []


async def test_the_schema_refuses_invalid_times(
    hass: HomeAssistant, entry: MockConfigEntry, clip: Clip
) -> None:
    camera = entity_of(hass, entry, clip.node_id)
    start = dt_util.utc_from_timestamp(clip.start)
    for data in (
        {"start": start},
        {"start": start, "end": start, "duration": 5},
        {"start": start, "duration": 86_400_000_000_000},
        {"start": "soon", "duration": 5},
    ):
        with pytest.raises(vol.Invalid):
            await hass.services.async_call(
                DOMAIN,
                "download_recording",
                {"entity_id": camera, **data},
                blocking=True,
            )


async def test_actions_check_permissions(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    clip: Clip,
    hass_read_only_user: User,
) -> None:
    camera = entity_of(hass, entry, clip.node_id)
    start = dt_util.utc_from_timestamp(clip.start)
    span = {"start": start, "end": start + timedelta(seconds=4)}

    async def act(action: str, user_id: str, **target: str) -> object:
        return await hass.services.async_call(
            DOMAIN,
            action,
            {**target, **span},
            blocking=True,
            return_response=True,
            context=Context(user_id=user_id),
        )

    reader = hass_read_only_user.id
    assert await act("list_recordings", reader, entity_id=camera)
    with pytest.raises(Unauthorized):
        await act("download_recording", reader, entity_id=camera)
    with pytest.raises(ServiceValidationError):
        await act("download_recording", reader, entity_id="all")
    with pytest.raises(UnknownUser):
        await act("list_recordings", "nobody", entity_id=camera)
    admin = MockUser(is_owner=True).add_to_hass(hass)
    assert await act("download_recording", admin.id, entity_id=camera)


async def test_cameras_of_an_unloaded_account_are_unknown(
    hass: HomeAssistant, entry: MockConfigEntry, clip: Clip
) -> None:
    camera = entity_of(hass, entry, clip.node_id)
    await hass.config_entries.async_unload(entry.entry_id)
    with pytest.raises(ServiceValidationError) as caught:
        await call(hass, "list_recordings", clip, entity_id=camera)
    assert caught.value.translation_key == "unknown_camera"


async def test_an_automation_sends_the_link(
    hass: HomeAssistant, entry: MockConfigEntry, clip: Clip
) -> None:
    """As in the documentation: the event is sufficient."""
    sent = async_mock_service(hass, "notify", "phone")
    event = entity_of(hass, entry, clip.node_id, "event", "recording")
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "triggers": {
                    "trigger": "event.received",
                    "target": {"entity_id": event},
                    "options": {"event_type": ["downloaded"]},
                },
                "actions": {
                    "action": "notify.phone",
                    "data": {"url": "{{ trigger.to_state.attributes.url }}"},
                },
            }
        },
    )
    answer = await call(
        hass,
        "download_recording",
        clip,
        entity_id=entity_of(hass, entry, clip.node_id),
    )
    await hass.async_block_till_done()
    [saved] = answer.values()
    assert [one.data["url"] for one in sent] == [saved["url"]]
