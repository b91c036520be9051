"""The portal's address as users enter it."""

import pytest

from custom_components.netrex.portal import InvalidHostError, Portal


@pytest.mark.parametrize(
    ("text", "host", "url"),
    [
        ("system2.netrex.cz", "system2.netrex.cz", "https://system2.netrex.cz"),
        (" Cloud.CamStreamer.COM\n", "cloud.camstreamer.com", None),
        ("https://system2.netrex.cz/", "system2.netrex.cz", None),
        ("https://system2.netrex.cz:443/api/x.php?y=1#z", "system2.netrex.cz", None),
        ("system2.netrex.cz:443", "system2.netrex.cz", None),
        ("system2.netrex.cz.", "system2.netrex.cz", None),
        ("portal.example:8443/login", "portal.example:8443", None),
        # A token is never sent unencrypted.
        ("http://portal.example", "portal.example", None),
        ("http://portal.example:80", "portal.example", None),
        ("http://portal.example:8080", "portal.example:8080", None),
        ("192.0.2.7", "192.0.2.7", None),
        ("2001:db8::7", "[2001:db8::7]", None),
        ("[2001:db8::7]:8443", "[2001:db8::7]:8443", None),
        ("žluťoučký.example", "xn--luouk-uva4it5a4g.example", None),
        # Loopback is for the simulator, which has no certificate.
        ("localhost", "localhost", "http://localhost"),
        ("localhost:8000", "localhost:8000", "http://localhost:8000"),
        ("127.0.0.1:8000", "127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("127.8.8.8:443", "127.8.8.8:443", "http://127.8.8.8:443"),
        ("::1", "[::1]", "http://[::1]"),
        ("http://[::1]:8000/x", "[::1]:8000", "http://[::1]:8000"),
        ("https://localhost:8443", "localhost:8443", "https://localhost:8443"),
    ],
)
def test_an_address_is_normalized(text: str, host: str, url: str | None) -> None:
    assert Portal.parse(text) == Portal(host, url or f"https://{host}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "https://",
        "?",
        "/",
        "a b",
        "portal,example",
        "portal_example",
        "-portal.example",
        "portal..example",
        "%70ortal.example",
        "portal.example:port",
        "portal.example:99999",
        "[::1",
        "1.2.3",
        "999.0.2.7",
        "1.2.3.4.5",
        "ftp://portal.example",
        "rtsp://portal.example",
        "javascript:alert(1)",
        "portal.example@evil.example",
        "https://name:password@portal.example",
        ":password@portal.example",
        f"{'x' * 64}.example",
    ],
)
def test_an_invalid_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidHostError):
        Portal.parse(text)


def test_a_normalized_address_stays_the_same() -> None:
    """The stored values can be entered again."""
    for text in ("portal.example:8443", "[::1]:8000", "http://localhost"):
        portal = Portal.parse(text)
        assert Portal.parse(portal.host) == portal
        assert Portal.parse(portal.url) == portal
