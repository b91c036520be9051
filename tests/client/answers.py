"""Responses of a scripted portal, and requests for them."""

from typing import Any

from custom_components.netrex.client import (
    Granularity,
    Metric,
    SeriesRequest,
    SeriesValue,
    ValueRequest,
)

DAY = 86_400
ROWS = [{"from": 0, "to": 900, "value": 5}]
VALUE = ValueRequest(1, Metric.PEOPLE_COUNT_IN, 0, 900)
SLOTS = (SeriesValue(0, 900, 5.0),)


def refusal(message: str, *path: str | int, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return an entry of `errors`."""
    return {"message": message, "path": list(path)} | more


INVALID = {"errors": [{"message": "Cannot query field", "category": "graphql"}]}
INTERNAL = {"errors": [{"message": "Internal server error", "category": "internal"}]}
LIMITED = {"errors": [{"message": "API limit exceeded."}]}
NO_TOKEN = {"errors": [{"message": "Access token expired.", "category": "expired"}]}
NO_RIGHT = {"errors": [{"message": "Permission denied"}]}


def series(count: int, metric: Metric = Metric.PEOPLE_COUNT_IN) -> list[SeriesRequest]:
    """Return requests for the series of a day."""
    return [
        SeriesRequest(node_id, metric, 0, DAY, Granularity.HQ)
        for node_id in range(count)
    ]
