"""Errors of single items, and when each item is due again."""

import pytest

from custom_components.netrex.client import (
    NetrexConnectionError,
    NetrexNotFoundError,
    NetrexPermissionError,
)
from custom_components.netrex.client.backoff import ITEM_DELAYS
from custom_components.netrex.client.days import DAY, HOUR
from custom_components.netrex.item_errors import ItemErrors, concerns_item

NOW = 1_800_000_000.0


class Clock:
    """A clock that a test sets."""

    now = NOW

    def __call__(self) -> float:
        """Return the unix time."""
        return self.now


def test_the_delay_grows_and_ends_with_a_success() -> None:
    clock = Clock()
    errors = ItemErrors[int](clock)
    assert errors.is_due(1)
    for delay in (*ITEM_DELAYS, ITEM_DELAYS[-1]):
        errors.failed(1, NetrexNotFoundError("gone"))
        clock.now += delay - 1
        assert not errors.is_due(1)
        clock.now += 1
        assert errors.is_due(1)
    assert errors.is_due(2)
    assert errors.lasting(3) == [1]
    errors.succeeded(1)
    assert 1 not in errors


def test_reasons_are_counted_and_survive_a_restart() -> None:
    clock = Clock()
    errors = ItemErrors[int](clock)
    errors.failed(1, NetrexNotFoundError("gone"))
    errors.failed(2, NetrexPermissionError("no right"))
    errors.failed(2, NetrexPermissionError("no right"))
    restored = ItemErrors[int](clock)
    restored.restore(errors.as_dict(), int)
    assert restored.by_reason() == {"not_found": 1, "no_permission": 1}
    assert restored.due_at(2) == NOW + HOUR
    restored.retain({2})
    assert restored.by_reason() == {"no_permission": 1}


@pytest.mark.parametrize("ahead", [-DAY, -HOUR, 2 * HOUR, 5 * DAY])
def test_a_clock_once_wrong_adds_at_most_one_delay(ahead: int) -> None:
    clock = Clock()
    errors = ItemErrors[int](clock)
    clock.now = NOW + ahead
    errors.failed(1, NetrexNotFoundError("gone"))
    clock.now = NOW
    restored = ItemErrors[int](clock)
    restored.restore(errors.as_dict(), int)
    assert restored.due_at(1) <= NOW + ITEM_DELAYS[0]
    clock.now = NOW + ITEM_DELAYS[0]
    assert restored.is_due(1)


def test_unreadable_data_are_ignored() -> None:
    errors = ItemErrors[int]()
    errors.restore([1], int)
    errors.restore(
        {"x": ["not_found", 1, NOW], "1": [1], "2": [None, "a", []], "3": None}, int
    )
    assert errors.by_reason() == {}


def test_only_errors_about_an_item_are_its_own() -> None:
    assert concerns_item(NetrexNotFoundError(""))
    assert not concerns_item(NetrexConnectionError(""))
