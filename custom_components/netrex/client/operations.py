"""What kinds of operations a document has (GraphQL specification, section 2)."""

from collections.abc import Iterator
import re

# Tokens that matter here (section 2.1): what may hide brackets comes first.
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
    """Return the words that begin a document's definitions.

    `query` also where the document begins with its selection. A document that is not
    well formed may give other words, too, but never less than it defines: a word that
    the portal could read as the beginning of a definition is among them.
    """
    return frozenset(_definitions(document))


def _definitions(document: str) -> Iterator[str]:
    depth = 0
    begins = True
    for token in _TOKEN.finditer(document):
        if token["open"]:
            if not depth and begins and token["open"] == "{":
                yield _QUERY
            begins = False
            depth += 1
        elif token["close"]:
            # More closed than opened is no document; what follows is looked at again.
            depth = max(depth - 1, 0)
            begins = not depth and token["close"] == "}"
        elif token["name"] and not depth and begins:
            yield token["name"]
            begins = False
