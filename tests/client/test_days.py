"""Times on the unix clock."""

from custom_components.netrex.client.days import DAY, HOUR, is_fresh, not_in_future


def test_a_stored_time_is_never_later_than_now() -> None:
    now = 1_800_000_000.0
    assert [
        not_in_future(now + ahead, now) - now
        for ahead in (-DAY, -HOUR, 0, 2 * HOUR, 5 * DAY)
    ] == [-DAY, -HOUR, 0, 0, 0]


def test_a_time_in_the_future_is_not_fresh() -> None:
    now = 1_800_000_000.0
    assert [
        is_fresh(now + ahead, now, DAY)
        for ahead in (-DAY, -HOUR, 0, 1, 2 * HOUR, 5 * DAY)
    ] == [False, True, True, False, False, False]
