"""Queries for many items find the items that fail them, and spare the others."""

from collections.abc import Callable, Mapping
from contextlib import suppress

import pytest

from custom_components.netrex.client import (
    NetrexAuthError,
    NetrexBudgetError,
    NetrexConnectionError,
    NetrexError,
    NetrexNoDataError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexRateLimitedError,
    NetrexResponseError,
)
from custom_components.netrex.item_queries import ItemQueries

ITEMS = list(range(23))


class Portal:
    """A portal that fails every query with a bad item."""

    def __init__(self, error: NetrexError, *bad: int) -> None:
        self.error = error
        self.bad = set(bad)
        self.answered: set[int] = set()
        self.queries: list[tuple[int, ...]] = []

    async def query(self, batch: tuple[int, ...]) -> Mapping[int, NetrexError]:
        """Fail, or answer all items."""
        self.queries.append(batch)
        if self.bad.intersection(batch):
            raise self.error
        self.answered.update(batch)
        return {}

    async def run(self, items: ItemQueries[int], keys: list[int] = ITEMS) -> None:
        """Run the queries for what is due and was not answered."""
        self.queries.clear()
        due = [key for key in keys if items.refused.is_due(key)]
        await items.async_run(
            [key for key in due if key not in self.answered], self.query
        )


@pytest.mark.parametrize(
    "error",
    [
        NetrexAuthError("no"),
        NetrexConnectionError("no"),
        NetrexPermissionError("no"),
        NetrexRateLimitedError("no"),
        NetrexResponseError("no"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("bad", [(0,), (7, 8, 9), (0, 12, 22), (20, 21, 22)])
async def test_bad_items_are_found_and_all_others_read(
    error: NetrexError, bad: tuple[int, ...]
) -> None:
    items, portal = ItemQueries[int](lambda: 0), Portal(error, *bad)
    for _ in range(9):
        with suppress(type(error)):
            await portal.run(items)
    assert portal.answered == set(ITEMS) - set(bad)
    assert {key for key in ITEMS if key in items.refused} == set(bad)

    # Later they are asked alone, until the portal answers.
    portal.bad.clear()
    items.refused._clock = lambda: 1e6
    await portal.run(items)
    assert portal.answered == set(ITEMS)
    assert not items.refused.by_reason()


async def test_without_any_response_no_item_is_refused() -> None:
    items = ItemQueries[int](lambda: 0)
    portal = Portal(NetrexConnectionError("no"), *ITEMS)
    for _ in range(5):
        with pytest.raises(NetrexConnectionError):
            await portal.run(items)
        # An outage must not cost a timeout per item.
        assert len(portal.queries) == 2
    assert not items.refused.by_reason()


async def test_a_used_allowance_is_about_no_item() -> None:
    items = ItemQueries[int](lambda: 0)
    portal = Portal(NetrexBudgetError("no"), *ITEMS)
    for _ in range(3):
        with pytest.raises(NetrexBudgetError):
            await portal.run(items)
        assert [len(batch) for batch in portal.queries] == [5]
    assert not items.refused.by_reason()


@pytest.mark.parametrize(
    ("errors", "reason"),
    [
        (lambda key: NetrexNotFoundError(str(key)), "not_found"),
        (lambda key: NetrexPermissionError(str(key)), "no_permission"),
    ],
)
async def test_errors_of_single_items_need_no_further_query(
    errors: Callable[[int], NetrexError], reason: str
) -> None:
    items, batches = ItemQueries[int](lambda: 0), 0

    async def query(batch: tuple[int, ...]) -> Mapping[int, NetrexError]:
        nonlocal batches
        batches += 1
        return {key: errors(key) for key in batch if key < 6}

    await items.async_run(ITEMS, query)
    assert batches == 5
    assert items.refused.by_reason() == {reason: 6}


async def test_nothing_at_all_is_about_no_item() -> None:
    items = ItemQueries[int](lambda: 0)

    async def query(batch: tuple[int, ...]) -> Mapping[int, NetrexError]:
        return {key: NetrexNoDataError("nothing") for key in batch}

    with pytest.raises(NetrexNoDataError):
        await items.async_run(ITEMS, query)
    assert not items.refused.by_reason()


async def test_items_that_are_gone_are_forgotten() -> None:
    items, portal = ItemQueries[int](lambda: 0), Portal(NetrexResponseError("no"), 0)
    for _ in range(4):
        with suppress(NetrexResponseError):
            await portal.run(items)
    assert 0 in items.refused
    items.retain(range(1, 5))
    assert 0 not in items.refused
    assert 0 not in items._suspects
