"""The table of a check run."""

from demo.table import Outcome, Row, render


def test_each_row_is_a_line_with_its_outcome() -> None:
    rows = [
        Row("sign-in", Outcome.PASSED, "as owner"),
        Row("KPI", Outcome.FAILED, "3 differ"),
    ]
    assert render(rows).splitlines() == [
        "  ok    sign-in  as owner",
        "  FAIL  KPI      3 differ",
        "",
        "  1 of 2 failed",
    ]


def test_a_row_that_could_not_run_is_no_failure_but_is_told() -> None:
    rows = [
        Row("browser", Outcome.NOT_RUN, "none here"),
        Row("KPI", Outcome.PASSED, ""),
    ]
    table = render(rows)
    assert "  --    browser  none here" in table
    assert table.endswith("  1 of 2 passed, 1 not run")
