"""The example in the user's guide plays the last minutes."""

import time

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.template import Template
from homeassistant.util.yaml import parse_yaml
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.const import DOMAIN
from tests.repository.project import ROOT

from .conftest import SCHEME, Ask


async def test_the_example_of_the_guide_plays(
    hass: HomeAssistant, ask: Ask, entry: MockConfigEntry, camera_id: int
) -> None:
    guide = (ROOT / "docs" / "recordings.md").read_text(encoding="utf-8")
    example = guide.partition("**Play a recording from an automation**")[2]
    parsed = parse_yaml(example.partition("```yaml")[2].partition("```")[0])
    assert isinstance(parsed, dict)
    variables, play = parsed["actions"]
    unique_id = f"{entry.unique_id}_{camera_id}_camera"
    camera = er.async_get(hass).async_get_entity_id("camera", DOMAIN, unique_id)
    values: dict[str, object] = {}
    for name, text in {**variables["variables"], "camera": camera}.items():
        values[name] = Template(text, hass).async_render(values)
    wanted = play["data"]["media"]["media_content_id"].replace("- 300", "- 4")
    content_id = Template(wanted, hass).async_render(values)
    end = int(content_id.rpartition("/")[2])
    assert 0 <= time.time() - 30 - end < 5
    answer = await ask("resolve", content_id.removeprefix(f"{SCHEME}/"))
    assert answer["success"], answer
