"""Which operations a document has."""

from hypothesis import given, strategies as st
import pytest

from custom_components.netrex.client import operations


@pytest.mark.parametrize(
    ("document", "kinds"),
    [
        ("{nodeList{name}}", {"query"}),
        ("query { a }", {"query"}),
        ("query mutation { a }", {"query"}),
        ("query Q($a: In = {mutation: {x: 1}}) @d(a: [1]) { a }", {"query"}),
        ("mutation { a }", {"mutation"}),
        ("mutation{a}", {"mutation"}),
        ("\ufeff  # query\r\nmutation M($a: Int) { a(a: $a) }", {"mutation"}),
        ("subscription { a }", {"subscription"}),
        ("{ a } mutation { b }", {"query", "mutation"}),
        ("query { a }, mutation M { b }", {"query", "mutation"}),
        ("{ ...F } fragment F on mutation { a }", {"query", "fragment"}),
        ('{ a(x: "} mutation {") }', {"query"}),
        ('{ a(x: "\\"} mutation {") }', {"query"}),
        ('{ a(x: """ " } mutation { \\""" """) }', {"query"}),
        ('{ a(x: """\\""") } mutation { b } #"""', {"query"}),
        ('{ a(x: "") } mutation { b }', {"query", "mutation"}),
        ('{ a(x: """""") } mutation { b }', {"query", "mutation"}),
        ("{ a # } \n } mutation { b }", {"query", "mutation"}),
        ("{ mutation { mutation } }", {"query"}),
        ("", set()),
        ("42", set()),
    ],
)
def test_operations(document: str, kinds: set[str]) -> None:
    assert operations(document) == kinds


@given(
    st.lists(
        st.sampled_from(
            ['"', '"""', "\\", "#", "\n", "{", "}", "(", ")", "query", " ", "a", ","]
        )
    )
)
def test_a_mutation_behind_whole_definitions_is_found(pieces: list[str]) -> None:
    """Whatever a whole query contains cannot hide what comes after it."""
    noise = "".join(pieces)
    # As text of a string and of a comment, anything may stand in a document.
    text = noise.replace("\\", "").replace('"', "").replace("\n", "")
    document = f'query {{ a(x: "{text}") # {text}\n }} mutation {{ b }}'
    assert operations(document) == {"query", "mutation"}
