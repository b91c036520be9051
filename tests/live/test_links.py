"""The broker: batched queries, one link per viewer, a pace per stream."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
import logging

import pytest

from custom_components.netrex.client import (
    LinkRequest,
    LiveLink,
    LiveTransport,
    NetrexAuthError,
    NetrexBudgetError,
    NetrexConnectionError,
    NetrexError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexRateLimitedError,
    NetrexResponseError,
)
from custom_components.netrex.live.links import LinkBroker
from custom_components.netrex.relay.terms import (
    EndReason,
    LinkError,
    LinkRefusal,
    SessionEnd,
)
from tests.client.virtual_time import clock, run
from tests.leaks import assert_no_secret


class Portal:
    """Answers each query with new links."""

    def __init__(self) -> None:
        self.queries: list[tuple[LinkRequest, ...]] = []
        self.answers: dict[int, NetrexError | None] = {}
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None

    @property
    def links(self) -> int:
        """The number of links."""
        return sum(map(len, self.queries))

    async def fetch(
        self, requests: Sequence[LinkRequest]
    ) -> Mapping[LinkRequest, LiveLink | NetrexError]:
        """Answer like `NetrexClient.live_links`; None in `answers` means no result."""
        self.queries.append(tuple(requests))
        number = len(self.queries)
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        results: dict[LinkRequest, LiveLink | NetrexError] = {}
        for request in requests:
            url = f"rtsp://portal/{request.node_id}~{number}"
            answer = self.answers.get(request.node_id, LiveLink(url))
            if answer is not None:
                results[request] = answer
        return results


def resolve(key: str) -> LinkRequest:
    """Return the request for a key, which is the camera's id."""
    if not key.isdecimal():
        raise LinkError(LinkRefusal.GONE)
    return LinkRequest(int(key))


def broker_for(
    portal: Portal, on_error: Callable[[NetrexError], None] = lambda _: None
) -> LinkBroker:
    return LinkBroker(portal.fetch, resolve, on_error=on_error, clock=clock)


async def refusal(broker: LinkBroker, key: str = "1") -> LinkError:
    """Return why there is no link."""
    with pytest.raises(LinkError) as caught:
        await broker.get_link(key)
    return caught.value


def failed(key: str = "1", ending: EndReason = EndReason.UPSTREAM) -> SessionEnd:
    return SessionEnd(key, LiveTransport.RTSP, ending, 0.0)


def test_a_wall_of_cameras_is_one_query() -> None:
    portal = Portal()

    async def scenario() -> None:
        broker = broker_for(portal)
        links = await asyncio.gather(
            *(broker.get_link(str(number)) for number in range(20))
        )
        assert clock() == pytest.approx(0.05)
        assert [link.url for link in links] == [
            f"rtsp://portal/{number}~1" for number in range(20)
        ]

    run(scenario())
    assert len(portal.queries) == 1


def test_two_viewers_of_a_camera_get_two_links() -> None:
    portal = Portal()

    async def scenario() -> None:
        broker = broker_for(portal)
        links = await asyncio.gather(*(broker.get_link("1") for _ in range(3)))
        assert len(set(links)) == 3

    run(scenario())
    assert [len(query) for query in portal.queries] == [1, 1, 1]


def test_a_query_requests_at_most_fifty_links() -> None:
    portal = Portal()

    async def scenario() -> None:
        broker = broker_for(portal)
        await asyncio.gather(*(broker.get_link(str(number)) for number in range(120)))

    run(scenario())
    assert [len(query) for query in portal.queries] == [50, 50, 20]


def test_calls_during_a_query_share_the_next() -> None:
    portal = Portal()

    async def scenario() -> None:
        portal.gate = asyncio.Event()
        broker = broker_for(portal)
        first = asyncio.create_task(broker.get_link("1"))
        await asyncio.sleep(0.1)
        later = [asyncio.create_task(broker.get_link(key)) for key in "23"]
        await asyncio.sleep(1)
        assert len(portal.queries) == 1
        portal.gate.set()
        await asyncio.gather(first, *later)

    run(scenario())
    assert [len(query) for query in portal.queries] == [1, 2]


def test_an_unclaimed_link_is_given_to_the_next_call_while_it_is_valid() -> None:
    portal = Portal()

    async def scenario() -> None:
        portal.gate = asyncio.Event()
        broker = broker_for(portal)
        for wait, expected in ((19.0, 1), (21.0, 2)):
            portal.gate.clear()
            gone = asyncio.create_task(broker.get_link("1"))
            await asyncio.sleep(0.1)
            gone.cancel()
            await asyncio.sleep(0.1)
            portal.gate.set()
            await asyncio.sleep(wait)
            asked = len(portal.queries)
            await broker.get_link("1")
            assert len(portal.queries) - asked == expected - 1

    run(scenario())


def test_a_player_that_reconnects_joins_its_pending_query() -> None:
    portal = Portal()

    async def scenario() -> None:
        portal.gate = asyncio.Event()
        broker = broker_for(portal)
        gone = asyncio.create_task(broker.get_link("1"))
        await asyncio.sleep(5)
        gone.cancel()
        again = asyncio.create_task(broker.get_link("1"))
        await asyncio.sleep(1)
        portal.gate.set()
        assert (await again).url == "rtsp://portal/1~1"

    run(scenario())
    assert len(portal.queries) == 1


def test_a_call_canceled_before_the_query_costs_none() -> None:
    portal = Portal()

    async def scenario() -> None:
        broker = broker_for(portal)
        gone = asyncio.create_task(broker.get_link("1"))
        await asyncio.sleep(0.01)
        gone.cancel()
        await asyncio.sleep(1)

    run(scenario())
    assert portal.queries == []


@pytest.mark.parametrize(
    ("error", "refused", "retry_after"),
    [
        (NetrexNotFoundError("x"), LinkRefusal.GONE, 10),
        (NetrexPermissionError("x"), LinkRefusal.FORBIDDEN, 10),
        (NetrexAuthError("x"), LinkRefusal.FORBIDDEN, 10),
        (NetrexRateLimitedError("x", retry_after=70), LinkRefusal.LIMITED, 70),
        (NetrexRateLimitedError("x"), LinkRefusal.LIMITED, 10),
        (NetrexBudgetError("x", retry_after=3600), LinkRefusal.LIMITED, 3600),
        (NetrexConnectionError("x"), LinkRefusal.UNAVAILABLE, 10),
        (NetrexResponseError("x"), LinkRefusal.UNAVAILABLE, 10),
        (None, LinkRefusal.UNAVAILABLE, 10),
    ],
)
def test_errors_are_translated_for_the_relay(
    error: NetrexError | None, refused: LinkRefusal, retry_after: float
) -> None:
    """Errors of one link among others, and of a query as a whole."""
    one, whole = Portal(), Portal()
    one.answers[1] = error
    whole.error = error
    seen: list[NetrexError] = []

    async def scenario() -> None:
        broker = broker_for(one, seen.append)
        good, bad = await asyncio.gather(broker.get_link("2"), refusal(broker))
        assert good
        assert (bad.refusal, bad.retry_after) == (refused, retry_after)
        if error is not None:
            broker = broker_for(whole, seen.append)
            for bad in await asyncio.gather(refusal(broker, "1"), refusal(broker, "2")):
                assert (bad.refusal, bad.retry_after) == (refused, retry_after)

    run(scenario())
    # Both halves of a query that failed are tried, but not after a reached limit.
    is_limit = isinstance(error, NetrexRateLimitedError)
    assert seen == ([] if error is None else [error] * (2 if is_limit else 4))


def test_an_unknown_stream_is_refused_without_a_query() -> None:
    portal = Portal()

    async def scenario() -> None:
        assert (await refusal(broker_for(portal), "x")).refusal is LinkRefusal.GONE

    run(scenario())
    assert portal.queries == []


def test_an_unexpected_exception_fails_the_pending_calls() -> None:
    portal = Portal()
    portal.error = ZeroDivisionError()

    async def scenario() -> None:
        broker = broker_for(portal)
        assert (await refusal(broker)).refusal is LinkRefusal.UNAVAILABLE
        await broker.close()

    run(scenario())


def test_closing_fails_the_pending_calls() -> None:
    portal = Portal()

    async def scenario() -> None:
        portal.gate = asyncio.Event()
        broker = broker_for(portal)
        await broker.close()
        waiting = [asyncio.create_task(refusal(broker, key)) for key in "11"]
        await asyncio.sleep(1)
        await broker.close()
        refusals = [error.refusal for error in await asyncio.gather(*waiting)]
        assert refusals == [LinkRefusal.UNAVAILABLE] * 2

    run(scenario())


def test_failures_delay_a_stream_until_a_good_session() -> None:
    portal = Portal()

    async def scenario() -> None:
        broker = broker_for(portal)
        waits: list[float] = []
        for _ in range(10):
            asked = clock()
            while True:
                try:
                    await broker.get_link("1")
                except LinkError as err:
                    await asyncio.sleep(err.retry_after)
                else:
                    break
            waits.append(round(clock() - asked))
            broker.ended(failed())
        assert waits == [0, 0, 5, 10, 20, 40, 80, 160, 300, 300]
        assert (await refusal(broker)).retry_after == pytest.approx(300)
        # Other streams are not delayed.
        await broker.get_link("2")

        await asyncio.sleep(300)
        await broker.get_link("1")
        broker.ended(SessionEnd("1", LiveTransport.RTSP, EndReason.UPSTREAM, 10.0))
        await broker.get_link("1")
        broker.ended(failed())
        await broker.get_link("1")

    run(scenario())


def test_a_short_wait_is_waited_out() -> None:
    portal = Portal()

    async def scenario() -> None:
        broker = broker_for(portal)
        for _ in range(2):
            await broker.get_link("1")
            broker.ended(failed())
        await asyncio.sleep(2.5)
        await broker.get_link("1")
        assert clock() == pytest.approx(5.15)

    run(scenario())


def test_rate_limits_do_not_count_as_failures() -> None:
    portal = Portal()
    portal.error = NetrexRateLimitedError("x", retry_after=1)

    async def scenario() -> None:
        broker = broker_for(portal)
        for _ in range(5):
            await refusal(broker)
        portal.error = None
        await broker.get_link("1")
        portal.error = NetrexConnectionError("x")
        await refusal(broker)
        await refusal(broker)
        assert (await refusal(broker)).refusal is LinkRefusal.LIMITED

    run(scenario())


def test_short_visits_do_not_count_as_failures() -> None:
    portal = Portal()

    async def scenario() -> None:
        broker = broker_for(portal)
        for _ in range(10):
            await broker.get_link("1")
            broker.ended(SessionEnd("1", LiveTransport.RTSP, EndReason.CLIENT, 2.0))
            broker.ended(failed(ending=EndReason.STOPPED))

    run(scenario())


@pytest.mark.parametrize("played", [0.0, 2.0, 11.0])
def test_no_player_can_use_up_the_daily_allowance(played: float) -> None:
    """Covers a player that restarts forever, with different playing times."""
    portal = Portal()

    async def scenario() -> None:
        broker = broker_for(portal)
        while clock() < 24 * 3600:
            try:
                await broker.get_link("1")
            except LinkError as err:
                await asyncio.sleep(min(err.retry_after, 5))
            else:
                await asyncio.sleep(played)
                broker.ended(
                    SessionEnd("1", LiveTransport.RTSP, EndReason.CLIENT, played)
                )

    run(scenario())
    assert portal.links <= 24 * 20 + 31


def test_no_link_shows_in_texts(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    portal = Portal()
    taken: list[str] = []

    async def scenario() -> str:
        broker = broker_for(portal)
        link = await broker.get_link("1")
        taken.append(link.url)
        return (
            f"{broker!r} {link!r} {LiveLink(link.url)!r} {await refusal(broker, 'x')!r}"
        )

    assert_no_secret(run(scenario()) + caplog.text, taken)
