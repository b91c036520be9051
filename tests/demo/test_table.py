"""The table of the demo's checks."""

from demo.checks.table import Outcome, Row, render_row, verdict

PASSED = Row("KPI", Outcome.PASSED, "")
FAILED = Row("sign-in", Outcome.FAILED, "refused")
NOT_RUN = Row("browser", Outcome.NOT_RUN, "none here")


def test_each_row_is_a_line_with_its_outcome() -> None:
    assert render_row(FAILED, 8) == "  FAIL  sign-in   refused"
    assert render_row(PASSED, 8) == "  ok    KPI"


def test_a_failure_is_the_verdict() -> None:
    assert verdict([PASSED, FAILED, NOT_RUN]) == "1 of 3 failed"


def test_a_check_that_did_not_run_is_counted_but_no_failure() -> None:
    assert verdict([PASSED, PASSED]) == "2 of 2 passed"
    assert verdict([PASSED, NOT_RUN]) == "1 of 2 passed, 1 not run"
