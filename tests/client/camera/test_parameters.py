"""Parameters, capabilities and snapshots of the simulated cameras."""

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
from simulator import Simulator

from .conftest import FIXED, client_for

SENSOR = "ImageSource.I0.Sensor"


async def test_parameters_are_read_by_group(gateway: GatewayClient) -> None:
    values = await read_parameters(gateway, FIXED, [SENSOR, "Properties.Firmware"])
    assert values[f"{SENSOR}.Brightness"] == "50"
    assert values["Properties.Firmware.Version"] == "12.6.94"
    assert all(name.startswith((SENSOR, "Properties.Firmware")) for name in values)


async def test_an_unknown_group_is_refused(gateway: GatewayClient) -> None:
    with pytest.raises(NetrexCameraRefusedError, match="getting param in group 'X'"):
        await read_parameters(gateway, FIXED, [SENSOR, "X"])


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
async def test_invalid_groups_are_not_sent(
    cloud: Simulator, gateway: GatewayClient, group: str
) -> None:
    with pytest.raises(ParameterError) as caught:
        await read_parameters(gateway, FIXED, [group])
    assert caught.value.problem is ParameterProblem.NAME
    assert cloud.calls == []


def test_listings_are_parsed_without_secrets() -> None:
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


async def test_a_response_without_parameters_is_an_error(
    cloud: Simulator, gateway: GatewayClient
) -> None:
    cloud.faults.add("gateway", "empty")
    with pytest.raises(NetrexCameraResponseError):
        await read_parameters(gateway, FIXED, [SENSOR])


async def test_parameters_are_written_with_one_call(
    cloud: Simulator, gateway: GatewayClient
) -> None:
    await write_parameters(
        gateway,
        FIXED,
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
    values = await read_parameters(gateway, FIXED, [SENSOR, "Image.I0.Text"])
    assert values[f"{SENSOR}.Brightness"] == "61"
    assert values["Image.I0.Text.String"] == "Kasa 1: #D %F %X + 50 %"


TEXTS = (
    "A & B",
    "a=b",
    "a&b=c",
    "1; 2",
    "C:\\x",
    "50%25 = 100 %41",
    "+ %F %X #D",
    "Příliš & žluťoučký",
    "\"x\" 'y' <b> {z}",
    "%26Network.HostName=x",
    "?&&==",
)


@pytest.mark.parametrize("text", TEXTS)
async def test_texts_can_contain_any_visible_character(
    cloud: Simulator, gateway: GatewayClient, text: str
) -> None:
    """A form carries them safely."""
    name = "Image.I0.Text.String"
    [parameters] = [
        cloud.camera(node_id).parameters
        for node_id, camera in cloud.world.cameras.items()
        if camera.serial_number == FIXED
    ]
    before = dict(parameters.values)
    await write_parameters(gateway, FIXED, {f"root.{name}": text})
    values = await read_parameters(gateway, FIXED, ["Image.I0.Text"])
    assert values[name] == text
    assert parameters.values == before | {name: text}


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        (f"{SENSOR}.Brightness", "1&x", '"&"'),
        (f"{SENSOR}.Brightness", "a=b;c", '"="'),
        (f"{SENSOR}.Brightness", "1%26", '"%26"'),
        ("Image.I0.Text.String", "a\nb", '"\\n"'),
        ("Image.I0.Text.String", "a\u2028b", '"\\u2028"'),
        ("Image.I0.Text.String", "x" * 251, "251"),
        (f"{SENSOR}.Brightness", None, "None"),
    ],
)
def test_a_refused_value_is_explained(name: str, value: object, found: str) -> None:
    with pytest.raises(ParameterError) as caught:
        check_changes({name: value})
    assert caught.value.found == found


NAME, GROUP, VALUE = ParameterProblem


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        # Names that are arguments, or contain one.
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
        # Groups that are not allowed.
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
        # Ambiguous values.
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
        ("Image.I0.Text.String", "a\r\nroot.Network.HostName=x", VALUE),
        ("Image.I0.Overlay.Text", "a\x00b", VALUE),
        (f"{SENSOR}.Brightness", "x" * 251, VALUE),
        (f"{SENSOR}.Brightness", None, VALUE),
        (f"{SENSOR}.Brightness", ["1"], VALUE),
        (f"{SENSOR}.Brightness", {"a": 1}, VALUE),
    ],
)
async def test_invalid_changes_are_not_sent(
    cloud: Simulator,
    gateway: GatewayClient,
    name: str,
    value: object,
    problem: ParameterProblem,
) -> None:
    changes: dict[str, object] = {f"{SENSOR}.Contrast": "40", name: value}
    with pytest.raises(ParameterError) as caught:
        await write_parameters(gateway, FIXED, changes)
    assert caught.value.problem is problem
    assert cloud.calls == []


def test_changes_are_normalized() -> None:
    assert check_changes({f"root.{SENSOR}.Sharpness": False}) == {
        f"{SENSOR}.Sharpness": "no"
    }


async def test_a_refused_value_is_an_error(gateway: GatewayClient) -> None:
    with pytest.raises(NetrexCameraRefusedError, match="Error setting"):
        await write_parameters(gateway, FIXED, {f"{SENSOR}.Brightness": "101"})


async def test_an_unconfirmed_change_is_an_error(
    cloud: Simulator, gateway: GatewayClient
) -> None:
    cloud.faults.add("gateway", "empty")
    with pytest.raises(NetrexCameraResponseError):
        await write_parameters(gateway, FIXED, {f"{SENSOR}.Brightness": "1"})


@pytest.mark.parametrize(
    ("scopes", "expires_in", "kind"),
    [
        (["read"], None, NetrexCameraPermissionError),
        (["configuration"], -1, NetrexCameraTokenError),
    ],
)
async def test_insufficient_tokens_are_refused(
    cloud: Simulator,
    session: aiohttp.ClientSession,
    scopes: list[str],
    expires_in: float | None,
    kind: type[NetrexCameraError],
) -> None:
    token = cloud.create_api_token(scopes=scopes, expires_in=expires_in)
    with pytest.raises(kind):
        await read_parameters(client_for(cloud, session, token), FIXED, [SENSOR])


async def test_capabilities_are_read_with_two_calls(
    cloud: Simulator, gateway: GatewayClient
) -> None:
    found = await read_capabilities(gateway, FIXED)
    [camera] = [c for c in cloud.world.cameras.values() if c.serial_number == FIXED]
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


async def test_a_camera_may_lack_image_settings(
    cloud: Simulator, gateway: GatewayClient
) -> None:
    [camera] = [c for c in cloud.world.cameras.values() if c.serial_number == FIXED]
    values = cloud.camera(camera.node_id).parameters.values
    for name in [name for name in values if name.startswith("ImageSource.")]:
        del values[name]
    values["Properties.PTZ.DigitalPTZ"] = "yes"
    found = await read_capabilities(gateway, FIXED)
    assert found.image_settings == ()
    assert found.ptz


def test_unusable_capabilities_are_ignored() -> None:
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
def test_the_smallest_sufficient_resolution_is_chosen(
    width: int, height: int, resolution: str | None
) -> None:
    sizes = ((1920, 1080), (800, 600), (800, 450), (640, 360), (320, 180))
    assert Capabilities(resolutions=sizes).resolution(width, height) == resolution
    assert Capabilities().resolution(width, height) is None


async def test_snapshots_have_size_and_compression(
    cloud: Simulator, gateway: GatewayClient
) -> None:
    large = await read_snapshot(gateway, FIXED, compression=0)
    small = await read_snapshot(gateway, FIXED, resolution="640x360", compression=90)
    assert Image.open(io.BytesIO(small)).size == (640, 360)
    assert len(small) < len(large)
    assert cloud.calls[1].arguments == (
        ("camera", "1"),
        ("resolution", "640x360"),
        ("compression", "90"),
    )
    with pytest.raises(NetrexCameraRefusedError):
        await read_snapshot(gateway, FIXED, view=9)


def test_image_settings_have_a_sensor_and_a_name() -> None:
    assert image_setting("ImageSource.I2.Sensor.ColorLevel") == (2, "ColorLevel")
    with pytest.raises(ValueError, match="WDR"):
        image_setting("ImageSource.I0.Sensor.WDR")
