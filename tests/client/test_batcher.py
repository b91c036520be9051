"""The batcher: no call stays pending, whatever happens to its operation."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from custom_components.netrex.client import NetrexError, NetrexResponseError
from custom_components.netrex.client.batcher import Batcher

from .virtual_time import run


async def _fail(requests: Sequence[int]) -> Mapping[int, int]:
    raise ZeroDivisionError


async def _wait(requests: Sequence[int]) -> Mapping[int, int]:
    await asyncio.Event().wait()
    raise AssertionError


def test_an_unexpected_exception_fails_the_pending_calls() -> None:
    async def scenario() -> None:
        batcher = Batcher(_fail)
        calls = [asyncio.create_task(batcher.get(number)) for number in range(30)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(result) for result in results} == {NetrexResponseError}

    run(scenario())


@pytest.mark.parametrize("seconds", [0, 1])
def test_closing_fails_the_pending_calls(seconds: float) -> None:
    async def scenario() -> None:
        batcher = Batcher(_wait)
        await batcher.close()
        calls = [asyncio.create_task(batcher.get(number)) for number in range(30)]
        await asyncio.sleep(seconds)
        await batcher.close()
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(result) for result in results} == {NetrexResponseError}

    run(scenario())


def test_a_canceled_operation_does_not_fail_the_next_calls() -> None:
    async def scenario() -> None:
        async def send(requests: Sequence[int]) -> Mapping[int, int]:
            if 1 in requests:
                await asyncio.Event().wait()
            return {request: request for request in requests}

        batcher = Batcher(send)
        canceled = asyncio.create_task(batcher.get(1))
        await asyncio.sleep(1)
        canceled.cancel()
        # Starts before the canceled operation has ended.
        following = asyncio.create_task(batcher.get(2))
        with pytest.raises(asyncio.CancelledError):
            await canceled
        assert await following == 2

    run(scenario())


def test_an_operation_has_a_limited_number_of_requests() -> None:
    sizes: list[int] = []

    async def send(requests: Sequence[int]) -> Mapping[int, int]:
        sizes.append(len(requests))
        return {request: request for request in requests}

    async def scenario() -> None:
        batcher = Batcher(send, max_requests=7)
        await asyncio.gather(*(batcher.get(number) for number in range(20)))

    run(scenario())
    assert sizes == [7, 7, 6]


def test_equal_requests_share_a_result_and_canceled_ones_are_not_sent() -> None:
    sent: list[Sequence[int]] = []

    async def send(requests: Sequence[int]) -> Mapping[int, int]:
        sent.append(requests)
        await asyncio.sleep(1)
        return {request: request for request in requests}

    async def scenario() -> None:
        batcher = Batcher(send)
        calls = [asyncio.create_task(batcher.get(number)) for number in (1, 1, 2, 3)]
        await asyncio.sleep(0)
        calls[2].cancel()
        await asyncio.sleep(0.1)
        calls[0].cancel()
        results = await asyncio.gather(*calls[1:], return_exceptions=True)
        assert results[0] == 1
        assert isinstance(results[1], asyncio.CancelledError)
        assert results[2] == 3

    run(scenario())
    assert sent == [(1, 3)]


def test_errors_of_one_request_and_of_the_operation_are_raised() -> None:
    error = NetrexResponseError("x")

    async def send(requests: Sequence[int]) -> Mapping[int, int | NetrexError]:
        if 4 in requests:
            raise error
        return {1: 1, 2: error}

    async def scenario() -> None:
        batcher = Batcher(send)
        calls = [asyncio.create_task(batcher.get(number)) for number in (1, 2, 3)]
        one, two, missing = await asyncio.gather(*calls, return_exceptions=True)
        assert one == 1
        assert two is error
        assert isinstance(missing, NetrexResponseError)
        with pytest.raises(NetrexResponseError) as caught:
            await batcher.get(4)
        assert caught.value is error

    run(scenario())
