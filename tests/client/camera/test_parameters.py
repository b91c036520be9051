"""Parameters, capabilities and snapshots of a camera, against simulated ones."""

from collections.abc import AsyncGenerator
import io

import aiohttp
from PIL import Image
import pytest

from custom_components.netrex.client import (
    Capabilities,
    GatewayClient,
    NetrexCameraError,
    NetrexCameraPermissionError,
    NetrexCameraRefusedError,
    NetrexCameraResponseError,
    NetrexCameraTokenError,
    ParameterError,
)
from custom_components.netrex.client.camera.parameters import (
    ParameterProblem,
    check_changes,
    image_setting,
    parse_parameters,
    read_capabilities,
    read_parameters,
    read_snapshot,
    write_parameters,
)
from simulator import Simulator, Switches

SENSOR = "ImageSource.I0.Sensor"


@pytest.fixture
async def cloud() -> AsyncGenerator[Simulator]:
    """Run a cloud."""
    async with Simulator("shop", switches=Switches(rate_limit=False)) as running:
        yield running


@pytest.fixture
def serial(cloud: Simulator) -> str:
    """Return the first camera's serial number."""
    return next(iter(cloud.world.cameras.values())).serial_number


def client_for(
    cloud: Simulator, session: aiohttp.ClientSession, token: str
) -> GatewayClient:
    """Return a client of the simulated gateway."""
    template = f"{cloud.url}/camera/{{serial_number}}"
    return GatewayClient(session, template, token, spacing=0)


@pytest.fixture
def gateway(cloud: Simulator, session: aiohttp.ClientSession) -> GatewayClient:
    """Return a client with all rights."""
    return client_for(cloud, session, cloud.create_api_token())


async def test_parameters_are_read_by_group(
    gateway: GatewayClient, serial: str
) -> None:
    values = await read_parameters(gateway, serial, [SENSOR, "Properties.Firmware"])
    assert values[f"{SENSOR}.Brightness"] == "50"
    assert values["Properties.Firmware.Version"] == "12.6.94"
    assert all(name.startswith((SENSOR, "Properties.Firmware")) for name in values)


async def test_a_group_that_is_not_there(gateway: GatewayClient, serial: str) -> None:
    with pytest.raises(NetrexCameraRefusedError, match="getting param in group 'X'"):
        await read_parameters(gateway, serial, [SENSOR, "X"])


@pytest.mark.parametrize(
    "group",
    [
        "",
        "Image&action=update",
        "Image,Network",
        "Image=1",
        "Ima\nge",
        "a%26b",
        "a b",
        ".",
    ],
)
async def test_no_foreign_group_is_asked_for(
    cloud: Simulator, gateway: GatewayClient, serial: str, group: str
) -> None:
    with pytest.raises(ParameterError) as caught:
        await read_parameters(gateway, serial, [group])
    assert caught.value.problem is ParameterProblem.NAME
    assert cloud.calls == []


def test_what_is_read() -> None:
    text = (
        "root.Image.I0.Text.String=a=b # Error: x\r\n"
        "Brand.Brand=AXIS\n"
        "root.Network.SNMP.V1ReadCommunity=hidden\n"
        "root.SMTP.Password=hidden\n"
        "root.Remote.AuthToken=hidden\n"
        "nothing\n"
        "\x00\x01<=>?@\n"
        "\n"
        "=x\n"
    )
    assert parse_parameters(text) == {
        "Image.I0.Text.String": "a=b # Error: x",
        "Brand.Brand": "AXIS",
    }


async def test_an_answer_without_parameters(
    cloud: Simulator, gateway: GatewayClient, serial: str
) -> None:
    cloud.faults.add("gateway", "empty")
    with pytest.raises(NetrexCameraResponseError):
        await read_parameters(gateway, serial, [SENSOR])


async def test_parameters_are_written_by_one_call(
    cloud: Simulator, gateway: GatewayClient, serial: str
) -> None:
    await write_parameters(
        gateway,
        serial,
        {
            f"root.{SENSOR}.Brightness": 61,
            f"{SENSOR}.Contrast": 40.0,
            f"{SENSOR}.WDR": "off",
            "Image.I0.Text.TextEnabled": True,
            "Image.I0.Text.String": "Kasa 1: #D %F %X + 50 %",
        },
    )
    [call] = cloud.calls
    assert (call.method, call.path) == ("POST", "axis-cgi/param.cgi")
    assert call.arguments == (
        ("action", "update"),
        (f"root.{SENSOR}.Brightness", "61"),
        (f"root.{SENSOR}.Contrast", "40"),
        (f"root.{SENSOR}.WDR", "off"),
        ("root.Image.I0.Text.TextEnabled", "yes"),
        ("root.Image.I0.Text.String", "Kasa 1: #D %F %X + 50 %"),
    )
    values = await read_parameters(gateway, serial, [SENSOR, "Image.I0.Text"])
    assert values[f"{SENSOR}.Brightness"] == "61"
    assert values["Image.I0.Text.String"] == "Kasa 1: #D %F %X + 50 %"


NAME, GROUP, VALUE = ParameterProblem


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        # Names that would be arguments, or carry one along.
        ("action", "update", NAME),
        ("usergroup", "root", NAME),
        ("DEVICE_ACCESS_TOKEN", "x", NAME),
        (f"{SENSOR}.Brightness&action", "1", NAME),
        (f"{SENSOR}.Brightness=1&Network.HostName", "1", NAME),
        (f"{SENSOR}.Brightness\r\nHost: x", "1", NAME),
        (f"{SENSOR}.Brightness\n", "1", NAME),
        (f"{SENSOR}%2EBrightness", "1", NAME),
        (f"{SENSOR}.*", "1", NAME),
        (f"{SENSOR}..Brightness", "1", NAME),
        (f"{SENSOR}.", "1", NAME),
        (" ", "1", NAME),
        ("", "1", NAME),
        ("root.", "1", NAME),
        (f"{SENSOR}.Brightne\u017f", "1", NAME),
        # Groups that are none of ours.
        ("Network.HostName", "x", GROUP),
        ("root.Network.eth0.IPAddress", "1.2.3.4", GROUP),
        ("System.BoaGroupPolicy.admin", "ssl", GROUP),
        ("Properties.PTZ.PTZ", "yes", GROUP),
        ("StreamProfile.S0.Parameters", "x", GROUP),
        ("Image.I0.Enabled", "no", GROUP),
        ("Image.I0.Stream.FPS", "1", GROUP),
        ("Image.I0.TextFoo.String", "x", GROUP),
        ("ImageSource.NbrOfSources", "0", GROUP),
        ("root.root.ImageSource.I0.Sensor.Brightness", "1", GROUP),
        ("imagesource.I0.Sensor.Brightness", "1", GROUP),
        # Values that say more than one thing.
        (f"{SENSOR}.Brightness", "1&action=update", VALUE),
        (f"{SENSOR}.Brightness", "1%26action%3Dupdate", VALUE),
        (f"{SENSOR}.Brightness", "1%u0026", VALUE),
        (f"{SENSOR}.Brightness", "a=b", VALUE),
        (f"{SENSOR}.Brightness", "1;x", VALUE),
        (f"{SENSOR}.Brightness", "1\r\nX: y", VALUE),
        (f"{SENSOR}.Brightness", "1\n", VALUE),
        (f"{SENSOR}.Brightness", "1\x00", VALUE),
        (f"{SENSOR}.Brightness", "1\u2028", VALUE),
        (f"{SENSOR}.Brightness", "\\x26", VALUE),
        (f"{SENSOR}.Brightness", "x" * 251, VALUE),
        (f"{SENSOR}.Brightness", None, VALUE),
        (f"{SENSOR}.Brightness", ["1"], VALUE),
        (f"{SENSOR}.Brightness", {"a": 1}, VALUE),
    ],
)
async def test_nothing_foreign_is_written(
    cloud: Simulator,
    gateway: GatewayClient,
    serial: str,
    name: str,
    value: object,
    problem: ParameterProblem,
) -> None:
    changes: dict[str, object] = {f"{SENSOR}.Contrast": "40", name: value}
    with pytest.raises(ParameterError) as caught:
        await write_parameters(gateway, serial, changes)
    assert caught.value.problem is problem
    assert cloud.calls == []


def test_changes_have_one_name() -> None:
    assert check_changes({f"root.{SENSOR}.Sharpness": False}) == {
        f"{SENSOR}.Sharpness": "no"
    }


async def test_a_camera_that_refuses_a_value(
    gateway: GatewayClient, serial: str
) -> None:
    with pytest.raises(NetrexCameraRefusedError, match="Error setting"):
        await write_parameters(gateway, serial, {f"{SENSOR}.Brightness": "101"})


async def test_a_camera_that_does_not_confirm(
    cloud: Simulator, gateway: GatewayClient, serial: str
) -> None:
    cloud.faults.add("gateway", "empty")
    with pytest.raises(NetrexCameraResponseError):
        await write_parameters(gateway, serial, {f"{SENSOR}.Brightness": "1"})


@pytest.mark.parametrize(
    ("scopes", "expires_in", "kind"),
    [
        (["read"], None, NetrexCameraPermissionError),
        (["configuration"], -1, NetrexCameraTokenError),
    ],
)
async def test_tokens_that_do_not_do(
    cloud: Simulator,
    session: aiohttp.ClientSession,
    serial: str,
    scopes: list[str],
    expires_in: float | None,
    kind: type[NetrexCameraError],
) -> None:
    token = cloud.create_api_token(scopes=scopes, expires_in=expires_in)
    with pytest.raises(kind):
        await read_parameters(client_for(cloud, session, token), serial, [SENSOR])


async def test_capabilities(
    cloud: Simulator, gateway: GatewayClient, serial: str
) -> None:
    found = await read_capabilities(gateway, serial)
    [camera] = [c for c in cloud.world.cameras.values() if c.serial_number == serial]
    assert found.model == camera.model
    assert found.firmware == "12.6.94"
    assert found.views == 1
    assert not found.ptz
    assert (1920, 1080) in found.resolutions
    assert found.image_settings == tuple(
        f"{SENSOR}.{name}"
        for name in ("Brightness", "ColorLevel", "Contrast", "Sharpness")
    )
    assert Capabilities.from_dict(found.as_dict()) == found
    assert len(cloud.calls) == 2


async def test_a_camera_without_image_settings(
    cloud: Simulator, gateway: GatewayClient, serial: str
) -> None:
    [camera] = [c for c in cloud.world.cameras.values() if c.serial_number == serial]
    values = cloud.camera(camera.node_id).parameters.values
    for name in [name for name in values if name.startswith("ImageSource.")]:
        del values[name]
    values["Properties.PTZ.DigitalPTZ"] = "yes"
    found = await read_capabilities(gateway, serial)
    assert found.image_settings == ()
    assert found.ptz


def test_strange_capabilities() -> None:
    assert Capabilities.from_parameters({}) == Capabilities()
    assert Capabilities.from_dict({}) == Capabilities()
    assert Capabilities.from_parameters(
        {
            "Properties.Image.NbrOfViews": "many",
            "Properties.Image.Resolution": "1x1,640x480, x,800 x 600",
            "ImageSource.I0.Sensor.Brightness": "auto",
            "ImageSource.I1.Sensor.Contrast": "7",
        }
    ) == Capabilities(
        resolutions=((640, 480),), image_settings=("ImageSource.I1.Sensor.Contrast",)
    )


@pytest.mark.parametrize(
    ("width", "height", "resolution"),
    [
        (0, 0, None),
        (300, 0, "320x180"),
        (0, 300, "640x360"),
        (641, 360, "800x450"),
        (3000, 2000, "1920x1080"),
    ],
)
def test_sizes(width: int, height: int, resolution: str | None) -> None:
    sizes = ((1920, 1080), (800, 600), (800, 450), (640, 360), (320, 180))
    assert Capabilities(resolutions=sizes).resolution(width, height) == resolution
    assert Capabilities().resolution(width, height) is None


async def test_snapshot(cloud: Simulator, gateway: GatewayClient, serial: str) -> None:
    large = await read_snapshot(gateway, serial, compression=0)
    small = await read_snapshot(gateway, serial, resolution="640x360", compression=90)
    assert Image.open(io.BytesIO(small)).size == (640, 360)
    assert len(small) < len(large)
    assert cloud.calls[1].arguments == (
        ("camera", "1"),
        ("resolution", "640x360"),
        ("compression", "90"),
    )
    with pytest.raises(NetrexCameraRefusedError):
        await read_snapshot(gateway, serial, view=9)


def test_image_settings_have_a_sensor() -> None:
    assert image_setting("ImageSource.I2.Sensor.ColorLevel") == (2, "ColorLevel")
    with pytest.raises(ValueError, match="WDR"):
        image_setting("ImageSource.I0.Sensor.WDR")
