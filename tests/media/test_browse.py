"""The media browser's tree, through Home Assistant's WebSocket."""

from datetime import datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.const import DOMAIN
from custom_components.netrex.media import availability
from simulator import Simulator

from .conftest import Ask, asked, child, identifier, titles

# A Wednesday in the time zone of the tests.
NOW = "2026-07-15 14:23:45-07:00"


@pytest.fixture(autouse=True)
def _now(cloud: Simulator, freezer: FrozenDateTimeFactory) -> None:
    """Freeze the time after the cloud started: certificates need the real time."""
    freezer.move_to(NOW)


@pytest.mark.parametrize("scenario", ["chain"])
async def test_the_tree_is_that_of_the_portal(
    browse: Ask, cloud: Simulator, entry: MockConfigEntry
) -> None:
    before = asked(cloud)
    account = await browse()
    assert account["title"] == "Demo shop"
    assert titles(account) == ["Praha", "Čechy", "Morava", "Slovensko", "Evropa"]
    region = await browse(child(account, "Morava"))
    assert region["title"] == "Morava"
    assert titles(region)[:2] == ["Brno, Masarykova", "Brno, Vaňkovka"]
    shop = await browse(child(region, "Brno, Vaňkovka"))
    nodes = {node.node_id: node for node in cloud.world.nodes}
    cameras = {nodes[node_id].name for node_id in cloud.world.cameras}
    assert len(shop["children"]) == 5
    assert set(titles(shop)) <= cameras
    # The tree is part of the inventory.
    assert asked(cloud) == before
    assert all(
        camera["can_expand"] and camera["can_search"] for camera in shop["children"]
    )
    assert not any(one["can_play"] for one in shop["children"])


async def test_single_folders_at_the_top_are_left_out(
    browse: Ask, cloud: Simulator
) -> None:
    account = await browse()
    assert len(account["children"]) == len(cloud.world.cameras)


@pytest.mark.parametrize("scenario", ["broken_tree", "guest"])
async def test_every_camera_is_in_the_tree_once(
    browse: Ask, cloud: Simulator, entry: MockConfigEntry
) -> None:
    found: list[str] = []
    todo = [""]
    while todo:
        parent = await browse(todo.pop())
        for item in parent["children"]:
            inside = identifier(item)
            (found if "/camera/" in inside else todo).append(inside)
    cameras = entry.runtime_data.inventory.data.cameras
    assert sorted(found) == sorted(f"{entry.entry_id}/camera/{one}" for one in cameras)
    assert found


@pytest.mark.parametrize("scenario", ["empty"])
async def test_an_account_without_cameras_is_empty(browse: Ask) -> None:
    assert titles(await browse()) == []


async def test_several_accounts_are_listed(
    hass: HomeAssistant, browse: Ask, config_entry: MockConfigEntry
) -> None:
    other = MockConfigEntry(
        domain=DOMAIN,
        title="Another",
        unique_id=f"{config_entry.unique_id}_2",
        data=config_entry.data,
    )
    other.add_to_hass(hass)
    await hass.config_entries.async_setup(other.entry_id)
    await hass.async_block_till_done()

    root = await browse()
    assert root["title"] == "Netrex"
    assert titles(root) == ["Demo shop", "Another"]
    assert len((await browse(child(root, "Another")))["children"]) == 4


async def test_days_hours_and_slices_take_one_query_each(
    browse: Ask, cloud: Simulator, camera_id: int, entry: MockConfigEntry
) -> None:
    before = asked(cloud)
    days = await browse(f"{entry.entry_id}/camera/{camera_id}")
    # The portal keeps 30 days, so the first of 31 is cut.
    assert titles(days)[:3] == [
        "Today · 15 Jul",
        "Yesterday · 14 Jul",
        "13 Jul · Mon",
    ]
    assert titles(days)[-2:] == ["15 Jun · Mon", "Earlier"]
    assert asked(cloud) == before + 1

    hours = await browse(child(days, "Yesterday"))
    assert hours["title"] == "Yesterday · 14 Jul"
    assert titles(hours)[0] == "00:00-01:00"
    assert titles(hours)[-1] == "23:00-00:00"
    assert len(hours["children"]) == 24
    assert asked(cloud) == before + 2

    slices = await browse(child(hours, "14:00"))
    assert titles(slices) == [
        f"14:{minute:02}-{'15:00' if minute == 50 else f'14:{minute + 10}'}"
        for minute in range(0, 60, 10)
    ]
    assert all(one["can_play"] and not one["can_expand"] for one in slices["children"])
    assert {one["media_class"] for one in slices["children"]} == {"video"}
    assert {one["media_content_type"] for one in slices["children"]} == {"video/mp4"}
    assert asked(cloud) == before + 3


async def test_past_spans_are_cached(
    browse: Ask,
    cloud: Simulator,
    camera_id: int,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    yesterday = f"{entry.entry_id}/day/{camera_id}/2026-07-14"
    await browse(yesterday)
    before = asked(cloud)
    freezer.tick(600)
    await browse(yesterday)
    assert asked(cloud) == before
    # For a limited time: recordings expire or arrive late.
    freezer.tick(3600)
    await browse(yesterday)
    assert asked(cloud) == before + 1


async def test_today_ends_with_the_last_full_minute(
    browse: Ask, camera_id: int, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    today = f"{entry.entry_id}/day/{camera_id}/2026-07-15"
    hours = await browse(today)
    assert titles(hours)[-1] == "14:00-14:23"
    slices = await browse(child(await browse(today), "13:00"))
    assert len(slices["children"]) == 6
    start = int(datetime.fromisoformat("2026-07-15T14:00:00-07:00").timestamp())
    hour = f"{entry.entry_id}/hour/{camera_id}/{start}/{start + 3600}"
    assert titles(await browse(hour)) == ["14:00-14:10", "14:10-14:20", "14:20-14:23"]
    freezer.tick(120)
    assert titles(await browse(hour))[-1] == "14:20-14:25"
    assert titles(await browse(today))[-1] == "14:00-14:25"


async def test_gaps_are_not_shown(
    browse: Ask, cloud: Simulator, camera_id: int, entry: MockConfigEntry
) -> None:
    cloud.switches.recording_gap = 4 * 3600
    hours = await browse(f"{entry.entry_id}/day/{camera_id}/2026-07-14")
    # A gap of four hours that starts within an hour empties three or four.
    assert 24 - len(hours["children"]) in (3, 4)
    every = [(await browse(identifier(hour)))["children"] for hour in hours["children"]]
    assert sum(map(len, every)) in (24 * 6 - 24, 24 * 6 - 23)


async def test_recordings_behind_any_gap_are_reached_page_by_page(
    browse: Ask, cloud: Simulator, camera_id: int, entry: MockConfigEntry
) -> None:
    cloud.switches.recording_stopped_days = 100
    cloud.switches.recording_retention_days = 120
    page = await browse(f"{entry.entry_id}/camera/{camera_id}")
    assert titles(page) == ["No recordings 2026-06-15 - 2026-07-15", "Earlier"]
    nothing = page["children"][0]
    assert not any(nothing[key] for key in ("can_play", "can_expand", "can_search"))
    before = asked(cloud)
    for _ in range(3):
        page = await browse(child(page, "Earlier"))
    assert asked(cloud) == before + 3
    assert titles(page)[0] == "6 Apr · Mon"


async def test_pages_end_with_the_calendar(
    browse: Ask, camera_id: int, entry: MockConfigEntry
) -> None:
    page = await browse(f"{entry.entry_id}/camera/{camera_id}/2000-02-10")
    assert titles(page) == ["No recordings 2000-01-11 - 2000-02-10", "Earlier"]
    last = await browse(child(page, "Earlier"))
    assert titles(last) == ["No recordings 1999-12-11 - 2000-01-10"]


async def test_a_day_and_an_hour_without_recordings_say_so(
    browse: Ask, cloud: Simulator, camera_id: int, entry: MockConfigEntry
) -> None:
    cloud.world.cameras[camera_id].records = False
    start = int(datetime.fromisoformat("2026-07-14T14:00:00-07:00").timestamp())
    for inside in ("day/{}/2026-07-14", f"hour/{{}}/{start}/{start + 3600}"):
        opened = await browse(f"{entry.entry_id}/{inside.format(camera_id)}")
        assert titles(opened) == ["No recordings"]
        [line] = opened["children"]
        assert not any(line[key] for key in ("can_play", "can_expand"))


@pytest.mark.parametrize(
    ("day", "hours", "second"),
    [
        ("2026-03-08", 23, ["01:00-02:00 PST", "03:00-04:00 PDT"]),
        ("2026-11-01", 25, ["01:00-02:00 PDT", "01:00-02:00 PST"]),
    ],
)
async def test_days_on_which_clocks_change(
    browse: Ask,
    cloud: Simulator,
    camera_id: int,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    day: str,
    hours: int,
    second: list[str],
) -> None:
    freezer.move_to(datetime.fromisoformat(day) + timedelta(days=2, hours=12))
    opened = await browse(f"{entry.entry_id}/day/{camera_id}/{day}")
    assert len(opened["children"]) == hours
    spans = [identifier(one).split("/")[-2:] for one in opened["children"]]
    assert all(int(end) - int(start) == 3600 for start, end in spans)
    assert [end for _, end in spans][:-1] == [start for start, _ in spans][1:]
    assert len(set(titles(opened))) == hours
    assert titles(opened)[1:3] == second
    midnight = dt_util.start_of_local_day(datetime.fromisoformat(day).date())
    assert int(spans[0][0]) == midnight.timestamp()


@pytest.mark.parametrize(("kind", "value"), [("html", None), ("status", 400)])
async def test_spans_are_shown_if_the_portal_gives_no_answer(
    browse: Ask,
    cloud: Simulator,
    camera_id: int,
    entry: MockConfigEntry,
    kind: str,
    value: int | None,
) -> None:
    cloud.faults.add("graphql", kind, value, match="recordings(")
    hours = await browse(f"{entry.entry_id}/day/{camera_id}/2026-07-14")
    assert len(hours["children"]) == 24


async def test_a_slice_can_be_browsed(
    browse: Ask, cloud: Simulator, camera_id: int, entry: MockConfigEntry
) -> None:
    start = int(datetime.fromisoformat("2026-07-14T14:10:00-07:00").timestamp())
    before = asked(cloud)
    clip = await browse(f"{entry.entry_id}/clip/{camera_id}/{start}/{start + 600}")
    assert clip["title"] == "14:10-14:20"
    assert clip["can_play"]
    assert not clip["children"]
    assert asked(cloud) == before


async def test_the_cache_of_spans_is_limited(
    browse: Ask,
    cloud: Simulator,
    camera_id: int,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(availability, "_MAX_SPANS", 30)
    days = [f"{entry.entry_id}/day/{camera_id}/2026-07-{day}" for day in (13, 14)]
    for day in days:
        assert len((await browse(day))["children"]) == 24
    before = asked(cloud)
    await browse(days[1])
    assert asked(cloud) == before
    # The first day was evicted.
    await browse(days[0])
    assert asked(cloud) == before + 1
