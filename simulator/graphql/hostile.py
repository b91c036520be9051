"""Answers with a correct structure and hostile values."""

from random import Random

# Shares of the values that are replaced, left out, or repeated (0 to 1).
_REPLACED, _MISSING, _REPEATED = 0.08, 0.02, 0.05
_MAX_COPIES = 300
_DEPTH = 60


def _deep() -> object:
    value: object = None
    for _ in range(_DEPTH):
        value = {"node_id": [value]}
    return value


# Half of an emoji, changes of direction, control characters, long words, numbers that
# no storage accepts, wrong types, and depth.
VALUES: tuple[object, ...] = (
    "Vchod \ud83d",
    "\udc00",
    "a\u202egpj.exe",
    "\u2066x\u2069",
    "\x00\x01\r\n\t\x1b[31m\x7f\x85",
    "w" * 100_000,
    "word " * 1_000,
    "9" * 4_500,
    "nan",
    "<script>alert(1)</script>",
    "../../etc",
    "",
    10**30,
    -(10**30),
    2**31,
    2**53 + 1,
    2**64,
    -1,
    0,
    1.5,
    1e300,
    float("nan"),
    float("inf"),
    None,
    True,
    [],
    {},
    [None] * 1_000,
    [[[]]],
    _deep(),
)


def mutate(value: object, random: Random) -> object:
    """Return an answer with some of its values replaced, missing, or repeated."""
    if random.random() < _REPLACED:
        return random.choice(VALUES)
    match value:
        case dict():
            return {
                key: mutate(item, random)
                for key, item in value.items()
                if random.random() >= _MISSING
            }
        case list():
            return [
                item
                for original in value
                for item in [mutate(original, random)] * _copies(random)
            ]
    return value


def _copies(random: Random) -> int:
    return random.randrange(_MAX_COPIES) if random.random() < _REPEATED else 1
