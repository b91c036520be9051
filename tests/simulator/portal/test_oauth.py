"""OAuth2 over HTTP: pages, codes, tokens, and refusals."""

import pytest
from yarl import URL

from ..portal_client import REDIRECT_URI, PortalClient


async def test_signing_in_leads_to_tokens_that_work(portal: PortalClient) -> None:
    back = await portal.authorize()
    assert str(back.with_query(None)) == REDIRECT_URI
    assert back.query["state"] == "state 1/2"
    status, answer = await portal.exchange(code=back.query["code"])
    assert status == 200
    assert set(answer) == {"access_token", "expires_in", "refresh_token"}
    assert answer["expires_in"] == 3600
    assert (await portal.data("{cameraList{name}}", answer["access_token"]))[
        "cameraList"
    ]
    assert {
        back.query["code"],
        answer["access_token"],
        answer["refresh_token"],
    } <= portal.cloud.secrets


async def test_the_documented_kinds_of_requests_work(portal: PortalClient) -> None:
    """The authorization may be a POST; token parameters may be a query string."""
    async with portal.session.post(portal.authorize_url()) as response:
        assert 'name="username"' in await response.text()
    back = await portal.authorize()
    client = portal.cloud.world.clients[0]
    async with portal.session.post(
        f"{portal.cloud.url}/oauth2/token",
        params={
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "grant_type": "authorization_code",
            "code": back.query["code"],
            "redirect_uri": REDIRECT_URI,
        },
    ) as response:
        answer = await response.json()
    assert answer["refresh_token"]
    async with portal.session.post(
        f"{portal.cloud.url}/oauth2/revoke",
        params={"access_token": answer["access_token"]},
    ) as response:
        assert (await response.json())["success"] is True


async def test_wrong_password_stays_on_the_page(portal: PortalClient) -> None:
    _, page = await portal.page(portal.authorize_url())
    status, page, _ = await portal.submit(page, username="owner", password="wrong")
    assert status == 200
    assert "The user name or the password is wrong." in page
    status, _, _ = await portal.submit(page, username="owner", password="owner")
    assert status == 303


async def test_a_refusal_returns_access_denied(portal: PortalClient) -> None:
    back = await portal.authorize(decision="deny")
    assert dict(back.query) == {"error": "access_denied", "state": "state 1/2"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "read,everything"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "read write"}, "invalid_scope"),
        ({"scope": "configuration"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
async def test_a_bad_request_is_redirected_with_its_error(
    portal: PortalClient, changes: dict[str, str], error: str
) -> None:
    async with portal.session.get(
        portal.authorize_url(**changes), allow_redirects=False
    ) as response:
        assert URL(response.headers["Location"]).query["error"] == error


@pytest.mark.parametrize(
    "changes",
    [{"client_id": "nobody"}, {"redirect_uri": "https://evil.example/"}],
)
async def test_an_unregistered_address_gets_no_redirect(
    portal: PortalClient, changes: dict[str, str]
) -> None:
    status, page = await portal.page(portal.authorize_url(**changes))
    assert status == 400
    assert "evil.example" not in page


async def test_a_registered_client_gets_a_token(portal: PortalClient) -> None:
    client = portal.cloud.add_client(["http://127.0.0.1:1/callback"])
    back = await portal.authorize(
        client_id=client.client_id, redirect_uri="http://127.0.0.1:1/callback"
    )
    status, answer = await portal.exchange(
        client_id=client.client_id,
        client_secret=client.client_secret,
        redirect_uri="http://127.0.0.1:1/callback",
        code=back.query["code"],
    )
    assert (status, "access_token" in answer) == (200, True)


async def test_a_code_works_once(portal: PortalClient) -> None:
    back = await portal.authorize()
    await portal.exchange(code=back.query["code"])
    status, answer = await portal.exchange(code=back.query["code"])
    assert (status, answer) == (
        400,
        {"error": "Invalid or expired authorization code."},
    )


async def test_a_code_expires(portal: PortalClient) -> None:
    back = await portal.authorize()
    portal.cloud.clock.jump(portal.cloud.switches.code_lifetime)
    _, answer = await portal.exchange(code=back.query["code"])
    assert set(answer) == {"error"}


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"client_secret": "wrong"},
        {"redirect_uri": "https://elsewhere.example/"},
        {"grant_type": "password"},
        {"grant_type": "refresh_token", "refresh_token": "unknown"},
        {"grant_type": "refresh_token", "client_secret": None},
    ],
)
async def test_a_wrong_parameter_gets_no_token(
    portal: PortalClient, changes: dict[str, str | None]
) -> None:
    back = await portal.authorize()
    portal.cloud.switches.token_error_status = 200
    status, answer = await portal.exchange(code=back.query["code"], **changes)
    assert status == 200
    assert set(answer) == {"error"}


async def test_no_refresh_token_without_the_secret(portal: PortalClient) -> None:
    back = await portal.authorize()
    _, answer = await portal.exchange(code=back.query["code"], client_secret=None)
    assert set(answer) == {"access_token", "expires_in"}


async def test_a_refresh_token_gets_a_new_access_token(portal: PortalClient) -> None:
    first = await portal.sign_in()
    portal.cloud.clock.jump(3600)
    answer = await portal.query("{cameraList{name}}", first["access_token"])
    assert answer["errors"][0]["category"] == "expired"
    _, second = await portal.exchange(
        grant_type="refresh_token", refresh_token=first["refresh_token"]
    )
    assert second["refresh_token"] == first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    await portal.data("{cameraList{name}}", second["access_token"])


async def test_a_rotated_refresh_token_works_once(portal: PortalClient) -> None:
    portal.cloud.switches.refresh_rotates = True
    first = await portal.sign_in()
    refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    _, second = await portal.exchange(**refresh)
    assert second["refresh_token"] != first["refresh_token"]
    _, answer = await portal.exchange(**refresh)
    assert set(answer) == {"error"}


async def test_a_refresh_may_return_no_refresh_token(portal: PortalClient) -> None:
    portal.cloud.switches.refresh_repeats = False
    first = await portal.sign_in()
    for _ in range(2):
        _, answer = await portal.exchange(
            grant_type="refresh_token", refresh_token=first["refresh_token"]
        )
        assert set(answer) == {"access_token", "expires_in"}


async def test_a_refresh_token_expires_by_switch(portal: PortalClient) -> None:
    portal.cloud.switches.refresh_token_lifetime = 86_400
    first = await portal.sign_in()
    portal.cloud.clock.jump(86_400)
    _, answer = await portal.exchange(
        grant_type="refresh_token", refresh_token=first["refresh_token"]
    )
    assert set(answer) == {"error"}


async def test_revoking_a_token_revokes_its_refresh_token(portal: PortalClient) -> None:
    answer = await portal.sign_in()
    async with portal.session.post(
        f"{portal.cloud.url}/oauth2/revoke",
        data={"access_token": answer["access_token"]},
    ) as response:
        assert (await response.json())["success"] is True
    refused = await portal.query("{cameraList{name}}", answer["access_token"])
    assert refused["errors"][0]["category"] == "client"
    _, refreshed = await portal.exchange(
        grant_type="refresh_token", refresh_token=answer["refresh_token"]
    )
    assert set(refreshed) == {"error"}
    async with portal.session.post(
        f"{portal.cloud.url}/oauth2/revoke", data={"access_token": "unknown"}
    ) as response:
        assert (await response.json())["success"] is False


@pytest.mark.parametrize("place", ["query", "body"])
async def test_token_parameters_may_be_limited_to_one_place(
    portal: PortalClient, place: str
) -> None:
    portal.cloud.switches.set("token_parameters", place)
    back = await portal.authorize()
    _, answer = await portal.exchange(code=back.query["code"])
    assert ("error" in answer) is (place == "query")


async def test_a_token_is_limited_to_its_scopes(portal: PortalClient) -> None:
    answer = await portal.sign_in(scope="read")
    token = answer["access_token"]
    await portal.data("{cameraList{name}}", token)
    camera = next(iter(portal.cloud.world.cameras.values()))
    profile = camera.stream_profiles[0].stream_profile_id
    refused = await portal.query(
        f"{{camera(node_id:{camera.node_id}){{live_view(stream_profile_id:{profile})"
        "{remote{rtsp{url}}}}}",
        token,
    )
    assert refused["data"] == {"camera": {"live_view": None}}
    assert refused["errors"][0]["path"] == ["camera", "live_view"]
    assert portal.cloud.links == []


async def test_a_guest_sees_a_part_of_the_tree(portal: PortalClient) -> None:
    answer = await portal.sign_in(username="guest")
    guest = await portal.data(
        "{nodeList{node_id parent_node_id}}", answer["access_token"]
    )
    owner = await portal.data("{nodeList{node_id}}")
    assert 0 < len(guest["nodeList"]) < len(owner["nodeList"])
    seen = {node["node_id"] for node in guest["nodeList"]}
    assert guest["nodeList"][0]["parent_node_id"] not in seen
