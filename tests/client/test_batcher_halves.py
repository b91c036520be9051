"""An operation that one request fails is split, and the request is kept apart."""

import asyncio
from collections.abc import Sequence

import pytest

from custom_components.netrex.client import batcher as batcher_module
from custom_components.netrex.client.batcher import Batcher
from custom_components.netrex.client.errors import (
    NetrexError,
    NetrexRateLimitedError,
    NetrexResponseError,
)


async def fetch_all(error: NetrexError, *bad: int) -> tuple[list[object], list[int]]:
    """Request eight items twice; return the last results, and all sizes."""
    sizes: list[int] = []

    async def send(requests: Sequence[int]) -> dict[int, int | NetrexError]:
        sizes.append(len(requests))
        if set(bad).intersection(requests):
            raise error
        return {request: request for request in requests}

    batcher: Batcher[int, int] = Batcher(send)
    results: list[object] = []
    for _ in range(2):
        results = list(
            await asyncio.gather(*map(batcher.get, range(8)), return_exceptions=True)
        )
    await batcher.close()
    return results, sizes


async def test_others_are_answered_and_the_bad_request_is_kept_apart() -> None:
    error = NetrexResponseError("no")
    results, sizes = await fetch_all(error, 2)
    assert results == [0, 1, error, 3, 4, 5, 6, 7]
    # Then one operation for the others, and one for the bad request.
    assert sizes[:7] == [8, 4, 4, 2, 2, 1, 1]
    assert sorted(sizes[7:]) == [1, 7]


async def test_an_outage_costs_two_more_operations() -> None:
    results, sizes = await fetch_all(NetrexResponseError("no"), *range(8))
    assert all(isinstance(result, NetrexResponseError) for result in results)
    assert sizes == [8, 4, 4] * 2


async def test_a_reached_limit_is_not_split() -> None:
    _, sizes = await fetch_all(NetrexRateLimitedError("no"), 2)
    assert sizes == [8, 8]


@pytest.mark.parametrize("seconds", [900.0, 0.0])
async def test_a_request_is_not_kept_apart_once_it_is_answered_or_time_has_passed(
    monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr(batcher_module, "_SEPARATE_SECONDS", seconds)
    bad, operations = {1}, []

    async def send(requests: Sequence[int]) -> dict[int, int | NetrexError]:
        operations.append(sorted(requests))
        if bad.intersection(requests):
            raise NetrexResponseError("no")
        return {request: request for request in requests}

    batcher: Batcher[int, int] = Batcher(send)

    async def fetch() -> list[int | BaseException]:
        found = [batcher.get(request) for request in (0, 1)]
        return await asyncio.gather(*found, return_exceptions=True)

    assert isinstance((await fetch())[1], NetrexResponseError)
    bad.clear()
    operations.clear()
    assert await fetch() == [0, 1]
    assert sorted(operations) == ([[0], [1]] if seconds else [[0, 1]])
    operations.clear()
    assert await fetch() == [0, 1]
    assert operations == [[0, 1]]
    await batcher.close()
