"""Start and end of clips: clock changes, days of 23 and 25 hours, empty spans."""

from datetime import UTC, datetime, timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest

from custom_components.netrex.recordings import Clip
from custom_components.netrex.recordings.actions import DOWNLOAD_SCHEMA, _times

# After all times below.
NOW = datetime(2027, 1, 1, tzinfo=UTC).timestamp()


@pytest.fixture(autouse=True)
async def _zone(hass: HomeAssistant) -> None:
    await hass.config.async_set_time_zone("Europe/Prague")


@pytest.fixture(autouse=True)
def _no_traces() -> None:
    """Override the check of the other tests: nothing is downloaded."""


def times(**data: Any) -> tuple[str, str]:  # noqa: ANN401 - fields of an action
    """Return start and end of a valid clip in UTC."""
    start, end = _times(DOWNLOAD_SCHEMA({"entity_id": "camera.entrance"} | data))
    Clip(1, start, end).validate(NOW)
    first, last = (
        f"{datetime.fromtimestamp(one, UTC):%d %H:%M}" for one in (start, end)
    )
    return first, last


@pytest.mark.parametrize(
    ("day", "following", "hours"),
    [
        ("2026-03-29", "2026-03-30", 23),
        ("2026-06-01", "2026-06-02", 24),
        ("2026-10-25", "2026-10-26", 25),
    ],
)
def test_every_local_day_is_a_clip(day: str, following: str, hours: int) -> None:
    data = {"entity_id": "camera.entrance", "start": f"{day} 00:00"}
    for end in ({"end": f"{following} 00:00"}, {"duration": {"hours": hours}}):
        start, stop = _times(DOWNLOAD_SCHEMA(data | end))
        clip = Clip(1, start, stop)
        clip.validate(NOW)
        assert clip.seconds == hours * 3600
    longer = Clip(1, start, start + max(hours, 24) * 3600 + 1)
    with pytest.raises(ServiceValidationError) as caught:
        longer.validate(NOW)
    assert caught.value.translation_key == "clip_too_long"


async def test_a_day_can_be_longer_by_half_an_hour(hass: HomeAssistant) -> None:
    await hass.config.async_set_time_zone("Australia/Lord_Howe")
    start, end = times(start="2026-04-05 00:00", end="2026-04-06 00:00")
    assert (start, end) == ("04 13:00", "05 13:30")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        # The clocks go forward from 02:00 to 03:00, which is 01:00 UTC.
        ("2026-03-29 02:30", "2026-03-29 03:15", ("29 01:00", "29 01:15")),
        ("2026-03-29 01:30", "2026-03-29 02:30", ("29 00:30", "29 01:00")),
        ("2026-03-29 02:00", "2026-03-29 03:01", ("29 01:00", "29 01:01")),
        ("2026-03-29 01:59", "2026-03-29 03:00", ("29 00:59", "29 01:00")),
        # They go back from 03:00 to 02:00, which is 01:00 UTC.
        ("2026-10-25 02:50", "2026-10-25 02:10", ("25 00:50", "25 01:10")),
        ("2026-10-25 02:10", "2026-10-25 02:50", ("25 00:10", "25 00:50")),
        ("2026-10-25 02:00", "2026-10-25 03:00", ("25 00:00", "25 02:00")),
        ("2026-10-25 02:30+01:00", "2026-10-25 02:40", ("25 01:30", "25 01:40")),
    ],
)
def test_hours_that_are_skipped_or_repeated(
    start: str, end: str, expected: tuple[str, str]
) -> None:
    assert times(start=start, end=end) == expected


def test_a_duration_counts_from_the_end_of_a_skipped_hour() -> None:
    assert times(start="2026-03-29 02:30", duration={"minutes": 20}) == (
        "29 01:00",
        "29 01:20",
    )


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"start": "2026-03-29 02:10", "end": "2026-03-29 02:50"}, "time_skipped"),
        ({"start": "2026-03-29 02:50", "end": "2026-03-29 02:10"}, "end_before_start"),
        ({"start": "2026-06-01 12:00:00.3", "duration": 0}, "end_before_start"),
        (
            {"start": "2026-06-01 12:00:00.3", "end": "2026-06-01 12:00:00.3"},
            "end_before_start",
        ),
        (
            {"start": "2026-06-01 12:00:00.7", "end": "2026-06-01 12:00:00.2"},
            "end_before_start",
        ),
        ({"start": "2026-10-25 03:10", "end": "2026-10-25 02:50"}, "end_before_start"),
    ],
)
def test_empty_spans_are_refused(data: dict[str, Any], key: str) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        times(**data)
    assert caught.value.translation_key == key


def test_fractions_of_a_second_are_rounded_outward() -> None:
    data = DOWNLOAD_SCHEMA(
        {
            "entity_id": "camera.entrance",
            "start": "2026-06-01 12:00:00.3",
            "duration": timedelta(seconds=0.1),
        }
    )
    start, end = _times(data)
    assert end - start == 1


@pytest.mark.parametrize("height", [0, -5, 8641])
def test_an_impossible_height_is_refused_with_its_limits(height: int) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        Clip(1, 1000, 1010, height).validate(NOW)
    assert caught.value.translation_key == "height_invalid"
    assert caught.value.translation_placeholders == {
        "height": str(height),
        "highest": "8640",
    }
