"""Adds the account to Home Assistant and waits for its numbers."""

import asyncio
from dataclasses import dataclass
import time

from . import home_assistant
from .camera_access import open_cameras, set_options
from .cloud import PASSWORD, USERNAME
from .history import DAYS
from .numbers import wait_for_numbers
from .processes import DemoError
from .registry import DOMAIN
from .sign_in import CALLBACK, Portal, sign_in
from .stage import Running, say

LOAD_TIMEOUT = 60.0
LOAD_INTERVAL = 0.1


@dataclass(frozen=True, slots=True)
class Account:
    """The added account, and the requests until it was loaded.

    `queries` are the top-level fields of each query, `links` is the number of live view
    links.
    """

    entry_id: str
    seconds: float
    queries: tuple[tuple[str, ...], ...]
    links: int


async def add_account(running: Running, *, history_days: int = DAYS) -> Account:
    """Sign in through the portal's pages and wait until the account is loaded."""
    client, control = running.client, running.control
    started = time.monotonic()
    application = await control.post(
        "clients", redirect_uris=[client.url + CALLBACK], name="Home Assistant demo"
    )
    portal = Portal(
        USERNAME, PASSWORD, application["client_id"], application["client_secret"]
    )
    entry_id = await sign_in(client, portal, control.url)
    await wait_for_load(running, entry_id)
    seconds = time.monotonic() - started
    account = Account(
        entry_id,
        seconds,
        tuple(tuple(query["fields"]) for query in await control.get("queries")),
        len(await control.get("links")),
    )
    say(started, "Signed in through the portal's pages; the account is loaded")
    await set_options(client, entry_id, "kpi", history_days=history_days)
    await wait_for_load(running, entry_id)
    await open_cameras(client, control, entry_id)
    await wait_for_load(running, entry_id)
    await home_assistant.tidy(client)
    return account


async def complete(running: Running, types: frozenset[str]) -> None:
    """Wait until the nodes of these types have their numbers."""
    started = time.monotonic()
    say(
        started,
        "Waiting for the shops' numbers: about two minutes, at the one query a second"
        " that the cloud allows",
    )
    await wait_for_numbers(running.client, running.control, types)
    say(started, "All numbers have arrived")


async def wait_for_load(running: Running, entry_id: str) -> None:
    """Wait until the config entry is loaded."""
    deadline = time.monotonic() + LOAD_TIMEOUT
    while time.monotonic() < deadline:
        entries = await running.client.request(
            "GET", f"/api/config/config_entries/entry?domain={DOMAIN}"
        )
        entry = next(entry for entry in entries if entry["entry_id"] == entry_id)
        if entry["state"] == "loaded":
            return
        await asyncio.sleep(LOAD_INTERVAL)
    raise DemoError(f"The account did not load: {entry['state']}, {entry['reason']}")
