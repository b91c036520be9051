"""Limits, number of queries and ages of values over simulated days.

A day takes about a minute of a processor and is the default;
`NETREX_SIMULATED_DAYS=7 scripts/test tests/week -s` simulates a week.
"""

import os
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
import pytest

from .simulation import DOWNLOADS, VIEWS, percentile, simulate

DAYS = int(os.environ.get("NETREX_SIMULATED_DAYS", "1"))


@pytest.mark.spaced
@pytest.mark.timeout(1200 * DAYS)
def test_limits_queries_and_ages(
    freezer: FrozenDateTimeFactory, tmp_path: Path
) -> None:
    # Includes the change to winter time.
    freezer.move_to("2026-10-24T05:00:00+00:00")
    report = simulate(freezer, tmp_path, DAYS)
    print(report.table)  # noqa: T201 - the documentation's table

    assert report.cameras == 100
    assert report.sensors >= 20 * 8
    assert report.views == VIEWS * DAYS
    assert report.downloads == DOWNLOADS * DAYS
    assert report.history == 100
    assert report.refused == 0
    assert report.most_in_a_day <= 10_000
    assert report.queries.total() * 20 <= report.polling
    assert percentile(report.kpi_ages, 0.95) <= 17 * 60
    assert percentile(report.status_ages, 0.95) <= 2 * 60
