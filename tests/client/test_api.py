"""Methods of the client against a scripted portal."""

import asyncio
from typing import Any

import aiohttp
import pytest

from custom_components.netrex.client import (
    Lane,
    LinkRequest,
    NetrexAuthError,
    NetrexBudgetError,
    NetrexClient,
    NetrexError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexRateLimitedError,
    NetrexResponseError,
    Pacer,
)
from custom_components.netrex.client.days import Span

from .answers import (
    INTERNAL,
    INVALID,
    LIMITED,
    NO_RIGHT,
    NO_TOKEN,
    ROWS,
    VALUE,
    refusal,
    series,
)
from .conftest import Portal, give_token


@pytest.mark.parametrize(
    "answer",
    [
        INVALID,
        NO_RIGHT,
        {"data": {"__schema": None}, "errors": [refusal("Not allowed", "__schema")]},
    ],
)
async def test_refused_introspection_gives_the_documented_schema(
    portal: Portal, client: NetrexClient, answer: dict[str, Any]
) -> None:
    portal.says(answer)
    assert not (await client.fetch_schema()).introspected


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (NO_TOKEN, NetrexAuthError),
        (LIMITED, NetrexRateLimitedError),
        (INTERNAL, NetrexResponseError),
        (b"<html>", NetrexResponseError),
        ({"data": {"a": 1}}, NetrexResponseError),
        ({"data": {"__schema": {"types": []}}}, NetrexResponseError),
    ],
)
async def test_failed_introspection_raises(
    portal: Portal, client: NetrexClient, answer: object, kind: type[NetrexError]
) -> None:
    """A failure does not prove that the portal refuses introspection."""
    portal.says(answer)
    with pytest.raises(kind):
        await client.fetch_schema()


async def test_reads_are_shared(portal: Portal, client: NetrexClient) -> None:
    portal.says({"data": {"a0": 1, "cameraList": [], "nodeList": []}})
    await asyncio.gather(
        *(client.kpi_values([VALUE]) for _ in range(9)),
        *(client.camera_statuses() for _ in range(9)),
        *(client.inventory() for _ in range(9)),
        *(client.kpi_series(series(1)) for _ in range(9)),
        return_exceptions=True,
    )
    assert len(portal.queries) == 4


async def test_reads_with_different_tokens_are_not_shared(
    portal: Portal, session: aiohttp.ClientSession, pacer: Pacer
) -> None:
    """A config flow uses a new token at the account's pacer."""

    def client(token: str) -> NetrexClient:
        async def get_token() -> str:
            return token

        return NetrexClient(session, portal.url, get_token, pacer=pacer)

    portal.says({"data": {"cameraList": []}})
    await asyncio.gather(*(client(token).camera_statuses() for token in ("a1", "b2")))
    sent = {headers["Authorization"] for headers in portal.headers}
    assert sent == {"Bearer a1", "Bearer b2"}


async def test_concurrent_requests_share_an_operation(
    portal: Portal, client: NetrexClient
) -> None:
    portal.says({"data": {"a0": True, "a1": False}})
    answers = await asyncio.gather(
        client.archive.prepare("xRMElmAkh3", 720),
        client.archive.prepare("6RjiHGzqCE", 480),
        client.archive.prepare("xRMElmAkh3", 720),
    )
    assert list(answers) == [True, False, True]
    [query] = portal.queries
    assert query == (
        'mutation{a0:recordingPrepare(recording_id:"xRMElmAkh3",height:720) '
        'a1:recordingPrepare(recording_id:"6RjiHGzqCE",height:480)}'
    )


async def test_one_failed_request_does_not_fail_the_others(
    portal: Portal, client: NetrexClient
) -> None:
    portal.says(
        {
            "data": {"a0": {"recordings": None}, "a1": {"recordings": []}},
            "errors": [refusal("You have no permission.", "a0", "recordings")],
        }
    )
    answers = await asyncio.gather(
        client.archive.list(1, 0, 900),
        client.archive.list(2, 0, 900),
        return_exceptions=True,
    )
    assert isinstance(answers[0], NetrexPermissionError)
    assert answers[1] == ()


async def test_canceled_request_is_not_sent(
    portal: Portal, client: NetrexClient, pacer: Pacer
) -> None:
    portal.says({"data": {"a0": {"progress": 7}}})
    left = asyncio.create_task(client.archive.state("left"))
    stays = asyncio.create_task(client.archive.state("stays"))
    await asyncio.sleep(0)
    left.cancel()
    assert (await stays).progress == 7
    assert len(portal.queries) == 1
    assert "left" not in portal.queries[0]

    # Canceling the last caller cancels the operation.
    alone = asyncio.create_task(client.archive.state("alone"))
    await asyncio.sleep(0)
    alone.cancel()
    await asyncio.wait([alone])
    assert (await client.archive.state("next")).progress == 7
    assert len(portal.queries) == 2
    assert "alone" not in portal.queries[1]


async def test_operations_have_a_maximum_size(
    portal: Portal, client: NetrexClient
) -> None:
    portal.says({"data": {f"a{index}": {"progress": 1} for index in range(20)}})
    states = await asyncio.gather(*(client.archive.state(f"r{n}") for n in range(45)))
    assert len(states) == 45
    assert [query.count("progress") for query in portal.queries] == [20, 20, 5]


@pytest.mark.parametrize("value", [False, None, "perhaps"])
async def test_preparation_that_the_portal_does_not_accept(
    portal: Portal, client: NetrexClient, value: object
) -> None:
    portal.says({"data": {"a0": value}})
    assert await client.archive.prepare("x", 720) is False


async def test_unknown_camera_and_recording(
    portal: Portal, client: NetrexClient
) -> None:
    portal.says({"data": {"a0": None}})
    with pytest.raises(NetrexNotFoundError):
        await client.archive.list(1, 0, 900)
    with pytest.raises(NetrexNotFoundError):
        await client.archive.state("x")


@pytest.mark.parametrize("camera", [{}, {"recordings": None}, {"recordings": []}, "x"])
async def test_no_recordings(
    portal: Portal, client: NetrexClient, camera: object
) -> None:
    portal.says({"data": {"a0": camera}})
    assert await client.archive.list(1, 0, 900) == ()


SPANS = [Span(start, start + 900) for start in range(0, 3600, 900)]


async def test_recorded_seconds_of_many_spans_cost_one_query(
    portal: Portal, client: NetrexClient
) -> None:
    portal.says(
        {
            "data": {
                "camera": {
                    "a0": [{"duration": 300}, {"duration": "598"}, {"duration": None}],
                    "a1": [],
                    "a2": None,
                    "a3": [{"duration": None}],
                }
            },
            "errors": [refusal("Range too long", "camera", "a2")],
        }
    )
    recorded = await client.archive.recorded_seconds(1, SPANS)
    # The third span failed; the recording of the fourth has no duration.
    assert recorded == {SPANS[0]: 598.0, SPANS[1]: 0.0}
    [body] = portal.bodies
    assert body["query"].count("recordings(") == len(SPANS)
    assert body["query"].count("camera(") == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"data": {"camera": None}}, NetrexNotFoundError),
        (
            {
                "data": {"camera": {"a0": None, "a1": None}},
                "errors": [refusal("Permission denied", "camera", "a0")],
            },
            NetrexPermissionError,
        ),
    ],
)
async def test_refused_recorded_seconds_raise(
    portal: Portal, client: NetrexClient, answer: dict[str, Any], kind: type[Exception]
) -> None:
    portal.says(answer)
    with pytest.raises(kind):
        await client.archive.recorded_seconds(1, SPANS[:2])


async def test_execute_returns_data_and_errors(
    portal: Portal, client: NetrexClient
) -> None:
    portal.says({"data": {"a": None, "b": 1}, "errors": [refusal("x", "a")]})
    variables = {"id": 1}
    query = "query($id:Int){b}"
    answer = await client.execute(query, variables)
    assert answer.data == {"a": None, "b": 1}
    assert portal.bodies == [{"query": query, "variables": variables}]


async def test_limit_error_beside_data_pauses_the_pacer(
    portal: Portal, client: NetrexClient, pacer: Pacer
) -> None:
    portal.says(
        {
            "data": {"a0": ROWS, "a1": None},
            "errors": [refusal("API limit exceeded.", "a1")],
        }
    )
    found = await client.kpi_series(series(2))
    assert len(found) == 1
    assert pacer.retry_after == pytest.approx(5, abs=0.5)


async def test_methods_use_their_lanes(
    portal: Portal, client: NetrexClient, pacer: Pacer
) -> None:
    portal.says({"data": {"a0": 1, "cameraList": [], "nodeList": []}})
    await client.inventory()
    await client.kpi_values([VALUE])
    await client.kpi_values([VALUE], lane=Lane.BACKFILL)
    await client.live_links([LinkRequest(1)])
    await client.execute("{a}")
    assert pacer.ledger.used_by_lane == dict.fromkeys(Lane, 1)
    pacer.ledger.allowance = 1
    with pytest.raises(NetrexBudgetError):
        await client.execute("{a}")
    await client.live_links([LinkRequest(1)])


async def test_token_is_renewed_before_the_turn(
    portal: Portal, session: aiohttp.ClientSession, pacer: Pacer
) -> None:
    """A refused renewal costs no query."""

    async def get_token() -> str:
        raise NetrexAuthError("revoked")

    client = NetrexClient(session, portal.url, get_token, pacer=pacer)
    with pytest.raises(NetrexAuthError):
        await client.inventory()
    assert pacer.ledger.used == 0


async def test_junk_data_never_breaks_a_method(
    portal: Portal, session: aiohttp.ClientSession, pacer: Pacer
) -> None:
    """Every method returns or raises a NetrexError."""
    client = NetrexClient(session, portal.url, give_token, pacer=pacer)
    names = ["a0", "nodeList", "cameraList", "camera", "recording", "__schema"]
    junks: list[object] = [5, "x", True, [], [[]], [None, 1], {}, {"live_view": 5}]
    for junk in junks:
        portal.answers.clear()
        portal.says({"data": dict.fromkeys(names, junk), "errors": [junk]})
        calls = (
            client.inventory(),
            client.camera_statuses(),
            client.fetch_schema(),
            client.kpi_series(series(1)),
            client.kpi_values([VALUE]),
            client.live_links([LinkRequest(1)]),
            client.archive.list(1, 0, 900),
            client.archive.recorded_seconds(1, SPANS),
            client.archive.prepare("x", 1),
            client.archive.state("x"),
        )
        for answer in await asyncio.gather(*calls, return_exceptions=True):
            assert not isinstance(answer, BaseException) or isinstance(
                answer, NetrexError
            )


@pytest.mark.parametrize(
    ("answers", "renews", "succeeds", "renewals"),
    [
        ([NO_TOKEN, {"data": {"a": 1}}], True, True, 1),
        ([NO_TOKEN], True, False, 1),
        ([NO_TOKEN], False, False, 1),
        ([{"errors": [{"message": "x", "category": "auth"}]}], True, False, 0),
    ],
)
async def test_a_token_that_expired_early_is_renewed_once(
    portal: Portal,
    session: aiohttp.ClientSession,
    pacer: Pacer,
    answers: list[dict[str, Any]],
    *,
    renews: bool,
    succeeds: bool,
    renewals: int,
) -> None:
    for answer in answers:
        portal.says(answer)
    renewed: list[str] = []

    async def renew(token: str) -> bool:
        renewed.append(token)
        return renews

    client = NetrexClient(
        session, portal.url, give_token, pacer=pacer, renew_token=renew
    )
    if succeeds:
        assert (await client.execute("{a}", lane=Lane.COMMAND)).data == {"a": 1}
    else:
        with pytest.raises(NetrexError):
            await client.execute("{a}", lane=Lane.COMMAND)

    assert renewed == [await give_token()] * renewals
    assert len(portal.queries) == 1 + (renews and renewals)
