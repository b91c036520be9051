"""The decisions: each page has a status and a date, and each citation has a page."""

from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path
import re

import pytest

from .project import ROOT, repository_files

FOLDER = ROOT / "docs" / "decisions"
PAGES = sorted(FOLDER.glob("[0-9]*.md"))
NUMBERS = {page.name[:4] for page in PAGES}

HEADER = re.compile(
    r"# (?P<number>\d{4}) (?P<title>.+)\n\n"
    r"Status: (?P<status>accepted|planned|superseded by \[(?P<successor>\d{4})\]\(.+\))"
    r" · Date: (?P<date>\d{4}-\d{2}-\d{2})\n\n"
)
SECTIONS = ("Facts", "Decision", "Costs")
ROW = re.compile(
    r"^\| \[(?P<number>\d{4})\]\((?P<file>[^)]+)\) \| (?P<title>.+?)"
    r" \| (?P<status>\w+) \| (?P<date>\S+) \|$",
    re.MULTILINE,
)
# One number or several: "decision 0017", "decisions 0002 and 0020", "decisions/0003".
CITATION = re.compile(r"\bdecisions?[ /]\[?(\d+(?:(?:, | and )\d+)*)")
# The letters of a list that is not part of the repository.
LETTER = re.compile(r"\bdecisions? \(?D ?\d")
LONGEST_LINE = 100


def header(page: Path) -> re.Match[str]:
    """Return the title, status, and date of a page."""
    match = HEADER.match(page.read_text(encoding="utf-8"))
    assert match, f"{page.name}: no title, status, and date"
    return match


@cache
def texts() -> dict[str, str]:
    """Return the repository's text files by their path."""
    found = {}
    for path in repository_files():
        with suppress(UnicodeDecodeError):
            text = path.read_text(encoding="utf-8")
            found[str(path.relative_to(ROOT))] = text
    return found


def citations() -> dict[str, set[str]]:
    """Return the cited numbers and the files that cite them."""
    found: dict[str, set[str]] = {}
    for path, text in texts().items():
        for match in CITATION.finditer(text):
            for number in re.findall(r"\d+", match[1]):
                found.setdefault(number, set()).add(path)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name[:4])
def test_page_has_number_status_date_and_sections(page: Path) -> None:
    match = header(page)
    assert match["number"] == page.name[:4]
    assert date.fromisoformat(match["date"])
    assert match["successor"] is None or match["successor"] in NUMBERS
    text = page.read_text(encoding="utf-8")
    assert [name for name in SECTIONS if f"**{name}.**" in text] == list(SECTIONS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name[:4])
def test_prose_fits_the_line(page: Path) -> None:
    assert not [
        line
        for line in page.read_text(encoding="utf-8").splitlines()
        if len(line) > LONGEST_LINE and not line.startswith("|")
    ]


def test_numbers_are_unique_and_without_a_gap() -> None:
    numbers = [page.name[:4] for page in PAGES]
    assert numbers == [f"{number:04}" for number in range(1, len(PAGES) + 1)]


def test_index_lists_every_page() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = [
        (row["number"], row["file"], row["title"], row["status"], row["date"])
        for row in ROW.finditer(index)
    ]
    assert listed == [
        (match["number"], page.name, match["title"], words[0], match["date"])
        for page in PAGES
        for match in [header(page)]
        for words in [match["status"].split()]
    ]


def test_every_cited_decision_exists() -> None:
    cited = citations()
    assert {"0012", "0015"} <= cited.keys(), "the search finds no citations"
    assert not {
        number: files for number, files in cited.items() if number not in NUMBERS
    }


def test_decisions_are_cited_by_number() -> None:
    assert LETTER.search("(decision D" + "1)")
    assert not [path for path, text in texts().items() if LETTER.search(text)]
