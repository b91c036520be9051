"""The time zone of the simulated shops and of Home Assistant."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

PRAGUE = "Europe/Prague"
# Local hours in which all shops have visitors; before and after, the dashboard shows
# zeros, or numbers that no longer change.
_OPEN = range(11, 19)
_AFTERNOON = 15


def choose_zone(now: datetime) -> str:
    """Return Prague's time zone, or one in which the shops are open now.

    The demo has visitors at any time, whatever the user's own time zone.
    """
    if now.astimezone(ZoneInfo(PRAGUE)).hour in _OPEN:
        return PRAGUE
    east = (_AFTERNOON - now.astimezone(UTC).hour + 12) % 24 - 12
    # In these names, zones east of Greenwich are negative, as in POSIX.
    return f"Etc/GMT{-east:+d}"


ZONE_NAME = choose_zone(datetime.now(UTC))
ZONE = ZoneInfo(ZONE_NAME)
