"""Titles of the media browser's items; its tiles show about 16 characters."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from ..const import DOMAIN
from ..kpi.formats import number_text

SEPARATOR = " · "
_WEEKDAYS = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
# The index is the number of days ago.
_RECENT = ("today", "yesterday")
# Languages with a form of nouns for 2 to 4; all others have the same text for it.
_FEW = range(2, 5)


@dataclass(frozen=True, slots=True)
class Texts:
    """Titles in Home Assistant's language."""

    words: Mapping[str, str]
    language: str

    @classmethod
    async def async_load(cls, hass: HomeAssistant) -> Texts:
        """Load the translations, which Home Assistant caches."""
        prefix = f"component.{DOMAIN}.common."
        language = hass.config.language
        found = await async_get_translations(hass, language, "common", [DOMAIN])
        return cls(
            {key.removeprefix(prefix): text for key, text in found.items()}, language
        )

    @property
    def recent(self) -> Mapping[str, int]:
        """How many days ago today and yesterday are, by their translation."""
        return {self.words[key]: ago for ago, key in enumerate(_RECENT)}

    @property
    def earlier(self) -> str:
        """The title of the link to an older page."""
        return self.words["earlier"]

    def format_day(self, day: date, today: date) -> str:
        """Return the title of a day, such as "25 Nov · Wed"; in Czech "st 25. 11."."""
        ago = (today - day).days
        is_recent = 0 <= ago < len(_RECENT)
        word = self.words[_RECENT[ago] if is_recent else _WEEKDAYS[day.weekday()]]
        year = "" if day.year == today.year else f" {day.year}"
        if self.language == "cs":
            return f"{word} {day.day}. {day.month}.{year}"
        text = f"{day.day} {_MONTHS[day.month - 1]}{year}"
        return SEPARATOR.join((word, text) if is_recent else (text, word))

    def format_visitors(self, hour: str, visitors: int) -> str:
        """Return the title of an hour, such as "14:00 · 212 visitors"."""
        many = "visitors_few" if visitors in _FEW else "visitors_many"
        word = self.words["visitors_one" if visitors == 1 else many]
        return f"{hour}{SEPARATOR}{number_text(visitors, 0, self.language)} {word}"
