"""The gateway and the cameras behind it, over real sockets."""

from collections.abc import AsyncGenerator
import io
from typing import Any

from aiohttp import ClientSession, web
from PIL import Image, ImageStat
import pytest

from simulator.camera.gateway import SimulatedGateway
from simulator.clock import Clock
from simulator.fault_middleware import fault_middleware
from simulator.limiter import Limiter
from simulator.media.studio import Studio
from simulator.state import State
from simulator.world.model import Scope, Token, User

SERIAL = "accc8ee8a9ca"
SENSOR = "ImageSource.I0.Sensor"


@pytest.fixture
async def gateway(state: State, studio: Studio) -> AsyncGenerator[str]:
    """Run a gateway on a free port; return its base URL."""
    world = state.world
    world.users = {
        "owner": User("owner", "owner"),
        "guest": User("guest", "guest", full_access=False, sees=(12,)),
    }
    rights = frozenset((Scope.READ, Scope.CONFIGURATION))
    for token in (
        Token("full", "owner", rights),
        Token("old", "owner", rights, expires_at=state.clock.now() - 1),
        Token("read", "owner", frozenset((Scope.READ,))),
        Token("guest", "guest", rights),
    ):
        world.tokens[token.token] = token
    app = web.Application(middlewares=[fault_middleware(state)])
    limiter = Limiter(state.clock, state.switches)
    SimulatedGateway(state, studio, limiter).setup(app)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def session() -> AsyncGenerator[ClientSession]:
    """Return an HTTP client with a valid token."""
    async with ClientSession(headers={"Authorization": "Token full"}) as session:
        yield session


@pytest.fixture
def camera_url(gateway: str) -> str:
    """Return the URL of the first camera."""
    return f"{gateway}/camera/{SERIAL}"


async def text(session: ClientSession, url: str, **params: str) -> str:
    """Return the body of an answer with status 200."""
    async with session.get(url, params=params) as response:
        assert response.status == 200
        return await response.text()


async def test_a_camera_answers_at_its_host_name(
    gateway: str, session: ClientSession
) -> None:
    url = f"{gateway}/axis-cgi/param.cgi?action=list&group=Properties.System"
    headers = {"Host": f"{SERIAL}.device-connect.net"}
    async with session.get(url, headers=headers) as response:
        assert response.status == 200
        assert "root.Properties.System.SerialNumber=ACCC8EE8A9CA\r\n" in (
            await response.text()
        )
    headers = {"Host": "accc8ed8cbf0.device-connect.net"}
    async with session.get(url, headers=headers) as response:
        assert "SerialNumber=ACCC8ED8CBF0" in await response.text()


@pytest.mark.parametrize(
    ("header", "query", "status"),
    [
        ("Token full", "", 200),
        ("token full", "", 200),
        ("", "?DEVICE_ACCESS_TOKEN=full", 200),
        ("Bearer full", "", 401),
        ("Token nonsense", "", 401),
        ("", "", 401),
        ("Token old", "", 401),
        ("Token read", "", 403),
        ("Token guest", "", 404),
    ],
)
async def test_only_tokens_with_the_configuration_permission_pass(
    camera_url: str, header: str, query: str, status: int
) -> None:
    headers = {"Authorization": header} if header else {}
    async with (
        ClientSession(headers=headers) as session,
        session.get(f"{camera_url}/axis-cgi/jpg/image.cgi{query}") as response,
    ):
        assert response.status == status


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("html", "text/html"),
        ("json", "application/json"),
        ("text", "text/plain"),
    ],
)
async def test_the_form_of_refusals_is_a_switch(
    camera_url: str, session: ClientSession, state: State, body: str, content_type: str
) -> None:
    state.switches.set("gateway_body", body)
    state.switches.gateway_offline_status = 504
    state.world.cameras[11].is_connected = False

    async with session.get(f"{camera_url}/axis-cgi/param.cgi?action=list") as response:
        assert response.status == 504
        assert response.content_type == content_type


async def test_unknown_cameras_and_calls_are_not_found(
    gateway: str, camera_url: str, session: ClientSession
) -> None:
    for url in (
        f"{gateway}/camera/000000000000/axis-cgi/param.cgi",
        f"{camera_url}/axis-cgi/nothing.cgi",
    ):
        async with session.get(url) as response:
            assert response.status == 404


async def test_parameters_are_listed_by_group(
    camera_url: str, session: ClientSession
) -> None:
    url = f"{camera_url}/axis-cgi/param.cgi"
    everything = await text(session, url, action="list")
    lines = everything.removesuffix("\r\n").split("\r\n")
    assert len(lines) > 50
    assert all(line.startswith("root.") and "=" in line for line in lines)

    sensor = await text(session, url, action="list", group=f"root.{SENSOR},Brand")
    assert f"root.{SENSOR}.Brightness=50\r\n" in sensor
    assert "root.Brand.Brand=AXIS\r\n" in sensor
    assert "DayNight" not in sensor
    wildcard = await text(session, url, action="list", group="ImageSource.*.DayNight")
    assert wildcard.count("\r\n") == 2
    assert (
        await text(session, url, action="list", group="Brand,Nothing")
        == "# Error: Error -1 getting param in group 'Nothing'\r\n"
    )


async def test_the_documentations_update_changes_the_picture(
    camera_url: str, session: ClientSession
) -> None:
    async def light() -> float:
        image = f"{camera_url}/axis-cgi/jpg/image.cgi?resolution=320x180"
        async with session.get(image) as response:
            picture = Image.open(io.BytesIO(await response.read()))
        return float(ImageStat.Stat(picture.convert("L")).mean[0])

    before = await light()
    async with session.get(
        f"{camera_url}/axis-cgi/param.cgi?action=update&{SENSOR}.Brightness=89"
        f"&root.{SENSOR}.ColorLevel=91&DEVICE_ACCESS_TOKEN=full"
    ) as response:
        assert await response.text() == "OK"

    url = f"{camera_url}/axis-cgi/param.cgi"
    listing = await text(session, url, action="list", group=SENSOR)
    assert f"root.{SENSOR}.Brightness=89\r\n" in listing
    assert f"root.{SENSOR}.ColorLevel=91\r\n" in listing
    assert await light() > before + 20


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (f"{SENSOR}.Brightness", "101"),
        (f"{SENSOR}.Brightness", "bright"),
        ("Properties.PTZ.PTZ", "yes"),
        ("Nothing.Here", "1"),
        (f"{SENSOR}.WDR", "yes"),
    ],
)
async def test_a_bad_update_fails_with_status_200(
    camera_url: str, session: ClientSession, name: str, value: str
) -> None:
    form = {"action": "update", f"root.{name}": value}
    async with session.post(f"{camera_url}/axis-cgi/param.cgi", data=form) as response:
        assert response.status == 200
        assert await response.text() == (
            f"# Error: Error setting 'root.{name}' to '{value}'!\r\n"
        )


async def test_a_still_has_the_requested_size(
    camera_url: str, session: ClientSession
) -> None:
    url = f"{camera_url}/axis-cgi/jpg/image.cgi"
    sizes = {}
    for compression in ("0", "90"):
        params = {"resolution": "640x360", "compression": compression}
        async with session.get(url, params=params) as response:
            assert response.content_type == "image/jpeg"
            body = await response.read()
        assert Image.open(io.BytesIO(body)).size == (640, 360)
        sizes[compression] = len(body)
    assert sizes["0"] > 2 * sizes["90"]

    async with session.get(url, params={"camera": "2"}) as response:
        assert Image.open(io.BytesIO(await response.read())).size == (320, 180)
    for wrong in ({"resolution": "1x1"}, {"camera": "3"}, {"compression": "high"}):
        async with session.get(url, params=wrong) as response:
            assert response.status == 400


async def test_basic_device_information_names_the_model_and_the_firmware(
    camera_url: str, session: ClientSession
) -> None:
    url = f"{camera_url}/axis-cgi/basicdeviceinfo.cgi"

    async def ask(**question: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        async with session.post(url, json=question) as response:
            assert response.status == 200
            answer: dict[str, Any] = await response.json()
            return answer

    everything = await ask(apiVersion="1.0", method="getAllProperties", context="c")
    assert everything["context"] == "c"
    assert everything["data"]["propertyList"]["SerialNumber"] == "ACCC8EE8A9CA"
    some = await ask(
        apiVersion="1.0",
        method="getProperties",
        params={"propertyList": ["ProdShortName"]},
    )
    assert some["data"]["propertyList"] == {"ProdShortName": "AXIS P3268-LV"}
    for code, question in (
        (2004, {"apiVersion": "1.0", "method": "nothing"}),
        (2003, {"apiVersion": "7.0", "method": "getAllProperties"}),
        (1000, {"apiVersion": "1.0", "method": "getProperties"}),
    ):
        assert (await ask(**question))["error"]["code"] == code
    async with session.post(url, data="{") as response:
        assert (await response.json())["error"]["code"] == 4000
    async with session.get(url) as response:
        assert (await response.json())["error"]["code"] == 2002


async def test_the_new_camstreamer_api_lists_and_switches_streams(
    camera_url: str, session: ClientSession, clock: Clock, state: State
) -> None:
    base = f"{camera_url}/local/camstreamer"

    async def ask(call: str, **params: str) -> Any:  # noqa: ANN401 - JSON
        async with session.get(f"{base}/{call}", params=params) as response:
            assert response.status == 200
            return await response.json()

    streams = (await ask("stream_list.cgi", action="get"))["data"]["streamList"]
    assert [stream["enabled"] for stream in streams] == [True, False]
    assert streams[0]["url"].rpartition("/")[2] in state.secrets
    second = streams[1]["streamId"]
    before = await ask("get_streamstat.cgi", stream_id=second)
    assert before["data"]["is_streaming"] == 0

    form = {"stream_id": second, "enabled": "1"}
    async with session.post(f"{base}/set_stream_enabled.cgi", data=form) as response:
        assert (await response.json())["status"] == 200
    clock.jump(10)

    after = (await ask("get_streamstat.cgi", stream_id=second))["data"]
    assert (after["is_streaming"], after["start_count"]) == (1, 1)
    assert after["stream_bytes"] >= 5_000_000
    await ask("set_stream_enabled.cgi", stream_id=second, enabled="1")
    again = (await ask("get_streamstat.cgi", stream_id=second))["data"]
    assert again["start_count"] == 2
    assert (await ask("set_stream_enabled.cgi", stream_id="x"))["status"] == 400
    async with session.get(f"{base}/stream/list.cgi") as response:
        assert response.status == 404


async def test_the_documented_camstreamer_api_lists_and_switches_streams(
    camera_url: str, session: ClientSession, state: State
) -> None:
    state.switches.camstreamer_api = "old"
    base = f"{camera_url}/local/camstreamer"
    async with session.get(f"{base}/stream/list.cgi") as response:
        streams = (await response.json())["data"]
    first, second = streams
    assert streams[first]["enabled"] == "1"
    assert streams[second]["enabled"] == "0"

    params = {"stream_id": second, "enabled": "1"}
    async with session.get(f"{base}/stream/set.cgi", params=params) as response:
        assert (await response.json())["status"] == 200
    async with session.get(
        f"{base}/stream/get.cgi", params={"stream_id": second}
    ) as response:
        assert (await response.json())["data"]["enabled"] == "1"
    async with session.get(f"{base}/stream_list.cgi?action=get") as response:
        assert response.status == 404


async def test_calls_count_toward_the_limit_by_switch(
    camera_url: str, session: ClientSession, state: State
) -> None:
    url = f"{camera_url}/axis-cgi/param.cgi?action=list&group=Brand"
    for counts, expected in ((False, [200, 200]), (True, [200, 429])):
        state.switches.gateway_counts = counts
        statuses = []
        for _ in range(2):
            async with session.get(url) as response:
                statuses.append(response.status)
        assert statuses == expected


async def test_faults_apply_to_the_gateway(
    gateway: str, session: ClientSession, state: State
) -> None:
    state.faults.add("gateway", "status", 502, count=2)
    for url, host in (
        (f"{gateway}/camera/{SERIAL}/axis-cgi/param.cgi?action=list", "127.0.0.1"),
        (f"{gateway}/axis-cgi/param.cgi?action=list", f"{SERIAL}.device-connect.net"),
    ):
        async with session.get(url, headers={"Host": host}) as response:
            assert response.status == 502


async def test_calls_are_recorded_without_their_tokens(
    camera_url: str, session: ClientSession, state: State
) -> None:
    url = f"{camera_url}/axis-cgi/param.cgi"
    await text(session, url, action="list", group="Brand")
    async with session.post(url, data={"action": "update", "Brand.Brand": "A&B"}):
        pass
    headers = {"Authorization": "Token nonsense"}
    async with session.get(f"{url}?DEVICE_ACCESS_TOKEN=old", headers=headers):
        pass
    assert [
        (call.serial_number, call.method, call.path, call.arguments, call.status)
        for call in state.calls
    ] == [
        (
            SERIAL,
            "GET",
            "axis-cgi/param.cgi",
            (("action", "list"), ("group", "Brand")),
            200,
        ),
        (
            SERIAL,
            "POST",
            "axis-cgi/param.cgi",
            (("action", "update"), ("Brand.Brand", "A&B")),
            200,
        ),
        (SERIAL, "GET", "axis-cgi/param.cgi", (("DEVICE_ACCESS_TOKEN", ""),), 401),
    ]
