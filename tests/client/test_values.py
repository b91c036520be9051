"""The gates for texts, numbers and bodies from outside (decision 0028)."""

import ast
from pathlib import Path
import time

import pytest

from custom_components.netrex import client
from custom_components.netrex.client.graphql_errors import read_errors, redact
from custom_components.netrex.client.json_body import TooManyValuesError, parse_json
from custom_components.netrex.client.parsing import parse_inventory
from custom_components.netrex.client.texts import clean_text, excerpt
from custom_components.netrex.client.values import (
    MAX_ITEMS,
    MAX_NUMBER,
    as_clamped,
    as_float,
    as_int,
    as_key,
    as_name,
    as_text,
)

# Modules that read answers, and functions in them that convert something else: what
# the user writes to a camera, or an exception.
PARSERS = (
    "parsing.py",
    "schema.py",
    "archive.py",
    "enums.py",
    "camera/answer.py",
    "camera/camstreamer.py",
    "camera/ports.py",
    "camera/ptz.py",
    "camera/parameters.py",
    "camera/rows.py",
)
NOT_FROM_OUTSIDE = {
    "_check_value",
    "image_setting",
    "read_snapshot",
    "switch_port",
    "_switch",
    "go_to",
    "_speed",
}
RAW = {"isinstance", "str", "int", "float", "bool", "loads", "isdecimal", "isdigit"}


def _raw_calls(tree: ast.AST) -> set[str]:
    """Return the conversions in a module that pass no gate."""
    found = set()
    for node in ast.iter_child_nodes(tree):
        name = getattr(node, "name", None)
        if name in NOT_FROM_OUTSIDE:
            continue
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in RAW:
                found.add(f"{name} in line {node.lineno}")
        found |= _raw_calls(node)
    return found


@pytest.mark.parametrize("module", PARSERS)
def test_parsers_convert_values_by_the_gates_only(module: str) -> None:
    path = Path(client.__file__).parent / module
    assert _raw_calls(ast.parse(path.read_text(encoding="utf-8"))) == set()


def test_a_raw_conversion_is_found() -> None:
    assert _raw_calls(ast.parse("def f(x):\n    return int(x)")) == {"int in line 2"}


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Vchod \ud83d", "Vchod"),
        ("\ud83d", ""),
        ("a\u202egpj.exe\u2069", "agpj.exe"),
        ("one\r\ntwo\x00three", "one  two three"),
        (" Door ", "Door"),
        ("Žluťoučký kůň 👩‍👧", "Žluťoučký kůň 👩‍👧"),
        ("x" * 300, "x" * 100),
    ],
)
def test_names_are_clean_and_short(text: str, clean: str) -> None:
    assert clean_text(text, 100) == clean
    assert as_name(text) == (clean or None)


@pytest.mark.parametrize("text", ["a\ud83d", "a\n", "x" * 256, "", "\u202ea"])
def test_an_unusual_id_is_none(text: str) -> None:
    assert as_key(text) is None


@pytest.mark.parametrize(
    "value", [10**30, -(2**53), 2**53, "9007199254740993", "1" * 50, 1e30, 1e400]
)
def test_numbers_that_are_not_exact_are_none(value: object) -> None:
    assert as_int(value) is None
    assert as_float(value) is None
    assert as_int(MAX_NUMBER) == MAX_NUMBER


def test_a_number_is_clamped() -> None:
    assert as_clamped(10**30, 0, 5) == 5
    assert as_clamped("-1", 0, 5) == 0
    assert as_clamped(float("nan"), 0, 5) is None


def test_a_huge_number_is_not_a_text() -> None:
    assert as_text(10**5000) is None
    assert as_text(float("inf")) is None


@pytest.mark.parametrize("body", [b"[" + b"[]," * 15_000_000 + b"[]]", b"[" * 10**6])
def test_a_body_of_too_many_values_is_not_parsed(body: bytes) -> None:
    with pytest.raises(TooManyValuesError):
        parse_json(body)


def test_a_deep_body_is_no_json() -> None:
    with pytest.raises(ValueError, match=r"nested|Expecting"):
        parse_json(b"[" * 250_000)


def test_more_nodes_than_any_account_has_are_left_out() -> None:
    nodes = [{"node_id": i} for i in range(MAX_ITEMS + 1)]
    inventory = parse_inventory({"nodeList": nodes, "cameraList": []})
    assert len(inventory.nodes) == MAX_ITEMS
    # So no device is removed for what is missing.
    assert not inventory.complete


def test_an_excerpt_ends_with_a_whole_word() -> None:
    assert excerpt("one secret", 6) == "one…"
    assert excerpt("x" * 2000) == "…"
    assert excerpt("one two", 10) == "one two"


def _seconds(messages: list[str]) -> float:
    start = time.thread_time()
    entries = [{"message": text, "path": ["a0"]} for text in messages]
    read_errors({"errors": entries}, status=200, retry_after=None)
    return time.thread_time() - start


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a ",
        "1",
        "invalid ",
        "token",
        "token ",
        "limit ",
        "query ",
        "&a",
        "a.",
        "?",
        "bearer ",
        "http://",
        "not ",
        "\n",
        "\ud83d",
        "é",
        "1.1.",
    ],
)
def test_a_long_error_text_costs_no_more_than_reading_it(piece: str) -> None:
    text = piece * (2**20 // len(piece))
    start = time.thread_time()
    # The control: one look at each character, in Python.
    assert sum(1 for character in text if character != "\x00")
    control = time.thread_time() - start
    assert _seconds([text]) < control
    assert _seconds([text[:2000]] * 1000) < 10 * control
    assert len(redact(text)) <= 301
