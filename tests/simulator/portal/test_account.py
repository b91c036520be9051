"""The portal's pages: API tokens, applications, external IDs, and the explorer."""

from html import unescape
import json
import re

import pytest
from yarl import URL

from ..portal_client import PortalClient


async def open_account(portal: PortalClient, username: str = "owner") -> str:
    _, page = await portal.page(URL(portal.cloud.url))
    status, _, _ = await portal.submit(page, username=username, password=username)
    assert status == 303
    _, page = await portal.page(URL(portal.cloud.url))
    return page


async def act(portal: PortalClient, action: str, **fields: str) -> tuple[int, str]:
    async with portal.session.post(
        portal.cloud.url, data={"action": action, **fields}
    ) as response:
        return response.status, await response.text()


async def test_a_new_api_token_works_until_it_expires(portal: PortalClient) -> None:
    page = await open_account(portal)
    assert portal.token not in page
    _, page = await act(
        portal, "create_token", name="HA", scope="read", expires_in="3600"
    )
    match = re.search(r"New API token: (\w+)", page)
    assert match is not None
    await portal.data("{nodeList{name}}", match[1])
    portal.cloud.clock.jump(3600)
    answer = await portal.query("{nodeList{name}}", match[1])
    assert answer["errors"][0]["category"] == "expired"


async def test_a_new_application_gets_a_secret(portal: PortalClient) -> None:
    await open_account(portal)
    _, page = await act(
        portal, "create_client", name="HA", redirect_uris="http://a/cb http://b/cb"
    )
    client = portal.cloud.world.clients[-1]
    assert client.redirect_uris == ["http://a/cb", "http://b/cb"]
    assert client.client_secret in page
    assert client.client_secret in portal.cloud.secrets


async def test_an_external_id_can_be_set_and_removed(portal: PortalClient) -> None:
    await open_account(portal)
    node = portal.cloud.world.nodes[0]
    await act(portal, "set_external_id", node_id=str(node.node_id), external_id="<007>")
    _, page = await portal.page(URL(portal.cloud.url))
    assert "<code>&lt;007&gt;</code>" in page
    rows = (await portal.data("{nodeList{external_id}}"))["nodeList"]
    assert rows[0] == {"external_id": "<007>"}
    await act(portal, "set_external_id", node_id=str(node.node_id), external_id="")
    rows = (await portal.data("{nodeList{external_id}}"))["nodeList"]
    assert rows[0] == {"external_id": None}


@pytest.mark.parametrize("action", ["create_token", "create_client"])
async def test_a_guest_cannot_create_anything(
    portal: PortalClient, action: str
) -> None:
    page = await open_account(portal, "guest")
    assert "Create an API token" not in page
    status, _ = await act(portal, action, name="x", redirect_uris="http://a/")
    assert status == 403


async def test_bad_forms_are_refused(portal: PortalClient) -> None:
    await open_account(portal)
    assert (await act(portal, "create_token", scope="everything"))[0] == 400
    assert (await act(portal, "set_external_id", node_id="7", external_id="x"))[
        0
    ] == 400
    assert (await act(portal, "delete_everything"))[0] == 403


async def test_signing_out_leads_to_the_sign_in_page(portal: PortalClient) -> None:
    await open_account(portal)
    await act(portal, "sign_out")
    _, page = await portal.page(URL(portal.cloud.url))
    assert 'name="password"' in page


async def test_the_explorer_runs_queries_as_the_signed_in_user(
    portal: PortalClient,
) -> None:
    url = URL(f"{portal.cloud.url}/api/explorer/index.html")
    _, page = await portal.page(url)
    assert 'name="password"' in page
    await open_account(portal, "guest")
    _, page = await portal.page(url)
    assert "nodeList" in page
    _, page, _ = await portal.submit(page, query="{nodeList{name}}")
    match = re.search(r"<pre>(.*)</pre>", page, re.DOTALL)
    assert match is not None
    nodes = json.loads(unescape(match[1]))["data"]["nodeList"]
    assert 0 < len(nodes) < len(portal.cloud.world.nodes)
    assert portal.cloud.queries[-1].account == "guest"
    portal.cloud.switches.rate_limit = True
    for _ in range(2):
        _, page, _ = await portal.submit(page, query="{nodeList{name}}")
    assert "API limit exceeded." in page
