"""Requests that may belong to the account of another pacer, in virtual time."""

import asyncio
from itertools import pairwise

import pytest

from custom_components.netrex.client import (
    Lane,
    NetrexBudgetError,
    NetrexRateLimitedError,
)

from ..ledgers import spent
from .requests_for_pacer import Requests, make_pacer
from .virtual_time import clock, run


def gaps(requests: Requests) -> list[float]:
    """Return the seconds between the starts of requests."""
    times = requests.times
    return [later - earlier for earlier, later in pairwise(times)]


@pytest.mark.parametrize("seconds", [0.0, 0.5, 2.0, 9.0])
def test_no_request_of_a_neighbor_comes_too_close(seconds: float) -> None:
    """All neighbors are busy with requests of any lane and of any duration."""

    async def main() -> None:
        flow, requests = make_pacer(), Requests()
        accounts = [make_pacer() for _ in range(2)]
        flow.neighbors = lambda: accounts
        logs = [Requests() for _ in accounts]
        busy = [
            asyncio.create_task(pacer.run(lane, log.make(lane.name, seconds)))
            for pacer, log in zip(accounts, logs, strict=True)
            for lane in Lane
        ]
        for _ in range(4):
            await flow.run(Lane.INTERACTIVE, requests.make("flow", 0.2))
            await asyncio.sleep(0.05)
        await asyncio.gather(*busy)
        assert min(gaps(requests)) >= 1.1
        for log in logs:
            both = Requests()
            both.starts = sorted(requests.starts + log.starts, key=lambda one: one[1])
            assert min(gaps(both)) >= 1.0
        assert [pacer.ledger.used for pacer in (flow, *accounts)] == [4, 9, 9]

    run(main())


def test_a_neighbor_waits_only_until_the_request_is_sent() -> None:
    async def main() -> None:
        flow, account, requests = make_pacer(), make_pacer(), Requests()
        flow.neighbors = lambda: [account]
        slow = asyncio.create_task(
            flow.run(Lane.INTERACTIVE, requests.make("slow", 30))
        )
        await asyncio.sleep(0.1)
        await account.run(Lane.STATUS, requests.make("poll"))
        await slow
        assert requests.starts == [("slow", 0.0), ("poll", 3.0)]

    run(main())


def test_a_request_waits_for_the_pause_of_a_neighbor() -> None:
    async def main() -> None:
        flow, requests = make_pacer(), Requests()
        accounts = [make_pacer(), make_pacer()]
        flow.neighbors = lambda: accounts
        accounts[1].back_off()
        held = asyncio.create_task(flow.run(Lane.INTERACTIVE, requests.make("flow")))
        await asyncio.sleep(0.1)
        # The other neighbor does not wait with it.
        await accounts[0].run(Lane.KPI, requests.make("poll"))
        await held
        assert requests.starts == [("poll", 0.1), ("flow", 5.0)]
        # Its own request was not the one that the portal accepted.
        accounts[1].back_off()
        assert accounts[1].retry_after == pytest.approx(10)

    run(main())


def test_two_requests_do_not_wait_for_the_turns_of_each_other() -> None:
    """The second one finds the pause at an end that the first one waited for."""

    async def main() -> None:
        flow, requests = make_pacer(), Requests()
        accounts = [make_pacer(), make_pacer()]
        flow.neighbors = lambda: accounts
        accounts[1].pause(2)
        queued = [
            asyncio.create_task(accounts[1].run(Lane.INTERACTIVE, Requests().make("x")))
            for _ in range(5)
        ]
        await asyncio.sleep(0.1)
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for name in ("first", "second"):
                group.create_task(flow.run(Lane.INTERACTIVE, requests.make(name)))
        await asyncio.gather(*queued)
        assert requests.names == ["first", "second"]
        assert gaps(requests) == [pytest.approx(1.1)]

    run(main())


def test_a_neighbor_that_cannot_send_refuses_or_is_skipped() -> None:
    async def main() -> None:
        flow, account, requests = make_pacer(), make_pacer(), Requests()
        flow.neighbors = lambda: [account]
        account.pause(60)
        with pytest.raises(NetrexRateLimitedError):
            await flow.run(Lane.INTERACTIVE, requests.make("no"))
        await asyncio.sleep(60)
        account.pause(20)
        sent = asyncio.create_task(flow.run(Lane.INTERACTIVE, requests.make("yes")))
        await asyncio.sleep(1)
        await account.clear()
        assert await sent == "yes"

        flow.neighbors = lambda: [make_pacer(spent({0: 10_000}, clock))]
        with pytest.raises(NetrexBudgetError):
            await flow.run(Lane.INTERACTIVE, requests.make("no"))
        flow.neighbors = tuple
        await flow.run(Lane.INTERACTIVE, requests.make("other"))
        assert requests.names == ["yes", "other"]

    run(main())


def test_an_abandoned_turn_leaves_nothing_behind() -> None:
    async def main() -> None:
        flow, account, requests = make_pacer(), make_pacer(), Requests()
        flow.neighbors = lambda: [account]
        account.back_off()
        waiting = asyncio.create_task(flow.run(Lane.INTERACTIVE, requests.make("no")))
        await asyncio.sleep(1)
        waiting.cancel()
        await account.run(Lane.STATUS, requests.make("poll"))
        assert requests.starts == [("poll", 5.0)]
        assert account.ledger.used == 1

        other = make_pacer()
        other.back_off()
        flow.neighbors = lambda: [account, other]
        await asyncio.sleep(10)
        other.back_off()
        waiting = asyncio.create_task(flow.run(Lane.INTERACTIVE, requests.make("no")))
        await asyncio.sleep(0.1)
        waiting.cancel()
        await account.run(Lane.STATUS, requests.make("poll"))
        assert clock() == pytest.approx(15.1)

    run(main())


def test_a_pacer_follows_another_one() -> None:
    async def main() -> None:
        flow, account, requests = make_pacer(), make_pacer(), Requests()
        await flow.run(Lane.INTERACTIVE, requests.make("flow"))
        account.follow(flow)
        await account.run(Lane.STATUS, requests.make("poll"))
        assert requests.times == [0.0, 1.1]
        flow.back_off()
        account.follow(flow)
        await account.run(Lane.STATUS, requests.make("poll"))
        assert requests.times[2] == pytest.approx(6.1)
        make_pacer().follow(make_pacer())

    run(main())
