"""The start of a refused period is found with few requests."""

import pytest

from custom_components.netrex.client.days import DAY, HOUR
from custom_components.netrex.history.gaps import Gap

LONGEST = 300 * DAY + 5 * HOUR


@pytest.mark.parametrize("days", [1, 2, 3, 7, 64, 100, 200, 299])
def test_the_length_of_a_gap_is_found(days: int) -> None:
    gap = Gap()
    length = gap.add(0, accepted=False)
    requests = 0
    while length is None:
        distance = gap.next_distance(LONGEST)
        length = gap.add(distance, accepted=distance >= days * DAY)
        requests += 1
        assert requests <= 18
    assert days * DAY <= length < (days + 1) * DAY


def test_the_search_ends_at_the_oldest_day() -> None:
    gap = Gap()
    asked: list[int] = []
    while not asked or asked[-1] < LONGEST:
        asked.append(gap.next_distance(LONGEST))
        assert gap.add(asked[-1], accepted=False) is None
    assert len(asked) == 10


def test_a_day_that_is_accepted_later_shortens_the_gap() -> None:
    gap = Gap()
    gap.add(8 * DAY, accepted=False)
    assert gap.add(4 * DAY, accepted=True) is None
    assert gap.next_distance(LONGEST) == 2 * DAY
    assert gap.add(2 * DAY, accepted=False) is None
    assert gap.add(3 * DAY, accepted=True) == 3 * DAY
