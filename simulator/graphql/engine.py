"""Parses, validates, and executes operations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, override

from graphql import (
    DocumentNode,
    ExecutionContext,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLList,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    execute,
    parse,
    validate,
)
from graphql.pyutils import Path
from graphql.type import GraphQLLeafType, GraphQLObjectType
from graphql.validation import NoSchemaIntrospectionCustomRule

from ..state import State
from ..world.kpi import Point
from .context import Context
from .schema import schema_for
from .texts import RULES, format_error

_POINT: dict[str, Callable[[Point], object]] = {
    "from": lambda point: point.start,
    "to": lambda point: point.end,
    "value": lambda point: _plain(point.value),
    "__typename": lambda _point: "StatisticDataPoint",
}


def _plain(value: object) -> object:
    """Return a whole number without a fraction, as PHP does."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class _Execution(ExecutionContext):
    """Execution with a fast path for long series: a year has 35,000 points."""

    @override
    def complete_list_value(
        self,
        return_type: GraphQLList[GraphQLOutputType],
        field_nodes: list[FieldNode],
        info: GraphQLResolveInfo,
        path: Path,
        result: Any,
    ) -> Any:
        item_type = return_type.of_type
        if (
            not isinstance(item_type, GraphQLObjectType)
            or item_type.name != "StatisticDataPoint"
        ):
            return super().complete_list_value(
                return_type, field_nodes, info, path, result
            )
        selected = self.collect_subfields(item_type, field_nodes)
        getters = [(key, _POINT[f[0].name.value]) for key, f in selected.items()]
        return [{key: get(point) for key, get in getters} for point in result]

    @staticmethod
    @override
    def complete_leaf_value(return_type: GraphQLLeafType, result: Any) -> Any:
        return _plain(ExecutionContext.complete_leaf_value(return_type, result))


@dataclass(slots=True)
class Operation:
    """A request's operation: its document, or the error of parsing.

    `names` are the response keys (aliases) of its top-level fields, `fields` their
    names, and `texts` their texts.
    """

    query: str
    variables: Mapping[str, Any] | None = None
    name: str | None = None
    document: DocumentNode | None = None
    error: GraphQLError | None = None
    fields: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    def parse(self) -> None:
        """Parse the text of the query."""
        try:
            self.document = parse(self.query)
        except GraphQLError as error:
            self.error = error
            return
        fields = [
            node
            for definition in self.document.definitions
            if isinstance(definition, OperationDefinitionNode)
            for node in definition.selection_set.selections
            if isinstance(node, FieldNode)
        ]
        self.fields = tuple(node.name.value for node in fields)
        self.names = tuple((node.alias or node.name).value for node in fields)
        self.texts = tuple(
            self.query[node.loc.start : node.loc.end] if node.loc else ""
            for node in fields
        )


class Engine:
    """The GraphQL server without HTTP."""

    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def schema(self) -> GraphQLSchema:
        """The schema for the current switches."""
        types = {node.type for node in self._state.world.nodes}
        return schema_for(self._state.switches, types)

    async def execute(self, operation: Operation, context: Context) -> dict[str, Any]:
        """Return the answer: `errors` and `data`, each only if there is any."""
        errors = [operation.error] if operation.error else []
        data: dict[str, Any] | None = None
        if operation.document is not None:
            schema, switches = self.schema, self._state.switches
            rules = list(RULES)
            if not switches.introspection:
                rules.append(NoSchemaIntrospectionCustomRule)
            errors = validate(schema, operation.document, rules)
            if not errors:
                result = execute(
                    schema,
                    operation.document,
                    context_value=context,
                    variable_values=dict(operation.variables or {}),
                    operation_name=operation.name,
                    execution_context_class=_Execution,
                )
                if not isinstance(result, ExecutionResult):
                    result = await result
                data, errors = result.data, result.errors or []
        answer: dict[str, Any] = {}
        if errors:
            place = self._state.switches.category_place
            answer["errors"] = [format_error(error, place) for error in errors]
        if data is not None:
            answer["data"] = data
        return answer
