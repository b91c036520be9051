"""The actions, called through Home Assistant."""

from datetime import timedelta
from pathlib import Path

import av
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from custom_components.netrex.recordings import Clip

from .conftest import call, contents, entity_of, files


async def test_a_clip_is_saved_and_its_link_needs_no_sign_in(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    clip: Clip,
    media: Path,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    camera = entity_of(hass, entry, clip.node_id)
    answer = await call(hass, "download_recording", clip, entity_id=camera)

    saved = answer[camera]
    path = Path(saved["path"])
    assert files(media) == [path]
    content = contents(path)
    assert len(content) == saved["size"]
    assert (saved["duration"], saved["height"]) == (4, 180)
    with av.open(path) as video:
        assert sum(1 for _ in video.decode(video=0)) == 40
    local = dt_util.as_local(dt_util.utc_from_timestamp(clip.start))
    assert path.name == f"{local:%Y-%m-%d_%H-%M-%S}.mp4"

    client = await hass_client_no_auth()
    link = URL(saved["url"]).relative()
    async with client.get(link, headers={"Range": "bytes=10-19"}) as response:
        assert response.status == 206
        assert response.content_type == "video/mp4"
        assert await response.read() == content[10:20]
    async with client.head(link) as response:
        assert response.content_length == saved["size"]
        assert response.headers["Content-Disposition"].endswith(f"''{path.name}")


async def test_list_returns_durations_and_heights(
    hass: HomeAssistant, entry: MockConfigEntry, clip: Clip
) -> None:
    camera = entity_of(hass, entry, clip.node_id)
    answer = await call(
        hass,
        "list_recordings",
        clip,
        entity_id=camera,
        end=dt_util.utc_from_timestamp(clip.end) + timedelta(seconds=6),
    )
    (recording,) = answer[camera]["recordings"]
    assert (recording["duration"], recording["heights"]) == (10, [180])
    assert dt_util.parse_datetime(recording["start"]) == dt_util.utc_from_timestamp(
        clip.start
    )
