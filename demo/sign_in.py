"""Adding the integration as a person does: config flow, portal's pages, redirect."""

from dataclasses import dataclass

import aiohttp
from yarl import URL

from .client import HomeAssistantClient, Json
from .pages import find_form
from .processes import DemoError

FLOW = "/api/config/config_entries/flow"
CALLBACK = "/auth/external/callback"
MAX_PAGES = 6


@dataclass(frozen=True, slots=True)
class Portal:
    """How to sign in to the cloud: the person and the client application."""

    username: str
    password: str
    client_id: str
    client_secret: str


async def sign_in(client: HomeAssistantClient, portal: Portal, url: str) -> str:
    """Add the account at the portal `url` by OAuth and return the config entry's id.

    Raises DemoError with the flow's own words where it goes another way.
    """
    await client.command(
        "application_credentials/create",
        domain="netrex",
        client_id=portal.client_id,
        client_secret=portal.client_secret,
        name="Netrex demo",
    )
    step = await client.request("POST", FLOW, {"handler": "netrex"})
    step = await _answer(client, step, {"host": url}, "form")
    step = await _answer(client, step, {"next_step_id": "pick_implementation"}, "menu")
    if step["type"] == "form":  # which rights to ask for: the suggested ones
        step = await _answer(client, step, {}, "form")
    _expect(step, "external")
    await _follow(client, portal, URL(step["url"]))
    step = await client.request("GET", f"{FLOW}/{step['flow_id']}")
    if step["type"] == "external_done":
        step = await client.request("POST", f"{FLOW}/{step['flow_id']}", {})
    entries = await client.request(
        "GET", "/api/config/config_entries/entry?domain=netrex"
    )
    if not entries:
        raise DemoError(f"The config flow made no entry: {_words(step)}")
    return str(entries[0]["entry_id"])


async def _answer(
    client: HomeAssistantClient, step: Json, answer: Json, kind: str
) -> Json:
    """Answer one step of the flow, which must be of the expected kind."""
    _expect(step, kind)
    following: Json = await client.request("POST", f"{FLOW}/{step['flow_id']}", answer)
    return following


def _expect(step: Json, kind: str) -> None:
    if step["type"] != kind:
        raise DemoError(f"The config flow shows no {kind}: {_words(step)}")


def _words(step: Json) -> str:
    """Return what a step of the flow says, without anything it holds."""
    told = {key: step.get(key) for key in ("type", "step_id", "errors", "reason")}
    return ", ".join(f"{key} {value}" for key, value in told.items() if value)


async def _follow(client: HomeAssistantClient, portal: Portal, address: URL) -> None:
    """Go through the portal's pages until they lead back to Home Assistant."""
    answers = {"username": portal.username, "password": portal.password}
    # Cookies of a browser of its own: the portal must not see Home Assistant's.
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        method, data = "GET", None
        for _ in range(MAX_PAGES):
            async with browser.request(
                method,
                address,
                params=data if method == "GET" else None,
                data=data if method == "POST" else None,
            ) as response:
                page = await response.text()
                back = str(response.url).startswith(client.url + CALLBACK)
                if back and response.ok:
                    return
                form = find_form(page)
                if back or not response.ok or form is None:
                    raise DemoError(
                        f"The sign-in stops at {response.url.path}: {response.status}"
                    )
                address = response.url.join(URL(form.action or str(response.url)))
                method, data = form.method, form.filled(answers)
    raise DemoError("The portal's sign-in pages never lead back to Home Assistant")
