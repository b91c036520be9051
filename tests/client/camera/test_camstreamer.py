"""The CamStreamer App on the simulated cameras, over real sockets."""

from collections.abc import Mapping
import string
from typing import Any

import aiohttp
import pytest

from custom_components.netrex.client import (
    GatewayClient,
    NetrexCameraNotFoundError,
    NetrexCameraOfflineError,
    NetrexCameraRefusedError,
    NetrexCameraResponseError,
)
from custom_components.netrex.client.camera.camstreamer import (
    AppStream,
    CamStreamerClient,
    Generation,
    parse_streams,
)
from simulator import Simulator
from simulator.camera.camstreamer import Stream
from tests.leaks import assert_no_secret, texts

from .conftest import MOVING, MOVING_ID, client_for


@pytest.fixture
def app(gateway: GatewayClient) -> CamStreamerClient:
    """Return the app on the first camera."""
    return CamStreamerClient(gateway, MOVING)


def real(cloud: Simulator) -> list[Stream]:
    """Return the true streams."""
    return list(cloud.camera(MOVING_ID).camstreamer.streams.values())


@pytest.mark.parametrize(
    ("api", "place", "generation"),
    [
        ("new", "data", Generation.NEW),
        ("new", "top", Generation.NEW),
        ("old", "data", Generation.OLD),
    ],
)
async def test_streams_are_listed_and_switched(
    app: CamStreamerClient,
    cloud: Simulator,
    api: str,
    place: str,
    generation: Generation,
) -> None:
    cloud.switches.set("camstreamer_api", api)
    cloud.switches.set("camstreamer_list", place)
    first, second = real(cloud)
    streams = await app.streams()
    assert streams == (
        AppStream(first.stream_id, "YouTube", enabled=True, is_streaming=True),
        AppStream(second.stream_id, "Web", enabled=False, is_streaming=False),
    )
    assert app.generation is generation
    assert_no_secret(f"{streams!r}{vars(app)!r}", [first.media_server_url[-24:]])

    answer = await app.set_enabled(second.stream_id, enabled=True)
    assert answer == AppStream(second.stream_id, "Web", enabled=True, is_streaming=True)
    answer = await app.set_enabled(first.stream_id, enabled=False)
    assert answer.is_streaming is False
    assert (first.enabled, second.enabled) == (False, True)


@pytest.mark.parametrize("api", ["new", "old"])
async def test_a_refused_switch_does_not_reveal_the_token(
    cloud: Simulator,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    api: str,
) -> None:
    cloud.switches.set("camstreamer_api", api)
    # Without a digit, only comparing with the token itself can recognize it.
    monkeypatch.setattr("simulator.records._ALPHABET", string.ascii_letters)
    token = cloud.create_api_token()
    app = CamStreamerClient(client_for(cloud, session, token), MOVING)
    camera = cloud.camera(MOVING_ID).camstreamer
    answer = camera.answer

    def refuse(
        call: str, arguments: Mapping[str, str], generation: str
    ) -> dict[str, Any]:
        if "set" in call:
            return {"data": None, "error": f"{token} may not do this"}
        return answer(call, arguments, generation)

    monkeypatch.setattr(camera, "answer", refuse)
    with pytest.raises(NetrexCameraRefusedError) as caught:
        await app.set_enabled(real(cloud)[1].stream_id, enabled=True)
    assert_no_secret(texts(caught.value), [token])


@pytest.mark.parametrize("api", ["new", "old"])
async def test_a_stream_is_not_written_without_a_change(
    app: CamStreamerClient, cloud: Simulator, api: str
) -> None:
    cloud.switches.set("camstreamer_api", api)
    first = real(cloud)[0]
    starts = first.start_count
    await app.streams()
    await app.set_enabled(first.stream_id, enabled=True)
    assert first.start_count == starts


async def test_the_generation_is_remembered_until_the_app_is_updated(
    app: CamStreamerClient, cloud: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    camera = cloud.camera(MOVING_ID).camstreamer
    answer = camera.answer

    def noting(call: str, *arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - as they come
        calls.append(call)
        return answer(call, *arguments)

    monkeypatch.setattr(camera, "answer", noting)
    cloud.switches.camstreamer_api = "old"
    for _ in range(2):
        await app.streams()
    lists = [call for call in calls if "list" in call]
    assert lists == ["stream_list.cgi", "stream/list.cgi", "stream/list.cgi"]
    cloud.switches.camstreamer_api = "new"
    assert await app.streams()
    assert app.generation is Generation.NEW


async def test_a_camera_may_lack_the_app(
    app: CamStreamerClient, cloud: Simulator
) -> None:
    cloud.switches.camstreamer_api = "none"
    assert await app.streams() is None
    with pytest.raises(NetrexCameraNotFoundError):
        await app.set_enabled("1", enabled=True)


@pytest.mark.parametrize("answer", ["page", "text", "json"])
async def test_an_old_app_may_answer_unknown_paths_with_a_page(
    app: CamStreamerClient, cloud: Simulator, answer: str
) -> None:
    cloud.switches.camstreamer_api = "old"
    cloud.switches.set("camstreamer_unknown", answer)
    streams = await app.streams()
    assert streams is not None
    assert len(streams) == 2
    assert app.generation is Generation.OLD
    stream = await app.set_enabled(streams[0].stream_id, enabled=False)
    assert stream.enabled is False


@pytest.mark.parametrize("known", [True, False])
async def test_pages_on_all_paths_are_a_failure_and_no_missing_app(
    app: CamStreamerClient, cloud: Simulator, known: bool
) -> None:
    if known:
        await app.streams()
    cloud.switches.camstreamer_api = "none"
    cloud.switches.camstreamer_unknown = "page"
    with pytest.raises(NetrexCameraResponseError):
        await app.streams()


async def test_a_removed_stream_is_not_found(app: CamStreamerClient) -> None:
    with pytest.raises(NetrexCameraNotFoundError, match="stream"):
        await app.set_enabled("no such", enabled=True)


async def test_an_offline_camera_is_not_one_without_the_app(
    app: CamStreamerClient, cloud: Simulator
) -> None:
    cloud.world.cameras[MOVING_ID].is_connected = False
    with pytest.raises(NetrexCameraOfflineError):
        await app.streams()


async def test_an_app_may_not_report_whether_it_is_streaming(
    app: CamStreamerClient, cloud: Simulator
) -> None:
    cloud.faults.add("gateway", "status", 404, count=None, match="get_streamstat")
    streams = await app.streams()
    assert streams is not None
    assert [stream.is_streaming for stream in streams] == [None, None]


@pytest.mark.parametrize(
    ("answer", "streams"),
    [
        ({"data": {}}, ()),
        ({"data": []}, ()),
        (
            {"data": {"7": {"enabled": "1", "title": ""}}},
            (AppStream("7", "7", enabled=True),),
        ),
        ({"data": {"7": "x", "8": {"title": 8}}}, (AppStream("8", "8"),)),
        (
            {"data": {"streamList": [{"streamId": "a/b?c", "enabled": False}, 5, {}]}},
            (AppStream("a/b?c", "a/b?c", enabled=False),),
        ),
        ({"streamList": []}, ()),
        # Without streams, some builds send null instead of a list.
        ({"data": None}, ()),
        ({"status": 200, "message": "OK", "data": None}, ()),
        ({"streamList": None}, ()),
        ({"data": {"streamList": None}}, ()),
    ],
)
def test_lists_of_both_generations_are_parsed(
    answer: dict[str, object], streams: tuple[AppStream, ...]
) -> None:
    assert parse_streams(answer) == streams


@pytest.mark.parametrize("answer", [{}, {"data": "<html>"}, {"status": 200}])
def test_a_response_without_list_is_an_error(answer: dict[str, object]) -> None:
    with pytest.raises(NetrexCameraResponseError):
        parse_streams(answer)
