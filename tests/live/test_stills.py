"""Still images: their sources and costs."""

import asyncio
import itertools
import threading
from unittest.mock import Mock, create_autospec

from homeassistant.components.stream import HLS_PROVIDER, Stream
from homeassistant.core import CoreState, HomeAssistant
import pytest

from custom_components.netrex.live import stills as module
from custom_components.netrex.live.stills import CameraSource, Size, Stills

from ..relay.players import until


class Setting:
    """Stills with a clock, sessions and snapshots that tests control."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.now = 1000.0
        self.stretch = 1.0
        self.works = True
        self.views: list[str] = []
        self.calls: list[tuple[str, Size | None]] = []
        self._numbers = itertools.count()
        self.stills = self._stills(hass)
        # The same with cameras that take snapshots.
        self.camera_works = True
        self.with_cameras = self._stills(hass, self.take)

    def _stills(
        self, hass: HomeAssistant, camera: CameraSource | None = None
    ) -> Stills:
        return Stills(
            hass,
            lambda key: f"rtsp://{key}",
            stretch=lambda: self.stretch,
            camera=camera,
            clock=lambda: self.now,
        )

    async def take(self, key: str, size: Size | None) -> bytes | None:
        """Replace the camera's snapshot."""
        self.calls.append((key, size))
        await asyncio.sleep(0)
        return f"camera {key}, {size}".encode() if self.camera_works else None

    def grab(self, url: str) -> bytes | None:
        """Replace the short session."""
        self.views.append(url)
        return f"{url}#{next(self._numbers)}".encode() if self.works else None


@pytest.fixture
def setting(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> Setting:
    """Return stills whose short sessions are counted and numbered."""
    result = Setting(hass)
    monkeypatch.setattr(module, "grab", result.grab)
    monkeypatch.setattr(module, "RENEWAL_WINDOW_SECONDS", 0.05)
    return result


async def renewed(hass: HomeAssistant) -> None:
    """Wait for the background tasks."""
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_a_snapshot_is_current(setting: Setting) -> None:
    images = []
    for passed in (0, 9, 2, 60):
        setting.now += passed
        images.append(await setting.stills.async_snapshot("1", None))

    assert images == [b"rtsp://1#0", b"rtsp://1#0", b"rtsp://1#1", b"rtsp://1#2"]


async def test_an_old_image_is_not_returned_as_a_snapshot(setting: Setting) -> None:
    assert await setting.stills.async_snapshot("1", None)
    setting.works = False
    setting.now += 11

    assert await setting.stills.async_snapshot("1", None) is None
    # The camera is not retried at once.
    assert await setting.stills.async_snapshot("1", None) is None
    assert len(setting.views) == 2


async def test_a_dashboard_shows_the_last_image_while_it_is_renewed(
    hass: HomeAssistant, setting: Setting
) -> None:
    seen = []
    for _ in range(19):  # three minutes of a card that refreshes every ten seconds
        seen.append(await setting.stills.async_thumbnail("1", None))
        await renewed(hass)
        setting.now += 10

    assert len(setting.views) == 3
    assert seen == sorted(seen, key=lambda image: image or b"")
    assert None not in seen


async def test_a_shrinking_allowance_delays_the_renewal(
    hass: HomeAssistant, setting: Setting
) -> None:
    setting.stretch = 10
    for _ in range(60):
        assert await setting.stills.async_thumbnail("1", None)
        await renewed(hass)
        setting.now += 10
    assert len(setting.views) == 1

    setting.now += 10
    assert await setting.stills.async_thumbnail("1", None) == b"rtsp://1#0"
    await renewed(hass)
    assert await setting.stills.async_thumbnail("1", None) == b"rtsp://1#1"


async def test_the_thumbnails_of_a_dashboard_are_renewed_together(
    hass: HomeAssistant, setting: Setting
) -> None:
    keys = [str(number) for number in range(20)]
    for key in keys:
        await setting.stills.async_thumbnail(key, None)
    setting.views.clear()
    setting.now += 61

    for key in keys:
        await setting.stills.async_thumbnail(key, None)
        assert setting.views == []
    await renewed(hass)

    assert sorted(setting.views) == sorted(f"rtsp://{key}" for key in keys)


async def test_a_wall_of_cameras_leaves_executor_threads_free(
    hass: HomeAssistant, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal = threading.Event()

    def grab(url: str) -> bytes | None:
        """Replace a short session while the portal is slow."""
        setting.views.append(url)
        portal.wait(10)
        return url.encode()

    monkeypatch.setattr(module, "grab", grab)
    keys = [str(number) for number in range(70)]
    wall = [
        asyncio.create_task(setting.stills.async_thumbnail(key, None)) for key in keys
    ]
    await until(lambda: len(setting.views) == 32)
    # No more, no matter how long the portal takes.
    await asyncio.sleep(0.1)

    assert len(setting.views) == 32
    portal.set()
    assert await asyncio.gather(*wall) == [f"rtsp://{key}".encode() for key in keys]


async def test_a_failing_camera_is_tried_once_a_minute(
    setting: Setting,
) -> None:
    setting.works = False
    for _ in range(18):
        assert await setting.stills.async_thumbnail("1", None) is None
        setting.now += 10
    assert len(setting.views) == 3


async def test_an_old_thumbnail_expires(hass: HomeAssistant, setting: Setting) -> None:
    assert await setting.stills.async_thumbnail("1", None)
    setting.works = False
    setting.now += 890
    assert await setting.stills.async_thumbnail("1", None)
    await renewed(hass)
    setting.now += 20
    assert await setting.stills.async_thumbnail("1", None) is None


async def test_the_number_of_kept_images_is_limited(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MAX_FRAMES", 2)
    for key in ("1", "2", "1", "3"):
        await setting.stills.async_snapshot(key, None)
    assert len(setting.views) == 3
    # The second was the least recently used.
    await setting.stills.async_snapshot("1", None)
    assert len(setting.views) == 3


# Outputs of a stream with and without a segment.
RUNNING = Mock(last_segment=object())
STARTING = Mock(last_segment=None)


def stream_with(
    *outputs: Mock, available: bool = True, image: bytes | None = b"free"
) -> Mock:
    """Return a mock of Home Assistant's stream.

    The real one needs the TurboJPEG library, which test machines lack.
    """
    stream: Mock = create_autospec(Stream, instance=True)
    stream.available = available
    stream.outputs.return_value = dict(zip([HLS_PROVIDER], outputs, strict=False))
    stream.async_get_image.return_value = image
    return stream


async def test_a_running_stream_provides_the_image_for_free(setting: Setting) -> None:
    stream = stream_with(RUNNING)

    for ask in (setting.stills.async_thumbnail, setting.stills.async_snapshot):
        assert await ask("1", stream) == b"free"
    # It remains the last image after the stream ends.
    assert await setting.stills.async_thumbnail("1", None) == b"free"
    assert setting.views == []


@pytest.mark.parametrize(
    "stream",
    [
        stream_with(),  # idle: requesting an image would start it
        stream_with(STARTING),
        stream_with(RUNNING, available=False),
        stream_with(RUNNING, image=None),  # no TurboJPEG
    ],
)
async def test_a_stream_without_a_current_frame_is_not_used(
    setting: Setting, stream: Mock
) -> None:
    assert await setting.stills.async_snapshot("1", stream) == b"rtsp://1#0"


async def test_stop_cancels_pending_sessions(
    hass: HomeAssistant, setting: Setting
) -> None:
    await setting.stills.async_thumbnail("1", None)
    setting.now += 61
    await setting.stills.async_thumbnail("1", None)

    await setting.stills.async_stop()
    await asyncio.sleep(0.1)

    assert len(setting.views) == 1


SMALL, LARGE = Size(640, 360), Size(1280, 720)


async def test_the_camera_is_preferred(setting: Setting) -> None:
    stills = setting.with_cameras
    for _ in range(2):  # a current image each time
        assert await stills.async_snapshot("1", stream_with(RUNNING)) == (
            b"camera 1, None"
        )
    assert setting.calls == [("1", None)] * 2
    assert setting.views == []


async def test_concurrent_requests_share_a_snapshot(setting: Setting) -> None:
    images = await asyncio.gather(
        *(setting.with_cameras.async_snapshot("1", None) for _ in range(5)),
        setting.with_cameras.async_thumbnail("1", None, SMALL),
    )
    assert len(set(images)) == 2
    assert setting.calls == [("1", None), ("1", SMALL)]


async def test_a_dashboard_takes_two_snapshots_a_minute(
    hass: HomeAssistant, setting: Setting
) -> None:
    for _ in range(12):  # two minutes of a card that refreshes every ten seconds
        assert await setting.with_cameras.async_thumbnail("1", None, SMALL)
        await renewed(hass)
        setting.now += 10
    assert setting.calls == [("1", SMALL)] * 3
    assert setting.views == []


async def test_a_small_image_is_not_used_for_a_large_request(setting: Setting) -> None:
    stills = setting.with_cameras
    assert await stills.async_thumbnail("1", None, SMALL) == b"camera 1, %b" % (
        str(SMALL).encode()
    )
    assert await stills.async_thumbnail("1", None, LARGE) == b"camera 1, %b" % (
        str(LARGE).encode()
    )
    # A large image is used for a small request.
    assert await stills.async_thumbnail("1", None, SMALL) == b"camera 1, %b" % (
        str(LARGE).encode()
    )
    # The preview may have any size.
    assert stills.last("1")
    setting.camera_works = False
    assert await stills.async_snapshot("1", None) == b"rtsp://1#0"


async def test_a_failing_camera_falls_back_to_other_sources(
    hass: HomeAssistant, setting: Setting
) -> None:
    stills = setting.with_cameras
    setting.camera_works = False
    assert await stills.async_snapshot("1", stream_with(RUNNING)) == b"free"
    assert await stills.async_thumbnail("2", None, SMALL) == b"rtsp://2#0"
    for _ in range(5):  # sessions are as rare as without snapshots
        setting.now += 10
        assert await stills.async_thumbnail("2", None, SMALL) == b"rtsp://2#0"
        await renewed(hass)
    assert len(setting.views) == 1

    setting.camera_works = True
    assert await stills.async_snapshot("2", None) == b"camera 2, None"


async def test_no_snapshot_is_taken_while_home_assistant_starts(
    hass: HomeAssistant, setting: Setting
) -> None:
    hass.set_state(CoreState.starting)
    assert await setting.with_cameras.async_snapshot("1", None) is None
    assert setting.calls == []


async def test_stop_cancels_a_pending_snapshot(setting: Setting) -> None:
    async def never(key: str, size: Size | None) -> bytes | None:
        await asyncio.sleep(60)
        return None

    setting.with_cameras._camera = never
    waiting = asyncio.create_task(setting.with_cameras.async_snapshot("1", None))
    await asyncio.sleep(0.01)
    await setting.with_cameras.async_stop()
    with pytest.raises(asyncio.CancelledError):
        await waiting
