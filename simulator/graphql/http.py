"""The GraphQL endpoint: authorization, rate limit, faults, and the form of answers.

The texts for malformed requests are those of webonyx/graphql-php's Server/Helper.
"""

import json
from random import Random
from typing import Any

from aiohttp import web

from ..faults import Fault, FaultKind
from ..limiter import Limiter
from ..records import QueryRecord
from ..state import State
from ..world.kpi import Kpi
from ..world.model import Token
from .context import Context, LinkMinter, RecordingBook
from .engine import Engine, Operation
from .hostile import mutate
from .texts import INTERNAL, error_entry

_NO_BATCH = "Batched queries are not supported by this server"
_NO_QUERY = (
    'GraphQL Request must include at least one of those two parameters: "query" or'
    ' "queryId"'
)
_LIMIT_TEXT = "API limit exceeded."


class _MalformedError(Exception):
    """The request is not a GraphQL request."""


class AuthorizationError(Exception):
    """The token is missing, unknown, or expired: the three documented answers."""

    def __init__(self, message: str, category: str) -> None:
        super().__init__(message)
        self.category = category


def bearer(state: State, request: web.Request) -> Token:
    """Return the token of a request. Raises AuthorizationError."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise AuthorizationError("Invalid or empty access token.", "authError")
    token = state.world.tokens.get(text.strip())
    if token is None:
        raise AuthorizationError(
            "Request to an unknown or unavailable platform.", "client"
        )
    if token.expired(state.clock.now()):
        raise AuthorizationError("Access token expired.", "expired")
    return token


async def _operation(request: web.Request) -> Operation | list[Any]:
    """Return the operation of a request, or the list of a batch."""
    if "Content-Type" not in request.headers:
        raise _MalformedError('Missing "Content-Type" header')
    body = await request.text()
    if request.content_type == "application/graphql":
        parameters: Any = {"query": body}
    elif request.content_type == "application/x-www-form-urlencoded":
        parameters = dict(await request.post())
    elif request.content_type == "application/json":
        try:
            parameters = json.loads(body)
        except ValueError as err:
            raise _MalformedError("Could not parse JSON: Syntax error") from err
    else:
        raise _MalformedError(f'Unexpected content type: "{request.content_type}"')
    if isinstance(parameters, list):
        return parameters
    if not isinstance(parameters, dict):
        raise _MalformedError("GraphQL Server expects JSON object or array")
    query, variables = parameters.get("query"), parameters.get("variables")
    if not query or not isinstance(query, str):
        raise _MalformedError(_NO_QUERY)
    if isinstance(variables, str):
        variables = json.loads(variables) if variables else None
    operation = Operation(query, variables, parameters.get("operationName"))
    operation.parse()
    return operation


class GraphQLEndpoint:
    """Handles /api/graphql.php."""

    def __init__(
        self,
        state: State,
        kpi: Kpi,
        limiter: Limiter,
        links: LinkMinter | None,
        recordings: RecordingBook | None,
    ) -> None:
        self._state = state
        self._kpi = kpi
        self._limiter = limiter
        self._links = links
        self._recordings = recordings
        self._engine = Engine(state)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer a POST request."""
        fault: Fault | None = request.get("fault")
        try:
            token = bearer(self._state, request)
        except AuthorizationError as err:
            self._record(await request.text(), (), None, refused=False)
            return self._error(
                str(err), err.category, self._state.switches.auth_error_status
            )
        try:
            operation = await _operation(request)
        except _MalformedError as err:
            self._record(await request.text(), (), token, refused=False)
            return self._error(str(err), "request", self._state.switches.error_status)
        if isinstance(operation, list):
            self._record(await request.text(), (), token, refused=False)
            return _json([self._entries(_NO_BATCH, "request") for _ in operation])
        refuse = fault is not None and fault.kind is FaultKind.REFUSE
        answer = await self._answer(operation, token, refuse=refuse)
        if answer is None:
            return self.limited()
        if fault is not None:
            answer = _spoil(answer, operation, fault)
        data = "data" in answer
        return _json(answer, 200 if data else self._state.switches.error_status)

    async def answer(self, query: str, token: Token) -> dict[str, Any] | None:
        """Return the answer to a query of the API Explorer; None if over the limit."""
        operation = Operation(query)
        operation.parse()
        return await self._answer(operation, token)

    async def _answer(
        self, operation: Operation, token: Token, *, refuse: bool = False
    ) -> dict[str, Any] | None:
        aliases = self._state.switches.aliases_count
        cost = max(1, len(operation.fields)) if aliases else 1
        refused = not self._limiter.admit(token.username, cost) or refuse
        self._record(operation.query, operation.fields, token, refused=refused)
        if refused:
            return None
        context = Context(self._state, self._kpi, token, self._links, self._recordings)
        return await self._engine.execute(operation, context)

    def limited(self) -> web.Response:
        """Return the answer to a query over the limit, in the form of the switches."""
        switches = self._state.switches
        if switches.limit_body == "graphql":
            response = self._error(
                _LIMIT_TEXT, switches.limit_category, switches.limit_status
            )
        else:
            text = {
                "text": _LIMIT_TEXT,
                "html": f"<html><body><h1>{_LIMIT_TEXT}</h1></body></html>",
                "empty": "",
            }[switches.limit_body]
            kind = "text/html" if switches.limit_body == "html" else "text/plain"
            response = web.Response(
                text=text, status=switches.limit_status, content_type=kind
            )
        if switches.limit_retry_after >= 0:
            response.headers["Retry-After"] = str(switches.limit_retry_after)
        return response

    def _record(
        self, query: str, fields: tuple[str, ...], token: Token | None, *, refused: bool
    ) -> None:
        account = token.username if token else None
        now = self._state.clock.now()
        self._state.queries.append(QueryRecord(now, query, fields, refused, account))

    def _entries(self, message: str, category: str) -> dict[str, Any]:
        place = self._state.switches.category_place
        return {"errors": [error_entry(message, category, place)]}

    def _error(self, message: str, category: str, status: int) -> web.Response:
        return _json(self._entries(message, category), status)


def _json(answer: object, status: int = 200) -> web.Response:
    return web.json_response(answer, status=status, dumps=_dumps)


# The message of a spoiled field, if it has an error.
_FIELD_FAULTS: dict[FaultKind, str | None] = {
    FaultKind.WRONG_TYPES: None,
    FaultKind.NULL: None,
    FaultKind.DENIED: "You do not have sufficient permissions for this operation.",
    FaultKind.NOT_FOUND: "Item was not found or you do not have the right to see it.",
}


def _spoil_fields(
    answer: dict[str, Any], operation: Operation, fault: Fault
) -> dict[str, Any]:
    """Return the answer after applying a fault to the fields that it is about."""
    data = dict(answer.get("data") or dict.fromkeys(operation.names))
    errors = list(answer.get("errors", ()))
    message = _FIELD_FAULTS[fault.kind]
    for name, text in zip(operation.names, operation.texts, strict=True):
        if str(fault.value or "") not in text:
            continue
        is_twisted = fault.kind is FaultKind.WRONG_TYPES
        data[name] = _twist(data.get(name)) if is_twisted else None
        if message is not None:
            errors.append({**error_entry(message, "client"), "path": [name]})
    return {**({"errors": errors} if errors else {}), "data": data}


def _spoil(
    answer: dict[str, Any], operation: Operation, fault: Fault
) -> dict[str, Any]:
    """Return the answer after applying a fault."""
    if fault.kind in _FIELD_FAULTS:
        return _spoil_fields(answer, operation, fault)
    if fault.kind is FaultKind.HOSTILE:
        # The same seed gives the same mutations of the same answer.
        random = Random(f"{fault.value}{operation.names}")  # noqa: S311 - no secret
        return {**answer, "data": mutate(answer.get("data"), random)}
    if fault.kind is not FaultKind.HALF or not operation.names:
        return answer
    wanted = str(fault.value or operation.names[-1]).split(",")
    data = dict(answer.get("data") or dict.fromkeys(operation.names))
    errors = list(answer.get("errors", ()))
    for name, field in zip(operation.names, operation.fields, strict=True):
        if name in wanted or field in wanted:
            data[name] = None
            errors.append({**error_entry(INTERNAL, "internal"), "path": [name]})
    return {"errors": errors, "data": data}


def _dumps(data: object) -> str:
    text = json.dumps(data, ensure_ascii=False)
    # Half of a surrogate pair can only be sent as an escape sequence.
    return text if _is_encodable(text) else json.dumps(data)


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _twist(value: object) -> object:
    """Return a value in which every type is wrong."""
    match value:
        case dict():
            return {key: _twist(item) for key, item in value.items()}
        case list():
            return {str(index): _twist(item) for index, item in enumerate(value)}
        case bool():
            return "yes" if value else []
        case int() | float():
            return f"{value} pcs"
        case str():
            return [len(value)]
    return {}
