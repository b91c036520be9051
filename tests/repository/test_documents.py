"""The documents: their examples are valid, and their links lead somewhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
import re
from typing import Any

from homeassistant.components.automation.config import (
    async_validate_config_item as validate_automation,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.script import async_validate_actions_config
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict, parse_yaml
import pytest

from .project import ROOT, repository_files

PAGES = [path for path in repository_files() if path.suffix == ".md"]
FENCE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
# Characters that GitHub omits from a heading's anchor.
NO_ANCHOR = re.compile(r"[^\w\- ]")
# Keys of the frontend's or Home Assistant's configuration, without a schema here.
OTHERS = ("sections", "logger", "type")


@dataclass(frozen=True, slots=True)
class Example:
    """A block of YAML on a page."""

    place: str
    content: Any


def _examples() -> Iterator[Example]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in FENCE.finditer(text):
            line = text.count("\n", 0, block.start()) + 1
            place = f"{page.relative_to(ROOT)}:{line}"
            yield Example(place, parse_yaml(block[1]))


def _calls(part: object) -> Iterator[dict[str, Any]]:
    """Yield the calls of the integration's actions at any depth."""
    if isinstance(part, dict):
        if str(part.get("action", "")).startswith("netrex."):
            yield part
        for value in part.values():
            yield from _calls(value)
    elif isinstance(part, list):
        for value in part:
            yield from _calls(value)


EXAMPLES = list(_examples())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.place)
async def test_home_assistant_accepts_an_example(
    hass: HomeAssistant, enable_custom_integrations: None, example: Example
) -> None:
    content = example.content
    for domain in ("automation", "event", "netrex"):
        assert await async_setup_component(hass, domain, {})
    if "triggers" in content:
        automation = await validate_automation(hass, "example", content)
        assert automation is not None
        assert automation.validation_error is None
    elif "actions" in content:
        actions = cv.SCRIPT_SCHEMA(content["actions"])
        await async_validate_actions_config(hass, actions)
    elif "action" in content:
        await async_validate_actions_config(hass, cv.SCRIPT_SCHEMA([content]))
    else:
        assert any(key in content for key in OTHERS)


async def test_examples_call_existing_actions_with_their_fields(
    hass: HomeAssistant,
) -> None:
    services = await hass.async_add_executor_job(
        load_yaml_dict, str(ROOT / "custom_components/netrex/services.yaml")
    )
    calls = [
        (example.place, call)
        for example in EXAMPLES
        for call in _calls(example.content)
    ]
    assert calls
    for place, call in calls:
        action = services[call["action"].removeprefix("netrex.")]
        fields: dict[str, Any] = action.get("fields", {})
        data = call.get("data", {})
        required = {name for name, field in fields.items() if field.get("required")}
        assert required <= data.keys() <= fields.keys(), place
        assert ("target" in call) == ("target" in action), place


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            headings = HEADING.findall(target.read_text(encoding="utf-8"))
            anchors = [NO_ANCHOR.sub("", h.lower()).replace(" ", "-") for h in headings]
            assert anchor in anchors, link
