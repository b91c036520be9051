"""Errors in the form of webonyx/graphql-php 0.12.

That server has `category` beside `message` and its own texts for some validation errors
(see its FormattedError and Validator/Rules); graphql-core follows a later version of
the reference implementation.
"""

import re
from typing import Any

from graphql import GraphQLError
from graphql.language import ValueNode
from graphql.language.printer import print_for_error
from graphql.pyutils import Undefined
from graphql.type import (
    GraphQLEnumType,
    GraphQLScalarType,
    get_named_type,
)
from graphql.validation import ValuesOfCorrectTypeRule, specified_rules

from .context import RequestRefusedError

INTERNAL = "Internal server error"

_NO_INTROSPECTION = (
    "GraphQL introspection is not allowed, but the query contained __schema or __type"
)
_REWORDINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (r"is required, but it was not provided\.$", "is required but not provided."),
        (r"must have a selection of subfields\..*", "must have a sub selection."),
        (
            r'must not have a selection since type (".+") has no subfields\.$',
            r"of type \1 must not have a sub selection.",
        ),
        (
            r'^(Unknown argument "\w+" on field) "(\w+)\.(\w+)"',
            r'\1 "\3" of type "\2"',
        ),
        (r"^GraphQL introspection has been disabled.*", _NO_INTROSPECTION),
    )
)


class _ValuesOfCorrectType(ValuesOfCorrectTypeRule):
    """Reports literals of the wrong type in that server's words."""

    def is_valid_value_node(self, node: ValueNode) -> None:
        expected = self.context.get_input_type()
        leaf = get_named_type(expected)
        if not isinstance(leaf, GraphQLScalarType | GraphQLEnumType):
            super().is_valid_value_node(node)
            return
        hint = ""
        try:
            valid = leaf.parse_literal(node, None) is not Undefined
        except GraphQLError as error:
            valid = False
            _, _, suggestion = error.message.partition(" Did you mean ")
            hint = f"Did you mean {suggestion}" if suggestion else ""
        if not valid:
            found = f"Expected type {expected}, found {print_for_error(node)}"
            self.report_error(
                GraphQLError(f"{found}; {hint}" if hint else f"{found}.", node)
            )


RULES = tuple(
    _ValuesOfCorrectType if rule is ValuesOfCorrectTypeRule else rule
    for rule in specified_rules
)


def _message(text: str) -> str:
    text = re.sub(r"'([^']*)'", r'"\1"', text)
    for pattern, words in _REWORDINGS:
        text = pattern.sub(words, text)
    return text


def error_entry(message: str, category: str, place: str = "top") -> dict[str, Any]:
    """Return an entry of `errors`.

    `place` is the place of the category: top, extensions (versions 0.13 and 14), or
    none (15).
    """
    if place == "top":
        return {"message": message, "category": category}
    if place == "extensions":
        return {"message": message, "extensions": {"category": category}}
    return {"message": message}


def format_error(error: GraphQLError, place: str) -> dict[str, Any]:
    """Return an error of the engine or of a resolver in the server's form."""
    cause = error.original_error
    if isinstance(cause, RequestRefusedError):
        entry = error_entry(str(cause), cause.category, place)
    elif cause is not None and not isinstance(cause, GraphQLError):
        entry = error_entry(INTERNAL, "internal", place)
    else:
        entry = error_entry(_message(error.message), "graphql", place)
    if error.locations:
        entry["locations"] = [
            {"line": at.line, "column": at.column} for at in error.locations
        ]
    if error.path:
        entry["path"] = list(error.path)
    return entry
