"""The plan of the import: which hours are requested, and in which blocks."""

from custom_components.netrex.client import MAX_SERIES_PER_QUERY
from custom_components.netrex.client.days import DAY, HOUR
from custom_components.netrex.history.coverage import Coverage, newest_hour
from custom_components.netrex.history.plan import Plan
from custom_components.netrex.history.spans import YEAR, Spans
from custom_components.netrex.kpi import SeriesKey

NOW = 1_795_000_000
VISITORS = SeriesKey(1, "visitors")


def months() -> Spans[SeriesKey]:
    """Return the lengths after the portal has refused three months."""
    spans = Spans[SeriesKey]()
    assert spans.shorten(VISITORS, 90 * DAY)
    return spans


def test_the_newest_hour_started_two_hours_ago() -> None:
    noon = 12 * HOUR
    assert newest_hour(noon) == 11 * HOUR
    assert newest_hour(noon - 1) == 10 * HOUR


def test_the_newest_year_of_all_series_comes_first() -> None:
    plan = Plan(1825)
    newest = newest_hour(NOW)
    covered = {VISITORS: Coverage(newest - YEAR, newest, NOW)}
    other = SeriesKey(2, "sales")
    blocks = plan.blocks([VISITORS, other], covered, NOW)

    assert [(block.series, block.end) for block in blocks] == [
        (other, newest),
        (VISITORS, newest - YEAR),
    ]
    assert all(block.end - block.start == YEAR for block in blocks)


def test_blocks_lead_back_to_the_oldest_hour_without_a_gap() -> None:
    plan = Plan(400, months())
    coverages: dict[SeriesKey, Coverage] = {}
    count = 0
    while blocks := plan.blocks([VISITORS], coverages, NOW):
        coverage = coverages.get(VISITORS)
        if coverage is None:
            coverage = Coverage(blocks[0].start, blocks[0].end, NOW)
        else:
            assert blocks[0].end == coverage.start
            coverage = coverage.joined(blocks[0].start, blocks[0].end, NOW, {})
        coverages[VISITORS] = coverage
        count += 1

    newest = newest_hour(NOW)
    assert coverages[VISITORS] == Coverage(newest - 400 * DAY, newest, NOW)
    assert count == 14
    assert plan.progress([VISITORS], coverages, NOW).percent == 100


def test_a_long_break_is_caught_up_in_one_import() -> None:
    plan = Plan(200, months())
    newest = newest_hour(NOW)
    ended = newest - 120 * DAY
    coverage = Coverage(newest - 200 * DAY, ended, ended)
    requested = []
    while blocks := plan.blocks([VISITORS], {VISITORS: coverage}, NOW):
        [block] = blocks
        requested.append(block)
        assert block.start <= coverage.end
        assert len(requested) < 10
        coverage = coverage.joined(block.start, block.end, NOW, {})
    assert coverage == Coverage(newest - 200 * DAY, newest, NOW)
    assert len(requested) == 5


def test_after_a_long_outage_the_gap_is_filled_first() -> None:
    plan = Plan(10)
    end = newest_hour(NOW) - 20 * DAY
    coverage = Coverage(end - 30 * DAY, end, end + HOUR)
    blocks = plan.blocks([VISITORS], {VISITORS: coverage}, NOW)

    assert [(block.start, block.end) for block in blocks] == [
        (end - 2 * DAY, newest_hour(NOW))
    ]
    progress = plan.progress([VISITORS], {VISITORS: coverage}, NOW)
    assert progress.percent == 0


def test_without_series_there_is_no_progress() -> None:
    assert Plan(10).progress([], {}, NOW).percent is None


def test_a_coverage_survives_the_store() -> None:
    coverage = Coverage(HOUR, 4 * HOUR, 5 * HOUR, 2 * HOUR, 3 * HOUR)
    assert Coverage.from_list(coverage.as_list()) == coverage


def test_a_year_of_160_series_is_one_block_each() -> None:
    series = [SeriesKey(node_id, str(key)) for node_id in range(20) for key in range(8)]
    blocks = Plan(365).blocks(series, {}, NOW)
    assert len(blocks) == 160
    assert -(-len(blocks) // MAX_SERIES_PER_QUERY) == 32
    covered = {block.series: Coverage(block.start, block.end, NOW) for block in blocks}
    assert Plan(365).blocks(series, covered, NOW) == []
