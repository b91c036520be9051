"""Translation of URLs between the relay's and the portal's."""

from hypothesis import assume, given, strategies as st
import pytest

from custom_components.netrex.relay.rtsp import Request, Response, RtspError
from custom_components.netrex.relay.urls import UrlMap, link_secrets

LOCAL = "rtsp://127.0.0.1:40001/hidden/140094"
SECRET = "9469bb1a2b831031456ef9c4abc182573d7a86a9f305f54df18621a9484d6134"
LINK = f"rtsp://nvhs10.survilla.net:2554/nvhs10~1600421245~{SECRET}"


def url_map(link: str = LINK) -> UrlMap:
    return UrlMap(LOCAL, link, link_secrets(link))


def localized(
    urls: UrlMap, body: str = "", **headers: str
) -> tuple[str, dict[str, str]]:
    """Return a response as the client gets it."""
    answer = Response(
        200,
        headers=[(name.replace("_", "-"), text) for name, text in headers.items()],
        body=body.encode(),
    )
    urls.localize(answer)
    return answer.body.decode(), dict(answer.headers)


def test_urls_in_headers_and_body_are_translated() -> None:
    body, headers = localized(
        url_map(),
        f"v=0\r\ns={LINK.rpartition('/')[2]}\r\na=control:{LINK}/\r\n"
        f"m=video 0 RTP/AVP 96\r\na=control:{LINK}/trackID=0\r\n"
        "a=control:trackID=1\r\n",
        Content_Base=f"{LINK}/",
        Content_Location=LINK,
        RTP_Info=f"url={LINK}/track0;seq=1;rtptime=2,url={LINK}/track1;seq=3",
        Session="12;timeout=60",
    )

    assert headers == {
        "Content-Base": f"{LOCAL}/",
        "Content-Location": LOCAL,
        "RTP-Info": f"url={LOCAL}/track0;seq=1;rtptime=2,url={LOCAL}/track1;seq=3",
        "Session": "12;timeout=60",
    }
    assert f"a=control:{LOCAL}/\r\n" in body
    assert f"a=control:{LOCAL}/trackID=0\r\n" in body
    assert "a=control:trackID=1\r\n" in body
    assert SECRET not in body


def test_the_length_fits_the_translated_body() -> None:
    answer = Response(
        200,
        headers=[("Content-Length", "99")],
        body=f"a=control:{LINK}\r\n".encode(),
    )
    url_map().localize(answer)

    head, _, body = answer.encode().partition(b"\r\n\r\n")
    assert b"Content-Length: %d" % len(body) in head
    assert body == f"a=control:{LOCAL}\r\n".encode()


def test_first_lines_and_header_names_are_translated() -> None:
    secret = LINK.rpartition("/")[2]
    request = Request("SET_PARAMETER", f"{LINK}/x", headers=[(f"X-{secret}", "1")])
    refusal = Response(404, f"{LINK} not found")

    for message in (request, refusal):
        url_map().localize(message)
        assert SECRET.encode() not in message.encode()
    assert request.uri == f"{LOCAL}/x"
    assert refusal.reason == f"{LOCAL} not found"


@pytest.mark.parametrize(
    ("client", "portal"),
    [
        (LOCAL, LINK),
        (f"{LOCAL}/", f"{LINK}/"),
        (f"{LOCAL}/trackID=0", f"{LINK}/trackID=0"),
        (f"{LOCAL}?audio=0", f"{LINK}?audio=0"),
        ("*", "*"),
        (f"{LOCAL}5/trackID=0", None),
        ("rtsp://127.0.0.1:40001/hidden/1", None),
        (f"{LOCAL}/@0", None),
        (f"{LOCAL}/@999999999999/trackID=0", None),
    ],
)
def test_requests_are_translated_back(client: str, portal: str | None) -> None:
    assert url_map().to_upstream(client) == portal


def test_other_urls_of_the_server_get_an_alias() -> None:
    # As an Axis camera on the local network answers.
    link = f"rtsp://192.0.2.7/axis-media/media.amp?camera=1&token={SECRET}"
    urls = url_map(link)
    base = "rtsp://192.0.2.7/axis-media/media.amp"
    track = f"{base}/stream=0?camera=1&token={SECRET}"

    body, headers = localized(
        urls,
        f"a=control:{track}\r\n",
        Content_Base=f"{base}/",
        RTP_Info=f"url={track};seq=1",
    )

    assert headers["Content-Base"] == f"{LOCAL}/@0/"
    assert headers["RTP-Info"] == f"url={LOCAL}/@1;seq=1"
    assert body == f"a=control:{LOCAL}/@1\r\n"
    assert urls.to_upstream(f"{LOCAL}/@1") == track
    assert urls.to_upstream(f"{LOCAL}/@0/trackID=1") == f"{base}/trackID=1"
    assert localized(urls, X=f"{base}/trackID=1")[1] == {"X": f"{LOCAL}/@0/trackID=1"}


def test_too_many_urls_are_rejected() -> None:
    with pytest.raises(RtspError):
        localized(url_map(), " ".join(f"rtsp://h/{number}" for number in range(100)))


@pytest.mark.parametrize(
    ("link", "secrets"),
    [
        (LINK, {SECRET}),
        ("rtsp://root:pass@192.0.2.7/live", {"root", "pass"}),
        ("rtsp://192.0.2.7/axis-media/media.amp?streamprofile=quality", set()),
    ],
)
def test_the_secrets_of_a_link(link: str, secrets: set[str]) -> None:
    assert link_secrets(link) == secrets


PATH = st.text("abc019-_~/?=;,.", max_size=20)


@given(PATH, PATH)
def test_translated_urls_are_translated_back(path: str, tail: str) -> None:
    urls = url_map(f"rtsp://h/{path}x")
    for address in (f"rtsp://h/{path}x/{tail}", f"rtsp://other/{path}x{tail}"):
        shown = localized(urls, X=address)[1]["X"]
        assume(";" not in address)
        assume("," not in address)
        assert shown.startswith(LOCAL)
        assert urls.to_upstream(shown) == address


@given(st.text(max_size=100), st.text(max_size=100))
def test_the_secret_never_reaches_the_client(before: str, after: str) -> None:
    urls = url_map()
    for text in (before + SECRET + after, before + LINK + after):
        body = text.encode(errors="replace").decode()
        assert SECRET not in localized(urls, body)[0]
