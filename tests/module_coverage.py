"""Check that the tests cover every module of the integration.

`scripts/test` runs this after pytest, on the data of `pytest --cov`:

    python -m coverage json -q -o - | python -m tests.module_coverage
"""

from collections.abc import Iterator, Mapping
import json
from pathlib import Path
import sys
from typing import Any

ROOT = Path(__file__).parents[1]
SOURCE = "custom_components"
# The coverage of a module, in percent of lines and branches, has to be higher.
MINIMUM = 95
# Home Assistant's quality scale requires full coverage of the config flow.
FULL = "*flow*.py"


def expected_modules(root: Path = ROOT) -> list[str]:
    """Return the paths of all modules that must be covered, relative to the root."""
    paths = (root / SOURCE).rglob("*.py")
    return sorted(path.relative_to(root).as_posix() for path in paths)


def shortfalls(report: Mapping[str, Any], expected: list[str]) -> Iterator[str]:
    """Yield a line for each module whose coverage is too low.

    `report` is the output of `coverage json`; a module that it lacks was not measured.
    """
    for name in expected:
        if name not in report["files"]:
            yield f"{name}: not measured"
            continue
        measured = report["files"][name]
        percent = measured["summary"]["percent_covered"]
        is_full = Path(name).match(FULL)
        if percent >= 100 or (not is_full and percent > MINIMUM):
            continue
        required = "100" if is_full else f"more than {MINIMUM}"
        missing = [
            *map(str, measured["missing_lines"]),
            *(f"{start}->{end}" for start, end in measured["missing_branches"]),
        ]
        yield (
            f"{name}: {percent:.1f} % of {required} %; missing: {', '.join(missing)}"
        )


def main() -> int:
    """Read a report from standard input; return the exit code."""
    found = list(shortfalls(json.load(sys.stdin), expected_modules()))
    sys.stderr.writelines(f"coverage: {line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
