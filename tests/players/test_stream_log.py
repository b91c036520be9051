"""What Home Assistant's stream component logs about the relay's addresses."""

import logging
from urllib.parse import parse_qs, urlsplit

from homeassistant.components import camera as ha_camera
from homeassistant.const import EVENT_LOGGING_CHANGED
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.relay.endpoint import TOKEN_PARAMETER

from ..leaks import assert_log_clean
from ..relay.players import until
from .conftest import OpenViewer


@pytest.mark.switches(sdp_control="absolute")
async def test_the_token_is_masked_at_debug_level(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    entity_id: str,
    open_viewer: OpenViewer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name in ("homeassistant.components.stream", "libav", "custom_components"):
        caplog.set_level(logging.DEBUG, logger=name)
    # Home Assistant passes FFmpeg's log on if the stream's level is debug.
    hass.bus.async_fire(EVENT_LOGGING_CHANGED)
    viewer = await open_viewer(entity_id)
    await viewer.next_frames(1)
    camera = hass.data[ha_camera.DATA_COMPONENT].get_entity(entity_id)
    assert camera is not None
    stream = camera.stream
    assert stream is not None
    [token] = parse_qs(urlsplit(stream.source).query)[TOKEN_PARAMETER]

    # The worker reconnects in vain, and its errors name the address.
    stream.update_source(stream.source)
    await entry.runtime_data.live.async_stop()
    await until(lambda: "Error from stream worker" in caplog.text)

    assert "Updating stream source rtsp://127.0.0.1" in caplog.text
    assert "a=control" in caplog.text
    assert_log_clean(caplog, {token})
