"""Snapshots as still images, and the fallback if a camera takes none."""

import asyncio
from collections.abc import AsyncGenerator
import io

import aiohttp
from homeassistant.components import camera as ha_camera
from homeassistant.core import HomeAssistant
from PIL import Image
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.client import Camera, Capabilities, GatewayClient
from custom_components.netrex.client.models import VideoChannel
from custom_components.netrex.gateway import CameraGateway, snapshots as module
from custom_components.netrex.gateway.snapshots import Snapshots
from simulator import Simulator

from .conftest import Entities

PATH = "axis-cgi/jpg/image.cgi"


def size(image: bytes) -> tuple[int, int]:
    """Return width and height of a JPEG."""
    return Image.open(io.BytesIO(image)).size


async def test_a_still_image_comes_from_the_camera(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    gateway: CameraGateway,
    node_id: int,
) -> None:
    entity_id = Entities(hass, entry, node_id).id("camera", "camera")
    links = len(cloud.links)
    del cloud.calls[:]
    thumbnail = await ha_camera.async_get_image(hass, entity_id, width=600, height=300)
    assert size(thumbnail.content) == (640, 360)
    image = await ha_camera.async_get_image(hass, entity_id)
    assert size(image.content) == (1920, 1080)
    assert [call.path for call in cloud.calls] == [PATH, PATH]
    assert [dict(call.arguments) for call in cloud.calls] == [
        {"camera": "1", "resolution": "640x360", "compression": "40"},
        {"camera": "1", "compression": "25"},
    ]
    assert len(cloud.links) == links
    assert gateway.diagnostics()["snapshots"] == {"taken": 2, "failed": 0}


async def test_without_a_snapshot_the_image_comes_from_the_stream(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    gateway: CameraGateway,
    node_id: int,
) -> None:
    cloud.faults.add("gateway", "status", 503, count=None)
    image = await ha_camera.async_get_image(
        hass, Entities(hass, entry, node_id).id("camera", "camera")
    )
    assert image.content[:2] == b"\xff\xd8"
    assert len(cloud.links) == 1
    assert gateway.diagnostics()["snapshots"] == {"taken": 0, "failed": 1}


class Setting:
    """Snapshots with a controllable clock."""

    def __init__(self, cloud: Simulator, session: aiohttp.ClientSession) -> None:
        self.now = 1000.0
        self.cloud = cloud
        self.capabilities: Capabilities | None = None
        client = GatewayClient(
            session,
            f"{cloud.url}/camera/{{serial_number}}",
            cloud.create_api_token(),
            spacing=0,
        )
        self.snapshots = Snapshots(
            client, lambda _: self.capabilities, clock=lambda: self.now
        )
        self.cameras = [
            Camera(camera.node_id, "", camera.serial_number)
            for camera in cloud.world.cameras.values()
        ]

    async def take(self, number: int = 0) -> bytes | None:
        """Take a snapshot of one of the cameras."""
        return await self.snapshots.async_take(self.cameras[number])

    def fault(self, kind: str, value: float | None = None) -> None:
        """Let all calls fail."""
        self.cloud.faults.clear()
        self.cloud.faults.add("gateway", kind, value, count=None)


@pytest.fixture
async def setting(cloud: Simulator, socket_enabled: None) -> AsyncGenerator[Setting]:
    """Return snapshots of the cloud's cameras."""
    async with aiohttp.ClientSession() as session:
        yield Setting(cloud, session)


async def test_a_failing_camera_is_paused_for_longer_and_longer(
    setting: Setting,
) -> None:
    setting.fault("status", 503)
    failed = []
    for _ in range(240):  # an hour
        assert await setting.take() is None
        failed.append(setting.snapshots.failed)
        setting.now += 15
    # After 0.5, 1.5, 3.5, 8.5 and 23.5 minutes, then every 15 minutes.
    tries = [number for number in range(1, 240) if failed[number] > failed[number - 1]]
    assert [number * 15 for number in tries] == [30, 90, 210, 510, 1410, 2310, 3210]

    # Other cameras are not affected, and one success resets the pauses.
    setting.cloud.faults.clear()
    assert await setting.take(1)
    setting.now += 900
    assert await setting.take()
    setting.fault("status", 503)
    assert await setting.take() is None
    setting.now += 31
    setting.cloud.faults.clear()
    assert await setting.take()


@pytest.mark.parametrize(
    ("status", "seconds", "limited", "number"),
    [
        (401, 300, [0], 0),
        (403, 300, [0], 0),
        (429, 3600, [0], 0),
        (429, 3600, [0, 1, 2], 3),
    ],
)
async def test_a_refusal_pauses_the_camera_and_the_gateways_limit_all_cameras(
    setting: Setting, status: int, seconds: float, limited: list[int], number: int
) -> None:
    setting.fault("status", status)
    for one in limited:
        assert await setting.take(one) is None
    setting.cloud.faults.clear()
    assert await setting.take(number) is None
    setting.now += seconds - 1
    assert await setting.take(number) is None
    assert setting.cloud.calls == []
    setting.now += 2
    assert await setting.take(number)


@pytest.mark.parametrize("status", [401, 403, 429])
async def test_a_refusal_does_not_pause_other_cameras(
    setting: Setting, status: int
) -> None:
    setting.fault("status", status)
    assert await setting.take() is None
    setting.cloud.faults.clear()
    assert await setting.take(1)


async def test_a_slow_camera_leaves_time_for_the_fallback(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TIMEOUT_SECONDS", 0.1)
    setting.fault("delay", 0.5)
    async with asyncio.timeout(0.4):
        assert await setting.take() is None
        # The camera is paused, so the second call returns immediately.
        assert await setting.take() is None
    await asyncio.sleep(0.5)  # until the delayed response is over
    assert setting.snapshots.failed == 1


CHANNELS = (VideoChannel(21, "left"), VideoChannel(22, "right"))


@pytest.mark.parametrize(
    ("channel_id", "capabilities", "view"),
    [
        (None, None, 1),
        (21, Capabilities(views=3), 2),
        (22, Capabilities(views=3), 3),
        # The view cannot be determined.
        (21, None, None),
        (21, Capabilities(views=1), None),
        (23, Capabilities(views=3), None),
    ],
)
def test_channels_map_to_views_in_order(
    channel_id: int | None, capabilities: Capabilities | None, view: int | None
) -> None:
    camera = Camera(20, "", "accc8ee8a9ca", video_channels=CHANNELS)
    assert module._view(camera, channel_id, capabilities) == view


async def test_an_unknown_camera_has_no_snapshot(gateway: CameraGateway) -> None:
    assert await gateway.async_snapshot(1, None, 0, 0) is None
