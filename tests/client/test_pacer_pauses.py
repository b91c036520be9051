"""Refusals by the portal and the ledger, in virtual time."""

import asyncio
import logging

import pytest

from custom_components.netrex.client import (
    Lane,
    NetrexBudgetError,
    NetrexRateLimitedError,
)

from ..ledgers import spent
from .requests_for_pacer import Requests, make_pacer
from .virtual_time import clock, run


def test_refusal_pauses_all_lanes_longer_each_time() -> None:
    async def main() -> None:
        pacer, requests = make_pacer(), Requests()
        refusal = NetrexRateLimitedError("slow down")
        for pause in (5.0, 10.0, 20.0):
            with pytest.raises(NetrexRateLimitedError):
                await pacer.run(Lane.KPI, requests.make("no", 0, refusal))
            assert pacer.retry_after == pytest.approx(pause)
        await pacer.run(Lane.INTERACTIVE, requests.make("yes"))
        assert requests.times == [0.0, 5.0, 15.0, 35.0]
        assert pacer.retry_after is None
        # A success resets the length of pauses.
        with pytest.raises(NetrexRateLimitedError):
            await pacer.run(Lane.KPI, requests.make("no", 0, refusal))
        assert pacer.retry_after == pytest.approx(5)

    run(main())


def test_pauses_have_a_maximum() -> None:
    async def main() -> None:
        pacer = make_pacer()
        for _ in range(60):
            pacer.back_off()
            await asyncio.sleep(pacer.retry_after or 0)
        pacer.back_off()
        assert pacer.retry_after == pytest.approx(900)

    run(main())


@pytest.mark.parametrize(
    ("announced", "pause"), [(7.0, 7.0), (0.0, 1.1), (10_000_000.0, 86_400.0)]
)
def test_announced_pause_is_kept_within_limits(announced: float, pause: float) -> None:
    async def main() -> None:
        pacer, requests = make_pacer(), Requests()
        refusal = NetrexRateLimitedError("slow down", retry_after=announced)
        with pytest.raises(NetrexRateLimitedError):
            await pacer.run(Lane.KPI, requests.make("no", 0, refusal))
        assert pacer.retry_after == pytest.approx(pause)

    run(main())


def test_refusals_of_requests_in_flight_do_not_add_up() -> None:
    async def main() -> None:
        pacer, requests = make_pacer(interval=0), Requests()
        refusal = NetrexRateLimitedError("slow down")
        await asyncio.gather(
            *(pacer.run(Lane.KPI, requests.make("no", 1, refusal)) for _ in range(9)),
            pacer.run(Lane.KPI, requests.make("started before", 2)),
            return_exceptions=True,
        )
        assert pacer.retry_after == pytest.approx(4)
        await asyncio.sleep(4)
        # The success of a request that started before the refusal does not count.
        pacer.back_off()
        assert pacer.retry_after == pytest.approx(10)

    run(main())


def test_long_pause_rejects_requests() -> None:
    async def main() -> None:
        pacer, requests = make_pacer(), Requests()
        await pacer.run(Lane.KPI, requests.make("before"))
        waiting = [
            asyncio.create_task(pacer.run(lane, requests.make("no"))) for lane in Lane
        ]
        await asyncio.sleep(0.1)
        pacer.pause(10)
        pacer.pause(60)
        pacer.pause(5)
        for answer in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(answer, NetrexRateLimitedError)
            assert answer.retry_after == pytest.approx(60)
        with pytest.raises(NetrexRateLimitedError):
            await pacer.run(Lane.INTERACTIVE, requests.make("no"))
        await asyncio.sleep(35)
        # The rest of the pause is short enough to wait.
        await pacer.run(Lane.INTERACTIVE, requests.make("yes"))
        assert requests.starts == [("before", 0.0), ("yes", pytest.approx(60.1))]
        assert pacer.ledger.used == 2

    run(main())


@pytest.mark.parametrize(("pause", "logged"), [(9, 1), (601, 6)])
def test_refusals_with_a_quiet_time_between_them_are_logged_separately(
    caplog: pytest.LogCaptureFixture, pause: float, logged: int
) -> None:
    """Another client of the account causes a refusal every few seconds."""

    async def main() -> None:
        pacer, requests = make_pacer(), Requests()
        for _ in range(3):
            with pytest.raises(NetrexRateLimitedError):
                await pacer.run(
                    Lane.KPI, requests.make("no", 0, NetrexRateLimitedError("no"))
                )
            await asyncio.sleep(pause)
            for _ in range(3):
                await pacer.run(Lane.KPI, requests.make("yes"))

    caplog.set_level(logging.INFO, "custom_components.netrex")
    run(main())
    lines = [
        ("WARNING", "The portal's limit is reached; pausing all queries"),
        ("INFO", "The portal accepts queries again"),
    ]
    assert [(record.levelname, record.message) for record in caplog.records] == (
        (lines * 3)[:logged]
    )


@pytest.mark.parametrize("lane", [Lane.INTERACTIVE, Lane.COMMAND])
def test_a_refused_request_of_a_user_is_sent_again_once(lane: Lane) -> None:
    async def main() -> None:
        pacer, requests = make_pacer(), Requests()
        first = NetrexRateLimitedError("slow down")
        refused = requests.make("refused", 0, first)
        others = requests.make("others")

        async def once() -> str:
            return await (others() if requests.starts else refused())

        later = asyncio.create_task(pacer.run(lane, once))
        queued = asyncio.create_task(pacer.run(lane, requests.make("queued")))
        assert await later == "others"
        await queued
        assert requests.starts == [
            ("refused", 0.0),
            ("others", 5.0),
            ("queued", pytest.approx(6.1)),
        ]
        # Not a third time, so that a lasting refusal is reported.
        with pytest.raises(NetrexRateLimitedError):
            await pacer.run(lane, requests.make("never", 0, first))
        assert requests.names[3:] == ["never", "never"]
        assert pacer.ledger.used == 5

    run(main())


def test_a_user_that_joins_a_poll_does_not_get_its_refusal() -> None:
    async def main() -> None:
        pacer, requests = make_pacer(), Requests()
        poll = requests.make("poll", 1, NetrexRateLimitedError("slow down"))

        async def request() -> str:
            return await (requests.make("again") if requests.starts else poll)()

        poller = asyncio.create_task(pacer.run(Lane.STATUS, request, key="tree"))
        await asyncio.sleep(0.5)
        assert await pacer.run(Lane.INTERACTIVE, request, key="tree") == "again"
        assert await poller == "again"

    run(main())


def test_a_refused_request_is_not_repeated_after_a_long_pause() -> None:
    async def main() -> None:
        pacer, requests = make_pacer(), Requests()
        refusal = NetrexRateLimitedError("slow down", retry_after=31)
        with pytest.raises(NetrexRateLimitedError):
            await pacer.run(Lane.INTERACTIVE, requests.make("no", 0, refusal))
        assert requests.names == ["no"]

    run(main())


def test_an_allowance_used_up_elsewhere_does_not_pause() -> None:
    async def main() -> None:
        pacer, requests = make_pacer(), Requests()
        used_up = NetrexBudgetError("used up", retry_after=3600)
        with pytest.raises(NetrexBudgetError):
            await pacer.run(Lane.INTERACTIVE, requests.make("no", 0, used_up))
        assert pacer.retry_after is None
        assert requests.names == ["no"]

    run(main())


def test_ledger_rejects_new_requests() -> None:
    async def main() -> None:
        ledger = spent({0: 10}, clock, allowance=10)
        pacer, requests = make_pacer(ledger), Requests()
        with pytest.raises(NetrexBudgetError) as caught:
            await pacer.run(Lane.COMMAND, requests.make("no"))
        assert caught.value.retry_after == 25 * 3600
        await pacer.run(Lane.INTERACTIVE, requests.make("yes"))
        assert requests.names == ["yes"]
        assert pacer.retry_after is None

    run(main())


def test_ledger_rejects_queued_requests() -> None:
    """The rest of the allowance goes to the requests that were queued first."""

    async def main() -> None:
        ledger = spent({0: 97}, clock, allowance=100)
        pacer, requests = make_pacer(ledger), Requests()
        answers = await asyncio.gather(
            *(pacer.run(Lane.COMMAND, requests.make(name)) for name in "abcdef"),
            return_exceptions=True,
        )
        assert answers[:3] == ["a", "b", "c"]
        assert all(isinstance(answer, NetrexBudgetError) for answer in answers[3:])

    run(main())
