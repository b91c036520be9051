"""Names that would get the same entity ids."""

from homeassistant.util import slugify
import pytest

from custom_components.netrex.naming import name_key


@pytest.mark.parametrize(
    "name",
    [
        "Praha, Vodičkova",
        "Łódź (2)",
        "Ødegård, Straße",
        "Ħamrun",
        "№ 1",
        "Ⅳ. patro",
        "Вход 1",
        "Αθήνα",
        "店",
    ],
)
def test_a_key_is_what_entity_ids_have_of_a_name(name: str) -> None:
    assert name_key(name) == slugify(name, separator="")
