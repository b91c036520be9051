"""Cameras in the local network that ask for a user name and a password."""

import hashlib
import re
from urllib.parse import unquote

import pytest

from custom_components.netrex.relay.authentication import Authenticator, Credentials
from custom_components.netrex.relay.rtsp import Request, Response
from custom_components.netrex.relay.terms import EndReason
from custom_components.netrex.relay.urls import link_secrets
from simulator.rtsp.server import RtspServer
from simulator.state import State
from tests.leaks import assert_log_clean
from tests.simulator.rtsp_client import RtspClient

from .conftest import CAMERA_ID, PROFILE, Harness, RunRelay
from .test_resumption import packets

SCHEMES = ["basic", "md5", "md5_without_qop", "sha256"]


@pytest.fixture
async def relay(portal: RtspServer, run_relay: RunRelay) -> Harness:
    """Run a relay for local links."""

    async def get_link(key: str) -> str:
        return portal.mint(int(key), PROFILE, transport="local")

    return await run_relay(get_link, resumes=True)


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_camera_that_asks_for_a_password_plays_and_continues(
    relay: Harness,
    address: str,
    portal: RtspServer,
    state: State,
    scheme: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    state.switches.set("local_authentication", scheme)
    async with await RtspClient.connect(address) as client:
        described = await client.request("DESCRIBE")
        assert described.status == 200
        assert "www-authenticate" not in described.headers
        await client.setup()
        assert (await client.request("PLAY")).status == 200
        await packets(client, 3)
        assert (await client.request("GET_PARAMETER")).status == 200
        portal.drop()
        await packets(client, 10)
        assert (await client.request("GET_PARAMETER")).status == 200
        assert (await client.request("TEARDOWN")).status == 200

    await relay.until_ended(2)
    assert [link.used for link in state.links] == [1, 1]
    assert all(":p%40ss%3A%2F" in link.url for link in state.links)
    assert_log_clean(caplog, state.secrets)


async def test_a_wrong_password_is_not_repeated(
    portal: RtspServer, run_relay: RunRelay, state: State
) -> None:
    state.switches.set("local_authentication", "md5")

    async def get_link(key: str) -> str:
        url = portal.mint(int(key), PROFILE, transport="local")
        return re.sub(r":p%40[^@]*@", ":wrong@", url)

    relay = await run_relay(get_link)
    async with await RtspClient.connect(relay.url(str(CAMERA_ID))) as client:
        answer = await client.request("DESCRIBE")
    assert answer.status == 503
    assert "www-authenticate" not in answer.headers
    assert [end.reason for end in relay.ends] == [EndReason.REFUSED] * 2


def challenge(*values: str, number: str = "1") -> Response:
    headers = [("CSeq", number), *(("WWW-Authenticate", value) for value in values)]
    return Response(401, "Unauthorized", headers=headers)


def sent(authenticator: Authenticator, number: str = "1") -> Request:
    request = Request("DESCRIBE", "rtsp://camera/x", headers=[("CSeq", number)])
    authenticator.authorize(request)
    return request


def fields(request: Request) -> dict[str, str]:
    value = request.header("Authorization") or ""
    assert value.startswith("Digest ")
    found = re.findall(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))', value)
    return {name: quoted or token for name, quoted, token in found}


@pytest.fixture
def authenticator() -> Authenticator:
    return Authenticator(Credentials('us"er', "pässword"))


def test_the_examples_of_the_rfc() -> None:
    """RFC 7616 section 3.9.1, with the client's nonce and the method of this test."""
    authenticator = Authenticator(Credentials("Mufasa", "Circle of Life"))
    sent(authenticator)
    nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
    common = (
        f'realm="http-auth@example.org", qop="auth, auth-int", nonce="{nonce}", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    repeated = authenticator.retry(
        challenge(f"Digest {common}, algorithm=MD5, Digest {common}, algorithm=SHA-256")
    )
    assert repeated is not None
    authenticator.authorize(repeated)
    found = fields(repeated)

    def digest(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    first = digest("Mufasa:http-auth@example.org:Circle of Life")
    second = digest("DESCRIBE:rtsp://camera/x")
    middle = f"{nonce}:00000001:{found['cnonce']}:auth"
    assert found["algorithm"] == "SHA-256"
    assert found["response"] == digest(f"{first}:{middle}:{second}")
    assert found["opaque"] == "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
    assert fields(sent(authenticator, "2"))["nc"] == "00000002"


@pytest.mark.parametrize(
    ("values", "scheme"),
    [
        (['Basic realm="x"', 'Digest realm="x", nonce="n"'], "Digest"),
        (['Digest realm="x", nonce="n", Basic realm="x"'], "Digest"),
        (['Digest realm="x", nonce="n", algorithm=TOKEN', 'basic realm="x"'], "Basic"),
        (['Digest realm="x", nonce="n", qop="auth-int"', 'Basic realm="x"'], "Basic"),
        (['DIGEST realm="x",nonce="n",algorithm="md5-sess",qop=auth'], "Digest"),
    ],
)
def test_the_strongest_known_scheme_is_used(
    authenticator: Authenticator, values: list[str], scheme: str
) -> None:
    sent(authenticator)
    repeated = authenticator.retry(challenge(*values))
    assert repeated is not None
    authenticator.authorize(repeated)
    assert (repeated.header("Authorization") or "").startswith(f"{scheme} ")


@pytest.mark.parametrize(
    "values", [[], ["Negotiate"], ['Digest algorithm="SHA-999"'], ["Bearer x"]]
)
def test_unknown_schemes_are_not_answered(
    authenticator: Authenticator, values: list[str]
) -> None:
    sent(authenticator)
    assert authenticator.retry(challenge(*values)) is None


def test_a_new_nonce_is_used_once_per_request(authenticator: Authenticator) -> None:
    sent(authenticator)
    first = authenticator.retry(challenge('Digest realm="x", nonce="1"'))
    assert first is not None
    authenticator.authorize(first)
    assert authenticator.retry(challenge('Digest realm="x", nonce="2"')) is None

    # Later, the nonce has expired.
    assert fields(sent(authenticator, "2"))["nonce"] == "1"
    again = authenticator.retry(challenge('Digest realm="x", nonce="3"', number="2"))
    assert again is not None
    authenticator.authorize(again)
    assert fields(again)["nonce"] == "3"


def test_answers_to_other_requests_are_not_repeated(
    authenticator: Authenticator,
) -> None:
    for number in range(20):
        sent(authenticator, str(number))
    for other in ("0", "99"):
        basic = challenge('Basic realm="x"', number=other)
        assert authenticator.retry(basic) is None


def test_the_clients_credentials_are_not_passed_on(
    authenticator: Authenticator,
) -> None:
    request = Request("PLAY", "x", headers=[("Authorization", "Basic Y2xpZW50")])
    authenticator.authorize(request)
    assert request.header("Authorization") is None


def test_credentials_are_decoded_and_not_shown() -> None:
    credentials = Credentials.of("rtsp://us%40er:p%3Ass@camera/x")
    assert credentials == Credentials("us@er", "p:ss")
    assert "p:ss" not in repr(credentials)
    assert Credentials.of("rtsp://user@camera/x") == Credentials("user", "")
    assert Credentials.of("rtsp://camera/x") is None


def test_ordinary_words_as_credentials_do_not_damage_descriptions() -> None:
    """A user named "video" must not turn m=video into something else."""
    assert link_secrets("rtsp://video:audio@camera/x") == set()
    url = "rtsp://operator1:s%2Bcret-word@camera/x"
    assert link_secrets(url) == {"operator1", "s%2Bcret-word", unquote("s%2Bcret-word")}
