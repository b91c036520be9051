"""URLs of cameras: templates, and serial numbers that become host names."""

import pytest

from custom_components.netrex.client import (
    DEFAULT_CAMERA_URL,
    NetrexCameraNotFoundError,
    parse_camera_url,
)
from custom_components.netrex.client.camera.url import camera_url

SERIAL = "ACCC8EE8A9CA"


@pytest.mark.parametrize(
    ("template", "address"),
    [
        (DEFAULT_CAMERA_URL, "https://accc8ee8a9ca.device-connect.net/a/b.cgi"),
        (" https://{serial_number}.x.cz/ ", "https://accc8ee8a9ca.x.cz/a/b.cgi"),
        (
            "https://x.cz:8443/d/{serial_number}",
            "https://x.cz:8443/d/accc8ee8a9ca/a/b.cgi",
        ),
        (
            "http://127.0.0.1:81/{serial_number}",
            "http://127.0.0.1:81/accc8ee8a9ca/a/b.cgi",
        ),
        ("http://[::1]/{serial_number}", "http://[::1]/accc8ee8a9ca/a/b.cgi"),
        ("http://localhost/{serial_number}", "http://localhost/accc8ee8a9ca/a/b.cgi"),
    ],
)
def test_templates_are_filled_in(template: str, address: str) -> None:
    assert str(camera_url(parse_camera_url(template), SERIAL, "a/b.cgi")) == address


def test_queries_are_encoded() -> None:
    url = camera_url(
        DEFAULT_CAMERA_URL, SERIAL, "a", {"x": "1&action=update", "y": "a=%26+"}
    )
    assert url.raw_query_string == "x=1%26action%3Dupdate&y=a%3D%2526%2B"


@pytest.mark.parametrize(
    "template",
    [
        "",
        "https://device-connect.net",
        "https://{serial_number}.{serial_number}.net",
        "https://{serial}.device-connect.net",
        "https://{serial_number}.{0}.net",
        "{serial_number}.device-connect.net",
        "http://{serial_number}.device-connect.net",
        "http://192.168.1.2/{serial_number}",
        "http://127.0.0.1.example.com/{serial_number}",
        "ftp://x.cz/{serial_number}",
        "https://user:password@x.cz/{serial_number}",
        "https://{serial_number}@x.cz",
        "https://x.cz/{serial_number}?a=b",
        "https://x.cz/?serial={serial_number}",
        "https://x.cz/#{serial_number}",
        "https://x.cz:{serial_number}/",
        "https:///{serial_number}",
        "https://[{serial_number}/",
    ],
)
def test_invalid_templates_are_refused(template: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the kind is what callers catch
        parse_camera_url(template)


@pytest.mark.parametrize(
    "serial",
    [
        "",
        "evil.example.com",
        "evil.example.com/",
        "ACCC8EE8A9C",
        "ACCC8EE8A9CAB",
        "ACCC8EE8A9CA\n",
        "ACCC8EE8A9CG",
        "AC:CC:8E:E8:A9",
        "../../control",
        "ACCC8EE8A9C@",
        "\u0661CCC8EE8A9CA",
        "\uff21CCC8EE8A9CA",
    ],
)
def test_an_invalid_serial_number_becomes_no_host(serial: str) -> None:
    with pytest.raises(NetrexCameraNotFoundError):
        camera_url(DEFAULT_CAMERA_URL, serial, "axis-cgi/param.cgi")
