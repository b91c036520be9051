"""Checks of the integration's own dashboard, in a browser."""

import asyncio
from collections.abc import Mapping
import re

from playwright.async_api import Page

from ..browser import Window, find_browser, open_page
from ..numbers import SETTLING, SUMS, VISITORS, settled_day
from ..registry import DOMAIN
from .case import Case, NotRun, eventually, expect

DESKTOP = Window(1280, 800, "light", "en")
PHONE = Window(390, 844, "dark", "cs")
# Milliseconds until a page has its cards, and seconds until a camera appears.
PAGE_TIMEOUT = 60_000
APPEARANCE_TIMEOUT = 60.0
RANKING = "netrex-ranking-card"
HEAT_MAP = "netrex-heat-map-card"
# Weekdays in a heat map, and the hours in which a shop is open on most of them.
DAYS = 7
MIN_HOURS = 8
# Pictures within the height of a phone.
MIN_PICTURES = 6
LOADED_PICTURES = """() => {
  const loaded = [];
  const walk = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (element.tagName === 'IMG' && element.src.includes('/api/camera_proxy/'))
        loaded.push(element.naturalWidth);
      if (element.shadowRoot) walk(element.shadowRoot);
    }
  };
  walk(document);
  return loaded.filter((width) => width > 0).length;
}"""
OVERFLOW = "() => document.scrollingElement.scrollWidth - innerWidth"


async def ranking(case: Case) -> str:
    """All shops are ranked with the cloud's numbers, and lead to their pages."""
    _need_browser()
    shops = await _shops(case)
    errors: list[str] = []
    async with open_page(
        f"{case.running.client.url}/{DOMAIN}", DESKTOP, errors
    ) as page:
        await _wait_for(page, RANKING)
        wrong = await _wrong_numbers(case, page, shops)
        if wrong:
            # A quarter hour may have settled meanwhile.
            await asyncio.sleep(SETTLING / 2)
            wrong = await _wrong_numbers(case, page, shops)
        expect(
            not wrong, f"{len(wrong)} of {len(shops)} differ: {'; '.join(wrong[:3])}"
        )
        first = page.locator(f"{RANKING} li").first
        name = await first.locator(".name").inner_text()
        await first.locator("a").click()
        await page.wait_for_url(f"**/site-{shops[name]}", timeout=PAGE_TIMEOUT)
        hours, busiest = await _heat_map(page)
    expect(not errors, f"errors in the console: {errors[:3]}")
    return (
        f"{len(shops)} shops with the cloud's visitors; the page of {name} has a heat"
        f" map of {hours} hours ({busiest}); no error in the console"
    )


async def phone(case: Case) -> str:
    """All pages fit on a phone, dark and in Czech."""
    _need_browser()
    errors: list[str] = []
    shops = await _shops(case)
    url = f"{case.running.client.url}/{DOMAIN}/overview"
    async with open_page(url, PHONE, errors) as page:
        await _wait_for(page, RANKING)
        ranked = await page.locator(f"{RANKING} li").count()
        expect(ranked == len(shops), f"{ranked} of {len(shops)} shops are ranked")
        await _wait_for(page, "text=Pořadí prodejen")
        background = await page.evaluate(
            "() => getComputedStyle(document.body).backgroundColor"
        )
        light = max(map(int, re.findall(r"\d+", background)[:3]))
        expect(light < 64, f"the background is {background}")  # noqa: PLR2004 - a quarter of 255
        overflow = [await page.evaluate(OVERFLOW)]
        await page.get_by_role("tab", name="Kamery").click()
        pictures = 0

        async def shown() -> bool:
            nonlocal pictures
            pictures = await page.evaluate(LOADED_PICTURES)
            return bool(pictures >= MIN_PICTURES)

        seconds = await eventually(shown, 60, f"{MIN_PICTURES} pictures")
        overflow.append(await page.evaluate(OVERFLOW))
        await page.get_by_role("tab", name="Historie").click()
        hours, _ = await _heat_map(page)
        await _wait_for(page, "statistics-chart canvas")
        overflow.append(await page.evaluate(OVERFLOW))
    expect(not any(overflow), f"wider than the phone by {overflow} pixels")
    expect(not errors, f"errors in the console: {errors[:3]}")
    return (
        f"overview, {pictures} pictures after {seconds:.1f} s, and history fit; heat"
        f" map of {hours} hours; no error in the console"
    )


async def new_camera(case: Case) -> str:
    """An open page shows a new camera without a reload of the page."""
    _need_browser()
    control = case.running.control
    url = f"{case.running.client.url}/{DOMAIN}"
    node_id = next(iter((await _shops(case)).values()))
    async with open_page(f"{url}/site-{node_id}", DESKTOP) as page:
        await _wait_for(page, "hui-picture-entity-card")
        before = await page.locator("hui-picture-entity-card").count()
        await control.post("camera/add", name="Rampa", parent_node_id=node_id)
        appeared = await _wait_for_pictures(case, page, before + 1)
    return (
        f"on the open page of its shop {appeared:.1f} s after a reload of the account"
    )


async def _wait_for_pictures(case: Case, page: Page, number: int) -> float:
    """Reload the account; return the seconds until a page has so many pictures."""
    # The tree is read at the start, and then every half hour.
    path = f"/api/config/config_entries/entry/{case.account.entry_id}/reload"
    await case.running.client.request("POST", path)
    cards = page.locator("hui-picture-entity-card")

    async def shown() -> bool:
        return await cards.count() == number

    return await eventually(shown, APPEARANCE_TIMEOUT, f"{number} pictures")


def _need_browser() -> None:
    if find_browser() is None:
        raise NotRun("no Chromium on this machine")


async def _shops(case: Case) -> dict[str, int]:
    """Return the node IDs of the shops by name; the chain's names are unique."""
    world = await case.running.control.get("world")
    return {
        node["name"]: node["node_id"]
        for node in world["nodes"]
        if node["type"] == "location"
    }


async def _wait_for(page: Page, selector: str) -> None:
    await page.locator(selector).first.wait_for(state="visible", timeout=PAGE_TIMEOUT)


async def _wrong_numbers(case: Case, page: Page, shops: Mapping[str, int]) -> list[str]:
    """Compare the ranking with the truth; an entry that fits is in order, too."""
    midnight, settled = settled_day()
    shown: dict[str, int] = {}
    for row in await page.locator(f"{RANKING} li").all():
        text = await row.locator(".value").inner_text()
        digits = re.sub(r"\D", "", text)
        shown[await row.locator(".name").inner_text()] = int(digits) if digits else -1
    wrong = [f"{name} is not ranked" for name in shops.keys() - shown.keys()]
    wrong += [f"{name} is no shop" for name in shown.keys() - shops.keys()]
    for name in shops.keys() & shown.keys():
        truth = await case.running.control.truth(
            shops[name], SUMS[VISITORS], midnight, settled
        )
        # A counted visitor can be half of one who came and one who left.
        if truth is None or abs(shown[name] - truth) > 1 / 2:
            wrong.append(f"{name} {shown[name]}, truth {truth}")
    numbers = list(shown.values())
    if numbers != sorted(numbers, reverse=True):
        wrong.append(f"the order is {numbers}")
    return wrong


async def _heat_map(page: Page) -> tuple[int, str]:
    """Return the hours of the page's heat map, and its text on the busiest one."""
    cells = page.locator(f"{HEAT_MAP} td")
    await cells.first.wait_for(state="visible", timeout=PAGE_TIMEOUT)
    hours, rest = divmod(await cells.count(), DAYS)
    expect(hours >= MIN_HOURS and rest == 0, f"{hours} hours in the heat map")
    busiest = await page.locator(f"{HEAT_MAP} p").first.inner_text()
    expect(re.search(r"[1-9]", busiest), f"the busiest hour is {busiest!r}")
    return hours, busiest
