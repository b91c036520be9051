"""Operation types of documents."""

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
def test_documents_have_operations(document: str, kinds: set[str]) -> None:
    assert operations(document) == kinds


@given(
    st.lists(
        st.sampled_from(
            ['"', '"""', "\\", "#", "\n", "{", "}", "(", ")", "query", " ", "a", ","]
        )
    )
)
def test_mutation_after_complete_definitions_is_found(pieces: list[str]) -> None:
    """No content of a complete query can hide what follows it."""
    noise = "".join(pieces)
    # Strings and comments may contain any text.
    text = noise.replace("\\", "").replace('"', "").replace("\n", "")
    document = f'query {{ a(x: "{text}") # {text}\n }} mutation {{ b }}'
    assert operations(document) == {"query", "mutation"}
