"""The modules as Home Assistant serves them."""

from http import HTTPStatus
from pathlib import Path
import re

from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.netrex.const import DOMAIN
from custom_components.netrex.dashboard import (
    ENTRY_MODULE,
    FOLDER,
    _hash_of_modules,
)

IMPORT = re.compile(r"""(?:from|import)\s*\(?["'](\./[\w.-]+)["']""")


def registered(hass: HomeAssistant) -> list[str]:
    urls = hass.data[DATA_EXTRA_MODULE_URL].urls
    return [url for url in urls if url.endswith(ENTRY_MODULE)]


async def test_modules_are_served_under_the_version_of_the_entry_module(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    [url] = registered(hass)
    folder = url.removesuffix(ENTRY_MODULE)
    client = await hass_client_no_auth()
    todo, seen = [ENTRY_MODULE], set[str]()
    while todo:
        name = todo.pop()
        seen.add(name)
        response = await client.get(folder + name)
        assert response.status == HTTPStatus.OK, name
        assert "javascript" in response.content_type
        assert "max-age" in response.headers["Cache-Control"]
        imported = IMPORT.findall(await response.text())
        todo += {path.removeprefix("./") for path in imported} - seen
    assert seen == {path.name for path in FOLDER.glob("*.js")}


async def test_a_reload_registers_nothing_again(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    before = registered(hass)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert registered(hass) == before
    assert len(before) == 1


def test_the_version_changes_with_any_module(tmp_path: Path) -> None:
    def version(**modules: str) -> str:
        for name, text in modules.items():
            (tmp_path / f"{name}.js").write_text(text, encoding="utf-8")
        return _hash_of_modules(tmp_path)

    versions = [version(a="1"), version(b="1"), version(b="2"), version(a="2")]
    assert len(set(versions)) == len(versions)
    assert version() == versions[-1]
