"""Answers of cameras with a correct structure and hostile values."""

import json
from random import Random

from aiohttp import web

from ..graphql.hostile import VALUES, mutate

# Share of the rows whose value is replaced, and of those that are repeated (0 to 1).
_REPLACED, _REPEATED = 0.1, 0.05
_MAX_COPIES = 300


def mutate_answer(answer: web.StreamResponse, random: Random) -> web.StreamResponse:
    """Replace some values of an answer in JSON or in rows such as `name=value`."""
    if not isinstance(answer, web.Response) or not isinstance(answer.body, bytes):
        return answer
    if answer.content_type == "application/json":
        answer.body = json.dumps(mutate(json.loads(answer.body), random)).encode()
    elif answer.content_type == "text/plain":
        rows = answer.body.decode().split("\n")
        text = "\n".join(_mutate_row(row, random) for row in rows)
        answer.body = text.encode(errors="surrogatepass")
    return answer


def _mutate_row(row: str, random: Random) -> str:
    name, sign, _ = row.partition("=")
    if sign and random.random() < _REPLACED:
        row = f"{name}={random.choice(VALUES)}"
    copies = random.randrange(_MAX_COPIES) if random.random() < _REPEATED else 1
    return "\n".join([row] * copies)
