"""The first page: the portal's address and the permissions to request."""

from collections.abc import AsyncGenerator

from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.config_entries import SOURCE_USER
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest
from yarl import URL

from custom_components.netrex.const import (
    CONF_SCOPES,
    DOMAIN,
)
from custom_components.netrex.flow_schemas import SECTION_RIGHTS
from simulator import Simulator
from simulator.world.model import OAuthClient

from .steps import SignIn, choose, configure, start, suggested


@pytest.mark.parametrize(
    "host", ["", "a b", "ftp://portal.example", "name:password@portal.example", "x:y"]
)
async def test_an_invalid_address_can_be_corrected(
    hass: HomeAssistant, cloud: Simulator, host: str
) -> None:
    result = await start(hass, host=host)
    assert result["errors"] == {CONF_HOST: "invalid_host"}
    assert suggested(result, CONF_HOST) == host
    result = await configure(hass, result, {CONF_HOST: cloud.url})
    assert result["type"] is FlowResultType.MENU


@pytest.mark.usefixtures("short_pause")
@pytest.mark.parametrize(
    ("kind", "value", "errors"),
    [
        ("cut", None, {"base": "cannot_connect"}),
        ("status", 502, {"base": "cannot_connect"}),
        ("status", 429, {"base": "rate_limited"}),
        ("status", 404, {CONF_HOST: "invalid_host"}),
        ("html", None, {CONF_HOST: "invalid_host"}),
        ("garbage", None, {CONF_HOST: "invalid_host"}),
        ("empty", None, {CONF_HOST: "invalid_host"}),
    ],
)
async def test_a_failing_portal_keeps_the_entered_address(
    hass: HomeAssistant,
    cloud: Simulator,
    kind: str,
    value: int | None,
    errors: dict[str, str],
) -> None:
    # A refused request is repeated once.
    cloud.faults.add("graphql", kind, value, count=2 if value == 429 else 1)
    rights = {"scopes": ["read", "events"]}
    result = await start(hass, host=cloud.url, rights=rights)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == errors
    assert suggested(result, CONF_HOST) == cloud.url
    result = await configure(hass, result, {CONF_HOST: cloud.url, "rights": rights})
    assert result["type"] is FlowResultType.MENU


async def test_a_closed_port_shows_that_the_portal_cannot_be_reached(
    hass: HomeAssistant, unused_tcp_port: int
) -> None:
    result = await start(hass, host=f"127.0.0.1:{unused_tcp_port}")
    assert result["errors"] == {"base": "cannot_connect"}


@pytest.fixture
async def stranger() -> AsyncGenerator[tuple[TestServer, list[web.Request]]]:
    """Run a GraphQL server that is not a portal: it needs no token."""
    requests: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        requests.append(request)
        return web.json_response({"data": {"__typename": "Query"}})

    app = web.Application()
    app.router.add_post("/api/graphql.php", answer)
    server = TestServer(app)
    async with server:
        yield server, requests


async def test_a_server_that_is_not_a_portal_is_refused(
    hass: HomeAssistant, stranger: tuple[TestServer, list[web.Request]]
) -> None:
    server, requests = stranger
    result = await start(hass, host=f"127.0.0.1:{server.port}")
    assert result["errors"] == {CONF_HOST: "invalid_host"}
    [request] = requests
    assert request.headers["Authorization"].split() == ["Bearer"]


@pytest.mark.parametrize("status", [200, 400, 401])
@pytest.mark.parametrize("place", ["top", "extensions", "none"])
async def test_a_portal_is_recognized_by_how_it_refuses_a_request(
    hass: HomeAssistant, cloud: Simulator, status: int, place: str
) -> None:
    cloud.switches.set("auth_error_status", status)
    cloud.switches.set("category_place", place)
    assert (await start(hass, host=cloud.url))["type"] is FlowResultType.MENU


async def test_the_selected_permissions_are_requested(
    hass: HomeAssistant, cloud: Simulator, client: OAuthClient, sign_in: SignIn
) -> None:
    del client
    result = await start(hass, host=cloud.url, rights={"scopes": ["events", "write"]})
    assert result["errors"] == {"base": "read_required"}
    scopes = ["liveview_ptz", "events", "read"]
    result = await configure(
        hass, result, {CONF_HOST: cloud.url, "rights": {"scopes": scopes}}
    )
    result = await choose(hass, result, "pick_implementation")
    assert URL(result["url"]).query["scope"] == "read,liveview_ptz,events"
    result = await sign_in(result)
    assert result["data"][CONF_SCOPES] == ["read", "liveview_ptz", "events"]


async def test_an_unknown_permission_is_refused(
    hass: HomeAssistant, cloud: Simulator
) -> None:
    with pytest.raises(InvalidData):
        await start(hass, host=cloud.url, rights={"scopes": ["read", "everything"]})


async def test_the_portal_survives_the_dialog_for_credentials(
    hass: HomeAssistant, cloud: Simulator
) -> None:
    rights = {CONF_SCOPES: ["read", "liveview"]}
    result = await start(hass, host=cloud.url, **{SECTION_RIGHTS: rights})
    result = await choose(hass, result, "new_credentials")
    assert result["reason"] == "missing_credentials"

    # The frontend starts again once the credentials are saved.
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert suggested(result, CONF_HOST) == cloud.url
    assert result["data_schema"]
    [section] = [
        field
        for name, field in result["data_schema"].schema.items()
        if name == SECTION_RIGHTS
    ]
    [scopes] = section.schema.schema
    assert scopes.description == {"suggested_value": ["read", "liveview"]}


async def test_another_portal_can_be_chosen_from_the_menu(
    hass: HomeAssistant, cloud: Simulator
) -> None:
    result = await choose(hass, await start(hass, host=cloud.url), "user")
    assert result["step_id"] == "user"
    assert suggested(result, CONF_HOST) == cloud.url
