"""KPI series and values, against a scripted portal."""

from typing import Any

import pytest

from custom_components.netrex.client import (
    Granularity,
    Metric,
    NetrexAuthError,
    NetrexClient,
    NetrexConnectionError,
    NetrexError,
    NetrexNoDataError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexQueryError,
    NetrexRateLimitedError,
    NetrexResponseError,
    SeriesRequest,
)

from .answers import (
    DAY,
    INTERNAL,
    INVALID,
    LIMITED,
    NO_TOKEN,
    ROWS,
    SLOTS,
    VALUE,
    refusal,
    series,
)
from .conftest import Portal


async def test_operations_have_five_series(
    portal: Portal, client: NetrexClient
) -> None:
    requests = series(12)
    portal.says({"data": {f"a{index}": ROWS for index in range(5)}})
    found = await client.kpi_series([*requests, *requests])
    assert found == dict.fromkeys(requests, SLOTS)
    assert [query.count("statisticData") for query in portal.queries] == [5, 5, 2]
    assert await client.kpi_series([]) == {}
    assert len(portal.queries) == 3


async def test_failed_series_are_left_out(portal: Portal, client: NetrexClient) -> None:
    requests = series(4)
    portal.says(
        {
            "data": {"a0": ROWS, "a1": None, "a2": [], "a3": "x"},
            "errors": [refusal("Node not found", "a1")],
        }
    )
    found = await client.kpi_series(requests)
    assert found == {requests[0]: SLOTS, requests[2]: ()}


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        (refusal("Node not found", "a0"), NetrexNotFoundError),
        (refusal("Access denied", "a0", 5), NetrexPermissionError),
        (refusal("No", "a0", category="authError"), NetrexPermissionError),
        (refusal("The node has no statistics", "a0"), NetrexResponseError),
        ({"message": "Permission denied"}, NetrexPermissionError),
    ],
)
async def test_series_that_all_fail_do_not_raise(
    portal: Portal,
    client: NetrexClient,
    entry: dict[str, Any],
    kind: type[NetrexError],
) -> None:
    """The portal responded, so the caller should not retry everything."""
    portal.says({"data": {"a0": None, "a1": None}, "errors": [entry]})
    requests = series(2)
    assert await client.kpi_series(requests) == {}
    results = await client.kpi_results(requests)
    assert list(results) == requests
    assert type(results[requests[0]]) is kind
    assert isinstance(results[requests[1]], NetrexNotFoundError | kind)


async def test_results_have_the_errors(portal: Portal, client: NetrexClient) -> None:
    requests = series(7)
    portal.says(
        {
            "data": {"a0": ROWS, "a1": None, "a2": None, "a3": None, "a4": []},
            "errors": [
                refusal("Access denied", "a1"),
                refusal("Internal server error", "a2"),
            ],
        }
    )
    portal.says(b"", 502)
    results = await client.kpi_results(requests)
    assert results.pop(requests[0]) == SLOTS
    assert results.pop(requests[4]) == ()
    assert [type(results[request]) for request in results] == [
        NetrexPermissionError,
        NetrexResponseError,
        NetrexNoDataError,
        NetrexConnectionError,
        NetrexConnectionError,
    ]


@pytest.mark.parametrize("answer", [INTERNAL, {}, b"<html>"])
async def test_series_without_a_usable_response_raise(
    portal: Portal, client: NetrexClient, answer: object
) -> None:
    portal.says(answer)
    for method in (client.kpi_results, client.kpi_series):
        with pytest.raises(NetrexResponseError):
            await method(series(10))
    assert len(portal.queries) == 4


async def test_invalid_series_do_not_fail_the_others(
    portal: Portal, client: NetrexClient
) -> None:
    """The client rejects a bad range and a number out of range itself."""
    good = series(2)
    bad = [
        SeriesRequest(1, Metric.PEOPLE_COUNT_IN, 0, 400 * DAY, Granularity.D),
        SeriesRequest(2**40, Metric.PEOPLE_COUNT_IN, 0, DAY, Granularity.D),
    ]
    portal.says({"data": {"a0": ROWS, "a1": ROWS}})
    found = await client.kpi_series([bad[0], good[0], bad[1], good[1]])
    assert found == dict.fromkeys(good, SLOTS)
    assert len(portal.queries) == 1
    assert await client.kpi_series(bad) == {}
    results = await client.kpi_results(bad)
    assert [type(result) for result in results.values()] == [NetrexQueryError] * 2
    assert len(portal.queries) == 1


async def test_series_that_the_portal_rejects_are_singled_out(
    portal: Portal, client: NetrexClient
) -> None:
    requests = series(5)
    for _ in range(3):
        portal.says(INVALID)  # all, the first two, the first
    portal.says({"data": {"a0": ROWS, "a1": ROWS, "a2": ROWS}})
    assert await client.kpi_series(requests) == dict.fromkeys(requests[1:], SLOTS)
    assert [query.count("statisticData") for query in portal.queries] == [5, 2, 1, 1, 3]


async def test_series_before_a_failure_are_kept(
    portal: Portal, client: NetrexClient
) -> None:
    requests = series(15)
    portal.says({"data": {f"a{index}": ROWS for index in range(5)}})
    portal.says(LIMITED)
    assert await client.kpi_series(requests) == dict.fromkeys(requests[:5], SLOTS)
    assert len(portal.queries) == 2


async def test_one_failed_operation_does_not_stop_the_others(
    portal: Portal, client: NetrexClient
) -> None:
    requests = series(10)
    portal.says(INTERNAL)
    portal.says({"data": {f"a{index}": ROWS for index in range(5)}})
    assert await client.kpi_series(requests) == dict.fromkeys(requests[5:], SLOTS)


@pytest.mark.parametrize(
    ("answer", "kind"), [(LIMITED, NetrexRateLimitedError), (NO_TOKEN, NetrexAuthError)]
)
async def test_series_without_a_response_raise(
    portal: Portal,
    client: NetrexClient,
    answer: dict[str, Any],
    kind: type[NetrexError],
) -> None:
    portal.says(answer)
    with pytest.raises(kind):
        await client.kpi_series(series(10))
    assert len(portal.queries) == 1


async def test_token_refused_after_the_first_operation_raises(
    portal: Portal, client: NetrexClient
) -> None:
    portal.says({"data": {f"a{index}": ROWS for index in range(5)}})
    portal.says(NO_TOKEN)
    with pytest.raises(NetrexAuthError):
        await client.kpi_series(series(10))


async def test_large_series_are_parsed(portal: Portal, client: NetrexClient) -> None:
    rows = [
        {"from": start, "to": start + 900, "value": start}
        for start in range(0, 5000 * 900, 900)
    ]
    portal.says({"data": {"a0": rows}})
    [request] = series(1)
    found = await client.kpi_series([request])
    assert len(found[request]) == 5000


@pytest.mark.parametrize(
    ("value", "number"), [(57, 57.0), ("1.5", 1.5), (None, None), ("much", None)]
)
async def test_kpi_values(
    portal: Portal, client: NetrexClient, value: object, number: float | None
) -> None:
    portal.says({"data": {"a0": value}})
    found = await client.kpi_values([VALUE])
    assert found == ({} if number is None else {VALUE: number})


async def test_missing_and_refused_values_have_their_errors(
    portal: Portal, client: NetrexClient
) -> None:
    errors = [refusal("Node not found", "a0")]
    for answer, kind in (
        ({"data": {"a0": None}}, NetrexNoDataError),
        ({"data": {"a0": None}, "errors": errors}, NetrexNotFoundError),
    ):
        portal.answers.clear()
        portal.says(answer)
        results = await client.kpi_value_results([VALUE])
        assert type(results[VALUE]) is kind
