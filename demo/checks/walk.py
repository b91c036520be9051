"""The check of a user's first minutes, up to the dashboard."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
import json
from pathlib import Path
import tempfile

from playwright.async_api import Dialog, Locator, Page

from ..browser import Window, find_browser, open_page
from ..cloud import USERNAME
from ..home_assistant import INTEGRATION
from ..registry import DOMAIN
from ..stage import Running, start
from .case import Case, NotRun, expect

MAX_CLICKS = 9
MAX_FIELDS = 4
# Milliseconds for a step; the account is read within one of them.
STEP_TIMEOUT = 60_000
INTEGRATIONS = "config/integrations/dashboard"
TOKEN_SCOPES = ["read", "write", "liveview", "recordings"]
# The frontend's own texts: the buttons that add an integration and submit a form.
BUTTONS = {
    "en": ("Add integration", "Submit"),
    "cs": ("Přidat integraci", "Odeslat"),
}
WINDOWS = (Window(1280, 800, "light", "en"), Window(390, 844, "dark", "cs"))


@dataclass
class Walk:
    """The clicks and filled-in fields of a user."""

    page: Page
    clicks: int = 0
    fields: list[str] = field(default_factory=list)

    async def click(self, target: Locator) -> None:
        """Click once it is visible."""
        await target.click(timeout=STEP_TIMEOUT)
        self.clicks += 1

    async def accept(self, dialog: Dialog) -> None:
        """Answer a question with OK."""
        self.clicks += 1
        await dialog.accept()

    async def fill(self, target: Locator, text: str) -> None:
        """Fill in a field once it is visible."""
        await target.fill(text, timeout=STEP_TIMEOUT)
        self.fields.append(text)


async def walk(case: Case) -> str:
    """A new user reaches the dashboard with few clicks, without YAML."""
    if find_browser() is None:
        raise NotRun("no Chromium on this machine")
    del case  # A Home Assistant of its own, which has no account yet.
    results: list[str] = []
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        running = await start(stack, folder, folder / "config", scenario="shop")
        for window in WINDOWS:
            done = await _walk(running, window)
            expect(done.clicks <= MAX_CLICKS, f"{done.clicks} clicks")
            expect(len(done.fields) <= MAX_FIELDS, f"{len(done.fields)} fields")
            results.append(
                f"{done.clicks} clicks and {len(done.fields)} fields in"
                f" {window.language} on {window.width}x{window.height}"
            )
            await _forget(running)
    return "from an empty Home Assistant to the dashboard: " + ", ".join(results)


async def _walk(running: Running, window: Window) -> Walk:
    """Add the account with an API token, and its dashboard; return what it took."""
    control = running.control
    token = await control.post("tokens", user=USERNAME, scopes=TOKEN_SCOPES)
    file = INTEGRATION / "translations" / f"{window.language}.json"
    step = json.loads(file.read_text(encoding="utf-8"))["config"]["step"]
    add, submit = BUTTONS[window.language]
    url = f"{running.client.url}/{INTEGRATIONS}"
    async with open_page(url, window) as page:
        user = Walk(page)
        dialog = page.locator("dialog-data-entry-flow, step-flow-form")
        await user.click(page.get_by_role("button", name=add).last)
        search = page.locator("dialog-add-integration input").first
        await user.fill(search, "Netrex")
        await user.click(page.locator("ha-integration-list-item").first)
        await user.fill(dialog.locator("ha-form input").first, control.url)
        await user.click(page.get_by_role("button", name=submit))
        choice = step["auth_method"]["menu_options"]["api_token"]
        await user.click(page.get_by_text(choice, exact=True).first)
        password = dialog.locator("ha-form input[type=password]").first
        await user.fill(password, token["token"])
        await user.click(page.get_by_role("button", name=submit))
        page.on("dialog", user.accept)
        await user.click(page.locator("step-flow-create-entry ha-markdown a").first)
        shown = page.locator("netrex-heat-map-card, hui-picture-entity-card").first
        await shown.wait_for(state="visible", timeout=STEP_TIMEOUT)
        await page.wait_for_url("**/netrex-shops/**", timeout=STEP_TIMEOUT)
        return user


async def _forget(running: Running) -> None:
    """Remove the account and its dashboard, for the next user."""
    client = running.client
    for board in await client.command("lovelace/dashboards/list"):
        if board["url_path"] == "netrex-shops":
            await client.command("lovelace/dashboards/delete", dashboard_id=board["id"])
    path = "/api/config/config_entries/entry"
    for entry in await client.request("GET", f"{path}?domain={DOMAIN}"):
        await client.request("DELETE", f"{path}/{entry['entry_id']}")
