"""The pacer, case by case, in virtual time."""

import asyncio

import pytest

from custom_components.netrex.client import (
    Lane,
    NetrexConnectionError,
    NetrexNotFoundError,
)

from .requests_for_pacer import Requests, make_pacer
from .virtual_time import run


@pytest.mark.parametrize(
    ("seconds", "starts"),
    [
        (0.0, [0.0, 1.1, 2.2]),
        (0.5, [0.0, 1.5, 3.0]),  # the response proves the arrival
        (2.5, [0.0, 3.0, 6.0]),  # the next start is at most 3 s later
        (20.0, [0.0, 3.0, 6.0]),
    ],
)
def test_starts_keep_their_distance(seconds: float, starts: list[float]) -> None:
    async def main() -> None:
        pacer, requests = make_pacer(), Requests()
        names = ["a", "b", "c"]
        answers = await asyncio.gather(
            *(pacer.run(Lane.KPI, requests.make(name, seconds)) for name in names)
        )
        assert answers == names
        assert requests.times == starts

    run(main())


def test_no_spacing_with_interval_0() -> None:
    async def main() -> None:
        pacer, requests = make_pacer(interval=0), Requests()
        await asyncio.gather(
            *(pacer.run(Lane.KPI, requests.make(str(i), 9)) for i in range(5))
        )
        assert requests.times == [0.0] * 5

    run(main())


def test_missing_response_proves_no_arrival() -> None:
    async def main() -> None:
        pacer, requests = make_pacer(), Requests()
        error = NetrexConnectionError("no route")
        with pytest.raises(NetrexConnectionError, match="no route"):
            await pacer.run(Lane.KPI, requests.make("a", 0.1, error))
        await pacer.run(Lane.KPI, requests.make("b"))
        assert requests.times == [0.0, 3.0]

    run(main())


def test_priority_comes_before_order() -> None:
    async def main() -> None:
        pacer, requests = make_pacer(), Requests()
        order = [Lane.BACKFILL, *reversed(Lane), *Lane]
        await asyncio.gather(
            *(
                pacer.run(lane, requests.make(f"{lane:d}{index}"))
                for index, lane in enumerate(order)
            )
        )
        assert requests.names == sorted(requests.names)
        assert len(requests.names) == len(order)

    run(main())


def test_same_key_shares_one_request() -> None:
    async def main() -> None:
        pacer, requests = make_pacer(), Requests()
        before = pacer.run(Lane.STATUS, requests.make("before"))
        many = [
            pacer.run(Lane.KPI, requests.make("shared", 1), key="k") for _ in range(5)
        ]
        assert await asyncio.gather(before, *many) == ["before"] + ["shared"] * 5
        # A finished request is not shared.
        await pacer.run(Lane.KPI, requests.make("later"), key="k")
        assert requests.names == ["before", "shared", "later"]
        assert pacer.ledger.used == 3

    run(main())


def test_shared_request_has_the_highest_priority() -> None:
    async def main() -> None:
        pacer, requests = make_pacer(), Requests()
        await asyncio.gather(
            pacer.run(Lane.BACKFILL, requests.make("first")),
            pacer.run(Lane.BACKFILL, requests.make("shared"), key="k"),
            pacer.run(Lane.STATUS, requests.make("status")),
            pacer.run(Lane.COMMAND, requests.make("unused"), key="k"),
            pacer.run(Lane.KPI, requests.make("unused too"), key="k"),
        )
        assert requests.names == ["shared", "status", "first"]
        assert pacer.ledger.used_by_lane[Lane.COMMAND] == 1

    run(main())


def test_sharing_a_request_in_flight() -> None:
    async def main() -> None:
        pacer, requests = make_pacer(), Requests()
        first = asyncio.create_task(pacer.run(Lane.KPI, requests.make("a", 2), key="k"))
        await asyncio.sleep(1)
        assert await pacer.run(Lane.INTERACTIVE, requests.make("b"), key="k") == "a"
        assert await first == "a"

    run(main())


def test_all_sharers_get_the_error() -> None:
    async def main() -> None:
        pacer, requests = make_pacer(), Requests()
        error = NetrexNotFoundError("gone")
        answers = await asyncio.gather(
            *(
                pacer.run(Lane.KPI, requests.make("a", 1, error), key="k")
                for _ in range(3)
            ),
            return_exceptions=True,
        )
        assert answers == [error] * 3

    run(main())


def test_canceled_waiter_leaves_the_queue() -> None:
    async def main() -> None:
        pacer, requests = make_pacer(), Requests()
        tasks = [
            asyncio.create_task(pacer.run(Lane.KPI, requests.make(name), key=name))
            for name in "abcd"
        ]
        await asyncio.sleep(0.5)
        tasks[1].cancel()
        await asyncio.wait(tasks)
        assert tasks[1].cancelled()
        assert requests.starts == [
            ("a", 0.0),
            ("c", pytest.approx(1.1)),
            ("d", pytest.approx(2.2)),
        ]
        assert pacer.ledger.used == 3

    run(main())


@pytest.mark.parametrize("delay", [0.5, 1.5])
def test_canceled_sharer_does_not_affect_the_others(delay: float) -> None:
    """Before and after the shared request has started."""

    async def main() -> None:
        pacer, requests = make_pacer(), Requests()
        await pacer.run(Lane.KPI, requests.make("before"))
        tasks = [
            asyncio.create_task(pacer.run(Lane.KPI, requests.make("a", 1), key="k"))
            for _ in range(3)
        ]
        await asyncio.sleep(delay)
        tasks[0].cancel()
        await asyncio.wait(tasks)
        assert tasks[0].cancelled()
        assert [task.result() for task in tasks[1:]] == ["a", "a"]
        assert requests.names == ["before", "a"]

    run(main())


def test_canceling_all_sharers_cancels_the_request() -> None:
    async def main() -> None:
        pacer, requests = make_pacer(), Requests()
        tasks = [
            asyncio.create_task(pacer.run(Lane.KPI, requests.make("a", 9), key="k"))
            for _ in range(2)
        ]
        await asyncio.sleep(0.5)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        # A new caller does not join the canceled request, which may have arrived.
        assert await pacer.run(Lane.KPI, requests.make("b"), key="k") == "b"
        assert requests.finished == ["b"]
        assert requests.times == [0.0, 3.0]

    run(main())


def test_request_that_cancels_itself() -> None:
    async def main() -> None:
        async def request() -> str:
            raise asyncio.CancelledError

        with pytest.raises(asyncio.CancelledError):
            await make_pacer().run(Lane.KPI, request)

    run(main())


def test_clear_rejects_waiters_and_cancels_requests() -> None:
    async def main() -> None:
        pacer, requests = make_pacer(), Requests()
        tasks = [
            asyncio.create_task(pacer.run(Lane.KPI, requests.make(name, 5), key=name))
            for name in "abc"
        ]
        await asyncio.sleep(0.5)
        await pacer.clear()
        for answer in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(answer, NetrexConnectionError)
        await asyncio.sleep(0.01)
        assert len(asyncio.all_tasks()) == 1
        # The account's next setup keeps the distance.
        assert await pacer.run(Lane.KPI, requests.make("d"), key="b") == "d"
        assert requests.times == [0.0, 3.0]
        assert requests.finished == ["d"]

    run(main())


def test_clear_before_the_first_start() -> None:
    async def main() -> None:
        pacer, requests = make_pacer(), Requests()
        await pacer.clear()
        task = asyncio.create_task(pacer.run(Lane.KPI, requests.make("a")))
        await asyncio.sleep(0)
        await pacer.clear()
        with pytest.raises(NetrexConnectionError):
            await task
        assert await pacer.run(Lane.KPI, requests.make("b")) == "b"

    run(main())


def test_no_task_remains_when_the_queue_is_empty() -> None:
    async def main() -> None:
        pacer, requests = make_pacer(), Requests()
        await pacer.run(Lane.KPI, requests.make("a"))
        task = asyncio.create_task(pacer.run(Lane.KPI, requests.make("b")))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait([task])
        await asyncio.sleep(0.1)
        assert len(asyncio.all_tasks()) == 1
        assert await pacer.run(Lane.KPI, requests.make("c")) == "c"

    run(main())


def test_eager_tasks_are_supported() -> None:
    """Home Assistant's loop may run a task before it is returned."""

    async def main() -> None:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        pacer = make_pacer()
        order: list[str] = []

        async def inner() -> str:
            order.append("inner")
            return "inner"

        async def outer() -> str:
            order.append("outer")
            return await pacer.run(Lane.KPI, inner)

        answers = await asyncio.gather(
            pacer.run(Lane.KPI, outer), pacer.run(Lane.STATUS, inner)
        )
        assert list(answers) == ["inner", "inner"]
        assert order[0] == "outer"
        assert len(order) == 3
        assert pacer.ledger.used == 3

    run(main())
