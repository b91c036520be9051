"""Areas, names, and entity ids that say which place is meant."""

from collections import Counter
import re

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.util import slugify
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.const import DOMAIN
from custom_components.netrex.devices import async_node_devices
from custom_components.netrex.issues import Issue
from custom_components.netrex.repairs import AreasFlow, async_create_fix_flow
from simulator import Simulator
from simulator.world.builder import WorldBuilder
from simulator.world.model import VideoChannel
from simulator.world.scenarios import add_camera

from .conftest import SetUp
from .test_inventory import read

# A number that Home Assistant adds to an entity id that exists already.
SUFFIX = re.compile(r"_\d+$")


def enabled(hass: HomeAssistant, entry: MockConfigEntry) -> list[er.RegistryEntry]:
    """Return the enabled entities of an account."""
    entries = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return [found for found in entries if not found.disabled]


def numbered(hass: HomeAssistant, entities: list[er.RegistryEntry]) -> list[str]:
    """Return the entity ids with a number that the portal did not give."""
    return [
        found.entity_id
        for found in entities
        if (suffix := SUFFIX.search(found.entity_id))
        and not slugify(_given_name(hass, found)).endswith(suffix[0])
    ]


def _given_name(hass: HomeAssistant, found: er.RegistryEntry) -> str:
    """Return the name of an entity, or of its device if it has that name."""
    device = dr.async_get(hass).async_get(found.device_id or "")
    assert isinstance(device, dr.DeviceEntry)
    return found.original_name or device.name or ""


def shown(hass: HomeAssistant, found: er.RegistryEntry) -> tuple[object, ...]:
    """Return what a picker shows of an entity: its name, its device, and its area."""
    device = dr.async_get(hass).async_get(found.device_id or "")
    assert isinstance(device, dr.DeviceEntry)
    area = ar.async_get(hass).async_get_area(found.area_id or device.area_id or "")
    name = found.name or found.original_name
    return (name, device.name_by_user or device.name, area.name if area else None)


def area_name(hass: HomeAssistant, entry: MockConfigEntry, node_id: int) -> str | None:
    """Return the name of the area of a node's device."""
    device = async_node_devices(hass, entry)[node_id]
    area = ar.async_get(hass).async_get_area(device.area_id or "")
    return area.name if area else None


@pytest.mark.parametrize("scenario", ["chain"])
async def test_every_entity_of_a_chain_can_be_told_apart(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    entities = enabled(hass, entry)

    assert len(entities) > 500
    alike = Counter(shown(hass, found) for found in entities)
    assert [one for one, count in alike.items() if count > 1] == []
    assert numbered(hass, entities) == []
    doubled = [e.entity_id for e in entities if "vodickova_praha" in e.entity_id]
    assert doubled == []
    assert er.async_get(hass).async_get("camera.praha_vodickova_vchod")
    assert er.async_get(hass).async_get("sensor.praha_vodickova_visitors_today")


def tree_of(cloud: Simulator, kind: str = "location") -> tuple[WorldBuilder, int, int]:
    """Return a builder, the root, and the shop, which becomes a node of a kind."""
    root = next(n for n in cloud.world.nodes if n.parent_node_id is None)
    shop = next(n for n in cloud.world.nodes if n.type == "location")
    shop.type = kind
    return WorldBuilder(cloud.world, next_id=400_000), root.node_id, shop.node_id


async def test_folders_with_cameras_are_places_where_there_is_no_location(
    hass: HomeAssistant, cloud: Simulator, set_up: SetUp
) -> None:
    build, root, shop = tree_of(cloud, "folder")
    floor = build.node("folder", "1. patro", shop)
    upstairs = build.camera("Vchod", floor)
    entry = await set_up()

    assert area_name(hass, entry, next(iter(cloud.world.cameras))) == "Brno, Česká"
    assert area_name(hass, entry, upstairs.node_id) == "1. patro"
    # The root holds no cameras, so it is no place.
    await hass.async_block_till_done(wait_background_tasks=True)
    assert area_name(hass, entry, root) is None


async def test_a_camera_at_the_root_is_in_the_area_of_the_root(
    hass: HomeAssistant, cloud: Simulator, set_up: SetUp
) -> None:
    build, root, _ = tree_of(cloud)
    camera = build.camera("Vchod", root)
    entry = await set_up()

    assert area_name(hass, entry, camera.node_id) == "Kolo a hory"
    assert er.async_get(hass).async_get("camera.kolo_a_hory_vchod")


async def test_nodes_below_a_location_are_in_the_area_of_the_nearest_location(
    hass: HomeAssistant, cloud: Simulator, set_up: SetUp
) -> None:
    build, _, shop = tree_of(cloud)
    floor = build.node("folder", "1. patro", build.node("folder", "Dům", shop))
    inner = build.node("location", "Kavárna", floor)
    cameras = [build.camera("Vchod", parent).node_id for parent in (floor, inner)]
    entry = await set_up()

    areas = [area_name(hass, entry, node_id) for node_id in cameras]
    assert areas == ["Brno, Česká", "Kavárna"]
    # The shop has a camera of this name already.
    names = [async_node_devices(hass, entry)[node_id].name for node_id in cameras]
    assert names == ["Vchod (1. patro)", "Vchod"]
    assert numbered(hass, enabled(hass, entry)) == []


async def test_places_of_one_name_get_areas_of_their_own(
    hass: HomeAssistant, cloud: Simulator, set_up: SetUp
) -> None:
    build, root, _ = tree_of(cloud)
    regions = [build.node("folder", name, root) for name in ("Čechy", "Morava")]
    shops = [build.node("location", "Filiálka", region) for region in regions]
    # Home Assistant ignores case and spaces in names of areas.
    shops += [build.node("location", "filiálka ", regions[0], "F-3")]
    cameras = [build.camera("Vchod", shop).node_id for shop in shops]
    twins = [build.camera("Sklad", shops[0]) for _ in range(2)]
    twins[1].video_channels = [VideoChannel(n, "Pohled") for n in (7001, 7002)]
    entry = await set_up()

    areas = [area_name(hass, entry, node_id) for node_id in cameras]
    assert areas[1] == "Filiálka (Morava)"
    assert len(set(areas)) == 3
    devices = async_node_devices(hass, entry)
    assert [devices[twin.node_id].name for twin in twins] == [
        f"Sklad ({twin.serial_number})" for twin in twins
    ]
    alike = Counter(shown(hass, found) for found in enabled(hass, entry))
    assert [one for one, count in alike.items() if count > 1] == []
    assert numbered(hass, enabled(hass, entry)) == []


@pytest.mark.parametrize("scenario", ["guest"])
async def test_a_guest_gets_the_places_that_the_portal_shows(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    areas = {area.name for area in ar.async_get(hass).async_list_areas()}

    assert areas == {
        "Praha, Vodičkova",
        "Praha, Anděl",
        "Praha, Letňany",
        "Praha, Dejvická",
        "České Budějovice, Lannova",
    }
    # A camera whose folders the guest does not see has no area.
    lonely = list(cloud.world.cameras)[-1]
    assert area_name(hass, entry, lonely) is None
    assert numbered(hass, enabled(hass, entry)) == []


async def test_the_areas_that_a_user_chose_stay(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    own = ar.async_get(hass).async_create("Přízemí")
    first, second, *_ = cloud.world.cameras
    devices = async_node_devices(hass, entry)
    registry = dr.async_get(hass)
    registry.async_update_device(devices[first].id, area_id=own.id)
    registry.async_update_device(devices[second].id, area_id=None)
    add_camera(cloud.world, "Nová kamera", cloud.world.nodes[1].node_id)
    await read(hass, entry)

    assert area_name(hass, entry, first) == "Přízemí"
    assert area_name(hass, entry, second) is None
    assert issue(hass, entry) is None


async def test_a_new_camera_joins_the_area_that_the_user_chose_for_its_place(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    areas = ar.async_get(hass)
    present = areas.async_get_area_by_name("Brno, Česká")
    assert present
    areas.async_update(present.id, name="Kola Česká")
    shop = next(n for n in cloud.world.nodes if n.type == "location")
    camera = add_camera(cloud.world, "Nová kamera", shop.node_id)
    await read(hass, entry)

    assert area_name(hass, entry, camera.node_id) == "Kola Česká"
    assert issue(hass, entry) is None


def issue(hass: HomeAssistant, entry: MockConfigEntry) -> ir.IssueEntry | None:
    """Return the repair that offers areas."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"{Issue.AREAS}_{entry.entry_id}")


async def fix(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Accept what the repair offers."""
    found = issue(hass, entry)
    assert found
    assert found.data
    flow = await async_create_fix_flow(hass, found.issue_id, dict(found.data))
    assert isinstance(flow, AreasFlow)
    flow.hass, flow.handler, flow.issue_id = hass, DOMAIN, found.issue_id
    result = await flow.async_step_init()
    assert result["type"] is FlowResultType.FORM
    result = await flow.async_step_areas({})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


async def test_accounts_from_before_are_offered_areas(
    hass: HomeAssistant, cloud: Simulator, config_entry: MockConfigEntry, set_up: SetUp
) -> None:
    config_entry.add_to_hass(hass)
    registry = dr.async_get(hass)
    own = ar.async_get(hass).async_create("Přízemí")
    first, second, *rest = cloud.world.cameras
    for node_id in cloud.world.cameras:
        registry.async_get_or_create(
            config_entry_id=config_entry.entry_id,
            identifiers={(DOMAIN, f"{config_entry.unique_id}_{node_id}")},
            suggested_area="Přízemí" if node_id == first else None,
        )
    await hass.config_entries.async_setup(config_entry.entry_id)
    await hass.async_block_till_done()

    found = issue(hass, config_entry)
    assert found
    assert found.is_fixable
    assert found.translation_placeholders
    assert found.translation_placeholders["count"] == "3"
    assert "**Brno, Česká**: " in found.translation_placeholders["places"]
    assert area_name(hass, config_entry, second) is None

    await fix(hass, config_entry)
    areas = [area_name(hass, config_entry, node_id) for node_id in (second, *rest)]
    assert areas == ["Brno, Česká"] * 3
    assert async_node_devices(hass, config_entry)[first].area_id == own.id
    assert issue(hass, config_entry) is None


async def test_a_renamed_place_offers_to_rename_its_area(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    before = ar.async_get(hass).async_get_area_by_name("Brno, Česká")
    assert before
    next(n for n in cloud.world.nodes if n.type == "location").name = "Brno, Kobližná"
    await read(hass, entry)
    assert area_name(hass, entry, next(iter(cloud.world.cameras))) == "Brno, Česká"

    await fix(hass, entry)
    after = ar.async_get(hass).async_get_area(before.id)
    assert after
    assert after.name == "Brno, Kobližná"
    assert issue(hass, entry) is None


async def test_a_moved_camera_is_offered_the_area_of_its_new_place(
    hass: HomeAssistant, cloud: Simulator, set_up: SetUp
) -> None:
    build, root, _ = tree_of(cloud)
    other = build.node("location", "Praha, Anděl", root)
    build.camera("Vchod", other)
    entry = await set_up()
    moved = next(iter(cloud.world.cameras))
    next(n for n in cloud.world.nodes if n.node_id == moved).parent_node_id = other
    await read(hass, entry)
    assert area_name(hass, entry, moved) == "Brno, Česká"

    await fix(hass, entry)
    assert area_name(hass, entry, moved) == "Praha, Anděl"
    # The others stay, and so does the name of their area.
    assert area_name(hass, entry, list(cloud.world.cameras)[1]) == "Brno, Česká"


async def test_a_reload_offers_nothing(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()

    assert issue(hass, entry) is None
