"""The frontend's modules, tested by Node."""

from pathlib import Path
import shutil
import subprocess

import pytest

from custom_components.netrex.dashboard import FOLDER

NODE = shutil.which("node")
TESTS = Path(__file__).parent / "modules"
TIMEOUT_SECONDS = 120


def run_node(*arguments: str) -> str:
    if NODE is None:
        pytest.skip("Node is not installed; the modules run in browsers only")
    done = subprocess.run(  # noqa: S603 - a fixed command
        [NODE, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("module", sorted(FOLDER.glob("*.js")), ids=lambda p: p.name)
def test_modules_are_valid_javascript(module: Path) -> None:
    run_node("--check", str(module))
    assert len(module.read_text(encoding="utf-8").splitlines()) <= 400


def test_modules_do_what_the_dashboard_needs() -> None:
    tests = sorted(str(path) for path in TESTS.glob("*.test.mjs"))
    assert tests
    assert "# fail 0" in run_node("--test", "--test-reporter=tap", *tests)
