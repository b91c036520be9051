"""Numbers and dates as people in a language write them."""

from datetime import date

# Languages that write 1234.5 as 1 234,5 or 1.234,5.
_DECIMAL_COMMA = frozenset(
    (
        *("bg", "ca", "cs", "da", "de", "el", "es", "et", "fi", "fr", "gl", "hr", "hu"),
        *("is", "it", "lt", "lv", "nb", "nl", "nn", "pl", "pt", "ro", "ru", "sk", "sl"),
        *("sr", "sv", "tr", "uk"),
    )
)
_NO_BREAK_SPACE = "\u00a0"
UNKNOWN = "?"


def has_decimal_comma(language: str) -> bool:
    """Return whether a language separates decimals by a comma."""
    return language.partition("-")[0].lower() in _DECIMAL_COMMA


def number_text(value: float | None, precision: int, language: str) -> str:
    """Return a number for people; a question mark if it is unknown."""
    if value is None:
        return UNKNOWN
    text = f"{value:,.{precision}f}"
    if not has_decimal_comma(language):
        return text
    return text.replace(",", _NO_BREAK_SPACE).replace(".", ",")


def change_text(value: float | None, language: str) -> str:
    """Return a change in percent, with its sign."""
    if value is None:
        return UNKNOWN
    space = _NO_BREAK_SPACE if has_decimal_comma(language) else ""
    sign = "+" if round(value, 1) > 0 else ""
    return f"{sign}{number_text(round(value, 1), 1, language)}{space}%"


def date_text(day: date, language: str) -> str:
    """Return a date."""
    if language.partition("-")[0] in ("cs", "sk"):
        return f"{day.day}. {day.month}. {day.year}"
    return day.isoformat()
