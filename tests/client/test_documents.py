"""The client's GraphQL documents."""

from graphql import parse
import pytest

from custom_components.netrex.client import (
    Granularity,
    LinkRequest,
    LiveTransport,
    Metric,
    NetrexQueryError,
    RawMetric,
    Schema,
    SeriesRequest,
    ValueRequest,
    documents,
)
from custom_components.netrex.client.days import Span
from custom_components.netrex.client.models import (
    PreparationRequest,
    RecordingsRequest,
)
from custom_components.netrex.client.schema import INTROSPECTION

from .conftest import introspection, object_type, rich_schema

DAY = 86_400


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (5, "5"),
        (-1, "-1"),
        (2**31 - 1, "2147483647"),
        (Metric.CONVERSION_COUNT, "conversionCount"),
        (Granularity.H12, "H12"),
        ("xRM", '"xRM"'),
        ('a"b\\c\n\u010d', '"a\\"b\\\\c\\n\\u010d"'),
    ],
)
def test_values_become_literals(value: int | str, written: str) -> None:
    assert documents.literal(value) == written


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 1589186000.0, True, None])
def test_other_values_have_no_literal(value: object) -> None:
    with pytest.raises(NetrexQueryError):
        documents.literal(value)  # type: ignore[arg-type] # callers have no types


def test_series() -> None:
    request = SeriesRequest(
        63575, Metric.PEOPLE_COUNT_AVERAGE, 1589186000, 1589186780, Granularity.HQ
    )
    other = SeriesRequest(1, Metric.CONVERSION_COUNT, 0, 366 * DAY, Granularity.D)
    assert documents.series([request, other], Schema.documented()) == (
        "query{a0:statisticDataMetricByGranularity(from:1589186000,to:1589186780,"
        "type:peopleCountAverage,node_id:63575,granularity:HQ){from to value} "
        "a1:statisticDataMetricByGranularity(from:0,to:31622400,"
        "type:conversionCount,node_id:1,granularity:D){from to value}}"
    )


@pytest.mark.parametrize(("start", "end"), [(5, 5), (5, 4), (0, 366 * DAY + 1)])
def test_invalid_ranges_raise(start: int, end: int) -> None:
    with pytest.raises(NetrexQueryError):
        documents.values([ValueRequest(1, Metric.PEOPLE_COUNT_IN, start, end)])
    with pytest.raises(NetrexQueryError):
        documents.recordings([RecordingsRequest(1, start, end)])


def test_metric_missing_in_the_schema_raises() -> None:
    data = introspection(
        object_type("Query", a="B"),
        {
            "name": "StatisticDataMetricType",
            "enumValues": [{"name": "peopleCountIn"}],
        },
    )
    schema = Schema.from_introspection(data)
    good = SeriesRequest(1, Metric.PEOPLE_COUNT_IN, 0, DAY, Granularity.H)
    bad = SeriesRequest(1, Metric.CONVERSION_COUNT, 0, DAY, Granularity.H)
    assert "peopleCountIn" in documents.series([good], schema)
    with pytest.raises(NetrexQueryError, match="conversionCount"):
        documents.series([good, bad], schema)


def test_live_links() -> None:
    assert documents.live_links([LinkRequest(7)], Schema.documented()) == (
        "query{a0:camera(node_id:7){live_view{remote{rtsp{url}}}}}"
    )
    with pytest.raises(NetrexQueryError, match="rtspwss"):
        documents.live_links(
            [LinkRequest(7, LiveTransport.RTSPWSS)], Schema.documented()
        )
    with pytest.raises(NetrexQueryError, match="profile"):
        documents.live_links([LinkRequest(7)], rich_schema())


def test_all_documents_are_valid_syntax() -> None:
    schema = rich_schema()
    links = [LinkRequest(7, transport, 1, 2) for transport in sorted(schema.transports)]
    for document in (
        INTROSPECTION,
        documents.inventory(schema),
        documents.inventory(None),
        documents.statuses(),
        documents.cameras([1, 2], status_only=True),
        documents.cameras([1, 2], status_only=False),
        documents.values([ValueRequest(1, RawMetric.PEOPLE_COUNT, 0, 1)]),
        documents.live_links(links, schema),
        documents.recordings([RecordingsRequest(1, 0, 1)]),
        documents.recorded_seconds(1, [Span(0, 1), Span(1, 2)]),
        documents.preparations([PreparationRequest('a"b', 720)]),
        documents.recording_states(["ab", "cd"]),
    ):
        parse(document)
