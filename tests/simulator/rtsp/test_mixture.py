"""Cameras of several kinds in one account."""

import pytest

from simulator.rtsp.server import RtspServer
from simulator.state import State
from simulator.world.model import Camera, Node

from ..conftest import PROFILE
from ..rtsp_client import RtspClient


@pytest.fixture
def camera_ids(state: State) -> list[int]:
    """Return six cameras."""
    for node_id in range(13, 17):
        state.world.nodes.append(Node(node_id, 1, "camera", f"Camera {node_id}"))
        state.world.cameras[node_id] = Camera(
            node_id, f"ACCC8E0000{node_id}", stream_profiles=[PROFILE]
        )
    return list(state.world.cameras)


async def described(rtsp: RtspServer, camera_id: int) -> tuple[str, str]:
    """Return the description of a camera's stream, and the name of its server."""
    async with await RtspClient.connect(rtsp.mint(camera_id, PROFILE)) as client:
        answer = await client.request("DESCRIBE")
        assert answer.status == 200
        return answer.body, answer.headers.get("server", "")


async def test_each_camera_has_its_own_dialect_and_codecs(
    rtsp: RtspServer, state: State, camera_ids: list[int]
) -> None:
    for switch in ("rtsp_dialect", "live_video", "live_audio"):
        state.switches.set(switch, "mixture")
    found = [await described(rtsp, camera_id) for camera_id in camera_ids]
    texts = [text for text, _ in found]
    assert ["H265/90000" in text for text in texts] == [False] * 5 + [True]
    for number, codec in ((0, "mpeg4-generic"), (1, "MP4A-LATM"), (5, "opus")):
        assert codec.lower() in texts[number].lower()
    for number, payload_type in ((2, 0), (3, 8)):
        assert f"m=audio 0 RTP/AVP {payload_type}\r\n" in texts[number]
    assert "m=audio" not in texts[4]
    assert "LIVE555" in texts[2]
    servers = [server for _, server in found]
    assert servers[1] == servers[5] == "GStreamer RTSP server"
    assert servers[3] == "gortsplib"


async def test_each_switch_is_a_mixture_by_itself(
    rtsp: RtspServer, state: State, camera_ids: list[int]
) -> None:
    state.switches.live_audio = "mixture"
    for camera_id in camera_ids:
        text, server = await described(rtsp, camera_id)
        assert "H264/90000" in text
        assert server == ""
