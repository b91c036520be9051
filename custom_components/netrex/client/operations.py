"""Operation types of a document (GraphQL specification, section 2)."""

from collections.abc import Iterator
import re

# The relevant tokens (section 2.1). Those that may contain brackets come first.
_TOKEN = re.compile(
    r"""
    "{3}(?:\\"{3}|[^"]|"(?!""))*"{3}  # block string
    | "(?:\\.|[^"\\\n\r])*"           # string
    | \#[^\n\r]*                      # comment
    | (?P<open>[({\[])
    | (?P<close>[)}\]])
    | (?P<name>[_A-Za-z]\w*)
    """,
    re.VERBOSE | re.ASCII,
)
_QUERY = "query"


def operations(document: str) -> frozenset[str]:
    """Return the keywords that start a document's definitions.

    A document in the short form, without a keyword, has `query`. For a malformed
    document the result may contain other names, too, but it is never incomplete: it
    includes all names that the portal could take for the start of a definition.
    """
    return frozenset(_definitions(document))


def _definitions(document: str) -> Iterator[str]:
    depth = 0
    at_start = True
    for token in _TOKEN.finditer(document):
        if token["open"]:
            if not depth and at_start and token["open"] == "{":
                yield _QUERY
            at_start = False
            depth += 1
        elif token["close"]:
            # After a surplus closing bracket, check what follows like a new definition.
            depth = max(depth - 1, 0)
            at_start = not depth and token["close"] == "}"
        elif token["name"] and not depth and at_start:
            yield token["name"]
            at_start = False
