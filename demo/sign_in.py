"""Adds the integration as a user does: config flow, portal's pages, redirect."""

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
    """The user and the client application for the sign-in to the cloud."""

    username: str
    password: str
    client_id: str
    client_secret: str


async def sign_in(client: HomeAssistantClient, portal: Portal, url: str) -> str:
    """Add the account of the portal `url` by OAuth; return the config entry's ID.

    Raises DemoError with the texts of the flow if it takes an unexpected step.
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
    if step["type"] == "form":  # the suggested permissions
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
        raise DemoError(f"The config flow created no entry: {_words(step)}")
    return str(entries[0]["entry_id"])


async def _answer(
    client: HomeAssistantClient, step: Json, answer: Json, kind: str
) -> Json:
    """Submit one step of the flow, which must be of the expected type."""
    _expect(step, kind)
    following: Json = await client.request("POST", f"{FLOW}/{step['flow_id']}", answer)
    return following


def _expect(step: Json, kind: str) -> None:
    if step["type"] != kind:
        raise DemoError(f"The config flow shows no {kind}: {_words(step)}")


def _words(step: Json) -> str:
    """Return the texts of a step of the flow, without its data."""
    texts = {key: step.get(key) for key in ("type", "step_id", "errors", "reason")}
    return ", ".join(f"{key} {value}" for key, value in texts.items() if value)


async def _follow(client: HomeAssistantClient, portal: Portal, address: URL) -> None:
    """Go through the portal's pages until they redirect to Home Assistant."""
    answers = {"username": portal.username, "password": portal.password}
    # Separate cookies: the portal must not get those of Home Assistant.
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
                        f"The sign-in stopped at {response.url.path}: {response.status}"
                    )
                address = response.url.join(URL(form.action or str(response.url)))
                method, data = form.method, form.filled(answers)
    raise DemoError("The portal's sign-in pages did not redirect to Home Assistant")
