"""Cumulative sums compared with a minimal model, and the plan of the import."""

from hypothesis import given, strategies as st

from custom_components.netrex.client import MAX_SERIES_PER_QUERY
from custom_components.netrex.client.days import DAY, HOUR
from custom_components.netrex.history.plan import YEAR, Coverage, Plan, newest_hour
from custom_components.netrex.history.rows import (
    Hours,
    MeanRow,
    SumRow,
    base_sum,
    mean_rows,
    sum_rows,
)
from custom_components.netrex.kpi import SeriesKey

NOW = 1_795_000_000
VISITORS = SeriesKey(1, "visitors")

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


def test_the_newest_hour_started_two_hours_ago() -> None:
    noon = 12 * HOUR
    assert newest_hour(noon) == 11 * HOUR
    assert newest_hour(noon - 1) == 10 * HOUR


def test_the_newest_year_of_all_series_comes_first() -> None:
    plan = Plan(1825)
    newest = newest_hour(NOW)
    covered = {VISITORS: Coverage(newest - YEAR, newest, NOW, any=True)}
    other = SeriesKey(2, "sales")
    blocks = plan.blocks([VISITORS, other], covered, NOW)

    assert [(block.series, block.end) for block in blocks] == [
        (other, newest),
        (VISITORS, newest - YEAR),
    ]
    assert all(block.end - block.start == YEAR for block in blocks)


def test_blocks_lead_back_to_the_oldest_hour_without_a_gap() -> None:
    plan = Plan(400, span=30 * DAY)
    coverages: dict[SeriesKey, Coverage] = {}
    count = 0
    while blocks := plan.blocks([VISITORS], coverages, NOW):
        coverage = coverages.get(VISITORS)
        if coverage is None:
            coverage = Coverage(blocks[0].start, blocks[0].end, NOW, any=True)
        else:
            assert blocks[0].end == coverage.start
            coverage = coverage.joined(blocks[0], NOW, found=True)
        coverages[VISITORS] = coverage
        count += 1

    newest = newest_hour(NOW)
    assert coverages[VISITORS] == Coverage(newest - 400 * DAY, newest, NOW, any=True)
    assert count == 14
    assert plan.progress([VISITORS], coverages, NOW).percent == 100


def test_a_long_break_is_caught_up_in_one_import() -> None:
    plan = Plan(200, span=30 * DAY)
    newest = newest_hour(NOW)
    ended = newest - 120 * DAY
    coverage = Coverage(newest - 200 * DAY, ended, ended, any=True)
    requested = []
    while blocks := plan.blocks([VISITORS], {VISITORS: coverage}, NOW):
        [block] = blocks
        requested.append(block)
        assert block.start <= coverage.end
        assert len(requested) < 10
        coverage = coverage.joined(block, NOW, found=True)
    assert coverage == Coverage(newest - 200 * DAY, newest, NOW, any=True)
    assert len(requested) == 5


def test_after_a_long_outage_the_gap_is_filled_first() -> None:
    plan = Plan(10)
    end = newest_hour(NOW) - 20 * DAY
    coverage = Coverage(end - 30 * DAY, end, end + HOUR, any=True)
    blocks = plan.blocks([VISITORS], {VISITORS: coverage}, NOW)

    assert [(block.start, block.end) for block in blocks] == [
        (end - 2 * DAY, newest_hour(NOW))
    ]
    progress = plan.progress([VISITORS], {VISITORS: coverage}, NOW)
    assert progress.percent == 0


def test_without_series_there_is_no_progress() -> None:
    assert Plan(10).progress([], {}, NOW).percent is None


def test_a_coverage_survives_the_store() -> None:
    coverage = Coverage(1, 2, 3, any=False)
    assert Coverage.from_list(coverage.as_list()) == coverage


def test_a_year_of_160_series_is_one_block_each() -> None:
    series = [SeriesKey(node_id, str(key)) for node_id in range(20) for key in range(8)]
    blocks = Plan(365).blocks(series, {}, NOW)
    assert len(blocks) == 160
    assert -(-len(blocks) // MAX_SERIES_PER_QUERY) == 32
    covered = {
        block.series: Coverage(block.start, block.end, NOW, any=True)
        for block in blocks
    }
    assert Plan(365).blocks(series, covered, NOW) == []
