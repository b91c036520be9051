"""The search of the media browser, through Home Assistant's WebSocket."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator import Simulator

from .conftest import Ask, asked, identifier

type Search = Callable[..., Awaitable[list[str]]]

NOW = "2026-07-15 14:23:45-07:00"


@pytest.fixture
def scenario() -> str:
    """Return the account with 100 cameras."""
    return "chain"


@pytest.fixture(autouse=True)
def _now(cloud: Simulator, freezer: FrozenDateTimeFactory) -> None:
    """Freeze the time after the cloud started: certificates need the real time."""
    freezer.move_to(NOW)


@pytest.fixture
def search(ask: Ask) -> Search:
    """Return a function that searches and returns the titles of the results."""

    async def search(text: str, item: str = "", **fields: object) -> list[str]:
        answer = await ask("search", item, search_query=text, **fields)
        assert answer["success"], answer
        return [one["title"] for one in answer["result"]["result"]]

    return search


async def test_cameras_are_found_by_name_and_folder_without_a_query(
    search: Search, cloud: Simulator
) -> None:
    assert await search("vchod vankovka") == ["Vchod"]
    assert await search("VCHOD, Vaňkovka") == ["Vchod"]
    assert len(await search("vchod")) == 20
    assert len(await search("morava vchod")) == 5
    assert await search("vchod atlantis") == []
    # Words match as prefixes only.
    assert len(await search("vch mor")) == 5
    assert await search("chod") == []
    assert asked(cloud) == 0


async def test_a_search_is_limited_to_the_item(
    search: Search, cloud: Simulator, entry: MockConfigEntry
) -> None:
    region = next(node for node in cloud.world.nodes if node.name == "Slovensko")
    assert len(await search("vchod", f"{entry.entry_id}/folder/{region.node_id}")) == 3
    camera = next(iter(cloud.world.cameras))
    item = f"{entry.entry_id}/camera/{camera}"
    assert await search("14:10", item) == ["14:10-14:20 Vchod, 2026-07-15"]


TIMES = {
    "14:17": "14:10-14:20 Vchod, 2026-07-15",
    # The current slice, up to the last full minute.
    "14:22": "14:20-14:23 Vchod, 2026-07-15",
    # A later time of day means yesterday.
    "14:30": "14:30-14:40 Vchod, 2026-07-14",
    "yesterday 9:05": "09:00-09:10 Vchod, 2026-07-14",
    "9:05 Yesterday": "09:00-09:10 Vchod, 2026-07-14",
    "2026-07-02 00:00": "00:00-00:10 Vchod, 2026-07-02",
    "2.7.2026 23:59": "23:50-00:00 Vchod, 2026-07-02",
    "2.7. 23:59": "23:50-00:00 Vchod, 2026-07-02",
    # A later day means last year.
    "24.12. 18:00": "18:00-18:10 Vchod, 2025-12-24",
    "today": "Vchod, Today · 15 Jul",
    "1.7.": "Vchod, 1 Jul · Wed",
}


async def test_days_and_times_are_parsed(search: Search) -> None:
    found = {when: await search(f"vchod vankovka {when}") for when in TIMES}
    assert found == {when: [title] for when, title in TIMES.items()}


async def test_words_for_days_are_translated(
    hass: HomeAssistant, search: Search
) -> None:
    hass.config.language = "cs"
    assert await search("vankovka vchod vcera 10:00") == [
        "10:00-10:10 Vchod, 2026-07-14"
    ]
    assert await search("vankovka vchod dnes") == ["Vchod, Dnes 15. 7."]


async def test_the_future_has_no_recordings(search: Search) -> None:
    assert await search("vchod vankovka today 15:00") == []
    assert await search("vchod vankovka 2026-07-16 10:00") == []
    assert await search("vchod vankovka 2026-07-16") == []


async def test_invalid_times_are_words(search: Search) -> None:
    for text in ("99:99", "31.2.2026", "2026-13-01", "0.0."):
        assert await search(f"vchod {text}") == [], text


async def test_years_without_recordings_are_words(search: Search) -> None:
    for day in ("9999-12-31", "31.12.2038", "1.1.1999", "1969-12-31", "0001-01-01"):
        assert await search(f"vchod vankovka {day} 10:00") == [], day
        assert await search(f"vchod vankovka {day}") == [], day


async def test_a_repeated_hour_is_found_twice(
    ask: Ask, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to("2026-11-03 12:00:00-08:00")
    answer = await ask("search", search_query="vchod vankovka 2026-11-01 01:15")
    found = answer["result"]["result"]
    assert [one["title"] for one in found] == [
        "01:10-01:20 PDT Vchod, 2026-11-01",
        "01:10-01:20 PST Vchod, 2026-11-01",
    ]
    starts = [int(identifier(one).split("/")[3]) for one in found]
    first = datetime.fromisoformat("2026-11-01T01:10:00-07:00").timestamp()
    assert starts == [first, first + 3600]
    # A skipped hour is not found.
    answer = await ask("search", search_query="vchod vankovka 2026-03-08 02:30")
    assert answer["result"]["result"] == []


async def test_results_can_be_limited_to_videos(search: Search) -> None:
    both = await search("vchod vankovka")
    assert both
    assert await search("vchod vankovka", media_filter_classes=["video"]) == []
    assert await search("vchod vankovka 9:00", media_filter_classes=["video"])


async def test_the_number_of_results_is_limited(
    search: Search, cloud: Simulator
) -> None:
    assert len(cloud.world.cameras) == 100
    assert len(await search("")) == 100
    assert len(await search("9:00")) == 100
