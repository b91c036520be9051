"""Fills in and submits HTML forms, as a person with a browser does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import override


@dataclass(slots=True)
class Form:
    """A form of a page, with its values."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def filled(self, answers: Mapping[str, str]) -> dict[str, str]:
        """Return the data to submit with these answers.

        Of several buttons the first one is pressed, as by the Enter key.
        """
        known = {name: answers.get(name, value) for name, value in self.fields.items()}
        return known | dict(self.buttons[:1])


class _Forms(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(
                Form(values.get("action", ""), values.get("method", "get").upper())
            )
        if not self.forms or not values.get("name"):
            return
        form, name = self.forms[-1], values["name"]
        kind = values.get("type", "text" if tag == "input" else "submit").lower()
        if tag in {"input", "button"} and kind == "submit":
            form.buttons.append((name, values.get("value", "")))
        elif tag == "input" and (
            kind not in {"checkbox", "radio"} or "checked" in values
        ):
            form.fields[name] = values.get("value", "")


def find_form(page: str) -> Form | None:
    """Return the first form of an HTML page."""
    parser = _Forms()
    parser.feed(page)
    return parser.forms[0] if parser.forms else None
