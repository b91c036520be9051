"""Addresses of cameras behind the gateway, built from their serial numbers."""

from collections.abc import Mapping
import ipaddress
import re

from yarl import URL

from ..errors import NetrexCameraNotFoundError

PLACEHOLDER = "{serial_number}"
DEFAULT_CAMERA_URL = f"https://{PLACEHOLDER}.device-connect.net"

# A serial number is the camera's MAC address without separators.
_SERIAL_NUMBER = re.compile(r"[0-9a-fA-F]{12}")
_SCHEMES = frozenset({"http", "https"})


def parse_camera_url(text: str) -> str:
    """Return a normalized URL template with one `{serial_number}`.

    Raises:
        ValueError: It is not such a template, or it is neither https nor http to
            loopback, so that the token would be sent without encryption.
    """
    text = text.strip().rstrip("/")
    if text.count(PLACEHOLDER) != 1 or re.search("[{}]", text.replace(PLACEHOLDER, "")):
        raise ValueError("not exactly one placeholder for the serial number")
    url = URL(text.replace(PLACEHOLDER, "f" * 12))
    if (
        url.scheme not in _SCHEMES
        or (url.scheme == "http" and not _is_loopback(url.host))
        or not url.host
        or url.user is not None
        or url.password is not None
        or "?" in text
        or "#" in text
    ):
        raise ValueError("not a URL template for cameras")
    return text


def _is_loopback(host: str | None) -> bool:
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


def camera_url(
    template: str,
    serial_number: str,
    path: str,
    params: Mapping[str, str] | None = None,
) -> URL:
    """Return the URL of a call; encodes the query.

    Raises:
        NetrexCameraNotFoundError: The serial number is invalid. Nothing else from the
            portal becomes part of a host name.
    """
    if not _SERIAL_NUMBER.fullmatch(serial_number):
        raise NetrexCameraNotFoundError("The camera has no valid serial number")
    base = URL(template.replace(PLACEHOLDER, serial_number.lower()))
    return (base / path).with_query(params)
