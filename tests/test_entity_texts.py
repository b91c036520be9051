"""The entities' names and icons in the user interface."""

import json
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components import netrex
from custom_components.netrex.const import (
    CONF_CAMERA_EVENTS,
    CONF_DEVICE_TOKEN,
    PLATFORMS,
)
from custom_components.netrex.gateway import stale_entities as leftovers
from simulator import Simulator
from simulator.camera.events import Event

from .kpi_options import ALL_SENSORS
from .waiting import eventually

FOLDER = Path(netrex.__file__).parent
ICONS = json.loads((FOLDER / "icons.json").read_text("utf-8"))["entity"]
LANGUAGES = {
    path.stem: json.loads(path.read_text("utf-8"))["entity"]
    for path in (FOLDER / "translations").iterdir()
}

# Entities that are added after the setup.
WAITED = {
    ("binary_sensor", "moving"),
    ("button", "preset"),
    ("number", "brightness_of_sensor"),
    ("switch", "broadcast"),
    ("switch", "output"),
}
# The camera is the main entity of its device and has its name; entities with a device
# class get name and icon from Home Assistant.
UNNAMED = {("camera", None), ("binary_sensor", None)}


# The events of a camera, in addition to its ports.
APPLICATION = "tnsaxis:CameraApplicationPlatform"
EVENTS = (
    Event(f"{APPLICATION}/VMD/Camera1Profile1", data={"active": "0"}),
    Event(f"{APPLICATION}/ObjectAnalytics/Device1Scenario1", data={"active": "0"}),
    Event(f"{APPLICATION}/FenceGuard/Camera2Profile1", data={"active": "0"}),
    Event(f"{APPLICATION}/LoiteringGuard/Camera1Profile1", data={"active": "0"}),
    Event("tns1:AudioSource/tnsaxis:TriggerLevel", data={"triggered": "0"}),
    Event("tns1:VideoSource/GlobalSceneChange/ImagingService", data={"State": "0"}),
    Event("tnsaxis:Storage/Alert", data={"alert": "0"}),
    Event("tns1:Device/tnsaxis:Casing/Open", {"Name": "Camera"}, {"Open": "0"}),
    Event("tns1:PTZController/tnsaxis:Move/Channel_1", data={"is_moving": "0"}),
)


@pytest.fixture
def entry_options(cloud: Simulator, camera_options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with which there are all kinds of entities."""
    node_id = next(iter(cloud.world.cameras))
    device = cloud.camera(node_id)
    values = device.parameters.values
    for name in ("Brightness", "ColorLevel", "Contrast", "Sharpness"):
        values[f"ImageSource.I1.Sensor.{name}"] = "50"
    for event in EVENTS:
        device.events.emit(event)
    return {**ALL_SENSORS, **camera_options, CONF_CAMERA_EVENTS: [str(node_id)]}


@pytest.fixture
async def entities(
    hass: HomeAssistant, entry: MockConfigEntry, entity_registry: er.EntityRegistry
) -> list[er.RegistryEntry]:
    """Return all entities of an account, disabled ones too."""
    # Added in the background; the entities of the event stream come last.
    await eventually(
        lambda: (
            {
                (entity.domain, entity.translation_key)
                for entity in entity_registry.entities.values()
            }
            >= WAITED
        ),
        seconds=30,
    )
    found = er.async_entries_for_config_entry(entity_registry, entry.entry_id)
    assert {entity.domain for entity in found} == set(PLATFORMS)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_entities_have_names_and_no_name_is_unused(
    entities: list[er.RegistryEntry], language: str
) -> None:
    used = {(entity.domain, entity.translation_key) for entity in entities}
    named = {
        (domain, key)
        for domain, names in LANGUAGES[language].items()
        for key, text in names.items()
        if text["name"]
    }
    assert used - UNNAMED == named


def test_entities_have_an_icon_or_a_device_class(
    entities: list[er.RegistryEntry],
) -> None:
    bare = {
        entity.entity_id
        for entity in entities
        if entity.domain != "camera"
        and entity.original_device_class is None
        and entity.translation_key not in ICONS.get(entity.domain, {})
    }
    assert not bare


def test_every_icon_belongs_to_an_entity(entities: list[er.RegistryEntry]) -> None:
    used = {(entity.domain, entity.translation_key) for entity in entities}
    assert (
        not {(domain, key) for domain, icons in ICONS.items() for key in icons} - used
    )


def test_unique_ids_contain_the_account(
    entities: list[er.RegistryEntry], entry: MockConfigEntry
) -> None:
    assert entry.unique_id
    assert all(
        entity.unique_id.startswith(f"{entry.unique_id}_") for entity in entities
    )


def shown(hass: HomeAssistant, entry: MockConfigEntry) -> set[str]:
    """Return domains and keys of all entities; none of them may be dead."""
    keys = set()
    for one in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        state = hass.states.get(one.entity_id)
        dead = state is not None and state.attributes.get("restored")
        assert not dead, one.entity_id
        assert state is not None or one.disabled_by, one.entity_id
        keys.add(f"{one.domain} {one.translation_key}")
    return keys


async def test_ended_access_leaves_no_dead_entity(
    hass: HomeAssistant, entry: MockConfigEntry, entities: list[er.RegistryEntry]
) -> None:
    assert len(entities) > len(shown(hass, entry))
    everything = shown(hass, entry)
    options = dict(entry.options)

    # No camera sends events.
    hass.config_entries.async_update_entry(
        entry, options={**options, CONF_CAMERA_EVENTS: []}
    )
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    ended = everything - shown(hass, entry)
    assert {"event alert", "switch output", "binary_sensor input"} <= ended
    assert not ended & {"number brightness", "button preset", "switch broadcast"}

    # The token is removed.
    del options[CONF_DEVICE_TOKEN]
    hass.config_entries.async_update_entry(entry, options=options)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    ended = everything - shown(hass, entry)
    assert {key.partition(" ")[2] for key in ended} == leftovers.ACCESS_KEYS | {
        key for key in leftovers.EVENT_KEYS if key not in ("tampering", "shock")
    }
