"""Cumulative sums compared with a minimal model."""

from hypothesis import given, strategies as st

from custom_components.netrex.client.days import HOUR
from custom_components.netrex.history.coverage import Hours
from custom_components.netrex.history.rows import (
    MeanRow,
    SumRow,
    base_sum,
    mean_rows,
    sum_rows,
)

hours = st.dictionaries(
    st.integers(0, 30).map(lambda hour: hour * HOUR),
    st.integers(0, 100_000).map(lambda cents: cents / 100),
)


def write(table: dict[int, SumRow], values: Hours) -> list[SumRow]:
    """Write as the importer does: read from the first new hour on and update."""
    if not values:
        return []
    first = min(values)
    existing = [row for start, row in sorted(table.items()) if start >= first]
    last = table[max(table)].sum if table else None
    base = base_sum(existing[0] if existing else None, last)
    rows = sum_rows(existing, base, values)
    table.update((row.start, row) for row in rows)
    return rows


@given(st.lists(hours, max_size=6))
def test_sums_are_cumulative_for_any_order_of_blocks(blocks: list[Hours]) -> None:
    table: dict[int, SumRow] = {}
    known: dict[int, float] = {}
    for block in blocks:
        write(table, block)
        known |= block
        total = 0.0
        for start in sorted(known):
            total += known[start]
            assert table[start].state == known[start]
            assert abs(table[start].sum - total) < 1e-4
        assert table.keys() == known.keys()
        # Rows that are already right are not written again.
        assert write(table, block) == []


def test_a_correction_writes_only_the_rows_from_its_hour_on() -> None:
    table: dict[int, SumRow] = {}
    write(table, {hour * HOUR: 10.0 for hour in range(10)})
    rows = write(table, {7 * HOUR: 4.0})

    assert rows == [
        SumRow(7 * HOUR, 4.0, 74.0),
        SumRow(8 * HOUR, 10.0, 84.0),
        SumRow(9 * HOUR, 10.0, 94.0),
    ]


def test_a_mean_is_written_when_it_differs() -> None:
    assert mean_rows({0: 1.0, HOUR: 2.0}, {0: 1.0, HOUR: 2.5, 2 * HOUR: 3.0}) == [
        MeanRow(HOUR, 2.5),
        MeanRow(2 * HOUR, 3.0),
    ]
