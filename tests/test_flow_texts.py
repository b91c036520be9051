"""The check of the flows' texts finds missing texts and placeholders."""

from homeassistant.data_entry_flow import FlowResultType, section
import pytest
import voluptuous as vol

from .flow_texts import missing_texts

TEXTS = {
    "abort": {"known": "Done."},
    "error": {"known": "Not done."},
    "step": {
        "user": {
            "title": "Portal of {owner}",
            "data": {"host": "Portal"},
            "data_description": {"host": "Its address."},
            "sections": {"more": {"name": "More"}},
            "menu_options": {"known": "Go on"},
        }
    },
}


@pytest.mark.parametrize(
    ("result", "missing"),
    [
        ({"type": FlowResultType.ABORT, "reason": "known"}, []),
        ({"type": FlowResultType.ABORT, "reason": "new"}, ["no abort::new"]),
        (
            {
                "type": FlowResultType.ABORT,
                "reason": "new",
                "translation_domain": "homeassistant",
            },
            [],
        ),
        (
            {"type": FlowResultType.FORM, "data_schema": vol.Schema({"host": str})},
            [],
        ),
        (
            {
                "type": FlowResultType.FORM,
                "data_schema": vol.Schema({"new": str}),
                "errors": {"base": "new", "new": "known"},
            },
            ["no error::new", "no data::new", "no data_description::new"],
        ),
        (
            {
                "type": FlowResultType.FORM,
                "data_schema": vol.Schema(
                    {
                        "more": section(vol.Schema({"new": str})),
                        "less": section(vol.Schema({})),
                    }
                ),
            },
            ["no data::new", "no data_description::new", "no sections::less::name"],
        ),
        (
            {"type": FlowResultType.FORM, "description_placeholders": {}},
            ["missing placeholders {'owner'}"],
        ),
        (
            {"type": FlowResultType.MENU, "menu_options": ["known", "new"]},
            ["no menu_options::new"],
        ),
    ],
)
def test_a_missing_text_is_found(result: dict[str, object], missing: list[str]) -> None:
    result = {
        "step_id": "user",
        "data_schema": None,
        "errors": None,
        "description_placeholders": {"owner": "me"},
        **result,
    }
    found = [text.partition(": ")[2] for text in missing_texts(TEXTS, result)]
    assert found == missing
