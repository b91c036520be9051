"""The time zone of the demo's shops."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from demo.zone import PRAGUE, choose_zone

NOON_IN_PRAGUE = datetime(2026, 11, 28, 11, tzinfo=UTC)


def test_shops_are_in_prague_while_they_are_open_there() -> None:
    assert choose_zone(NOON_IN_PRAGUE) == PRAGUE


def test_shops_are_open_at_any_hour() -> None:
    for hours in range(24):
        now = NOON_IN_PRAGUE + timedelta(hours=hours)
        local = now.astimezone(ZoneInfo(choose_zone(now)))
        assert 11 <= local.hour < 19, (now, local)
