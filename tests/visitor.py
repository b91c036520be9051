"""A user with a browser on the portal's sign-in pages."""

from html.parser import HTMLParser
from typing import override

import aiohttp
from yarl import URL


class _Form(HTMLParser):
    """The hidden fields and the target of a page's form."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.feed(page)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = attributes["action"]
        if tag == "input" and attributes.get("type") == "hidden":
            self.fields[attributes["name"]] = attributes["value"]


async def visit(
    authorize_url: str,
    *,
    username: str = "owner",
    password: str | None = None,
    decision: str = "allow",
) -> URL:
    """Sign in, decide, and return the address that the portal sends the browser to.

    The password is the user's name unless it is given.
    """
    cookies = aiohttp.CookieJar(unsafe=True)  # the portal's host is an IP address
    async with aiohttp.ClientSession(cookie_jar=cookies) as browser:
        async with browser.get(authorize_url) as page:
            form = _Form(await page.text())
        target = page.url.join(URL(form.action))
        who = {"username": username, "password": password or username}
        async with browser.post(target, data=form.fields | who) as page:
            form = _Form(await page.text())
        async with browser.post(
            target, data=form.fields | {"decision": decision}, allow_redirects=False
        ) as answer:
            return URL(answer.headers["Location"])
