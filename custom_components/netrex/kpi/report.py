"""A report about places: rows, totals, and the text in three formats."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from html import escape
import re

from .formats import change_text, date_text, number_text
from .metrics import BY_KEY, SeriesKey, needs
from .question import KpiAnswers, change_percent, sum_of_places


class ReportFormat(StrEnum):
    """The formats of a report's text."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Figures:
    """The metrics of one row.

    Attributes:
        values: The metrics of the period; None if unknown.
        earlier: The same of the earlier period.
    """

    values: Mapping[str, float | None]
    earlier: Mapping[str, float | None]

    @property
    def changes(self) -> dict[str, float | None]:
        """The differences from the earlier period in percent."""
        return {
            metric: change_percent(value, self.earlier.get(metric))
            for metric, value in self.values.items()
        }


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A place; `stopped` are the days on which its counting had stopped."""

    node_id: int
    name: str
    figures: Figures
    stopped: Sequence[date] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Places by their first metric, the largest first.

    Attributes:
        metrics: The keys of the metrics, in the order of the columns.
        first: The first day.
        last: The last day.
        rows: The places.
        totals: All places together.
        compares: Whether there is an earlier period.
    """

    metrics: Sequence[str]
    first: date
    last: date
    rows: Sequence[ReportRow]
    totals: Figures
    compares: bool

    @property
    def best(self) -> ReportRow | None:
        """The place that grew most, or is largest if nothing is compared."""
        return next(iter(self._ranked), None)

    @property
    def worst(self) -> ReportRow | None:
        """The place that shrank most, or is smallest."""
        return next(reversed(self._ranked), None)

    @property
    def _ranked(self) -> list[ReportRow]:
        """Return the places with a known result, best first, if there are several."""
        metric = self.metrics[0]

        def rank(row: ReportRow) -> float | None:
            figures = row.figures
            return (figures.changes if self.compares else figures.values)[metric]

        ranked = [(found, row) for row in self.rows if (found := rank(row)) is not None]
        ranked.sort(key=lambda item: -item[0])
        return [row for _, row in ranked] if len(ranked) > 1 else []


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a report in a language."""

    language: str
    metrics: Mapping[str, str]
    common: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, key: str) -> str:
        """Return a word."""
        return self.common.get(key, key)


def metrics_to_ask(metrics: Iterable[str]) -> tuple[str, ...]:
    """Return the metrics and those from which the totals of ratios are computed."""
    wanted = list(metrics)
    parts = [part for metric in wanted for part in needs(BY_KEY[metric])]
    return tuple(dict.fromkeys([*wanted, *parts]))


def build_report(
    answer: KpiAnswers,
    names: Mapping[int, str],
    metrics: Sequence[str],
    *,
    distinct: Iterable[int],
    days: tuple[date, date],
    stopped: Mapping[int, Sequence[date]],
) -> Report:
    """Build a report.

    Args:
        answer: The totals of all metrics of `metrics_to_ask`.
        names: The places' names by node id.
        metrics: The columns.
        distinct: The places that count nothing twice, for the totals.
        days: The first and the last day.
        stopped: The days on which a place's counting had stopped, by node id.
    """
    compares = answer.earlier_span is not None

    def figures(nodes: Sequence[int]) -> Figures:
        def of(*, earlier: bool) -> dict[str, float | None]:
            if len(nodes) == 1:
                return {
                    metric: answer.total(SeriesKey(nodes[0], metric), earlier=earlier)
                    for metric in metrics
                }
            return {
                metric: sum_of_places(answer, nodes, metric, earlier=earlier)
                for metric in metrics
            }

        return Figures(of(earlier=False), of(earlier=True) if compares else {})

    rows = [
        ReportRow(node_id, name, figures([node_id]), stopped.get(node_id, ()))
        for node_id, name in names.items()
    ]

    def rank(row: ReportRow) -> tuple[bool, float, str]:
        value = row.figures.values[metrics[0]]
        return value is None, -(value or 0), row.name

    return Report(
        metrics, *days, sorted(rows, key=rank), figures(list(distinct)), compares
    )


def render(report: Report, style: ReportFormat, words: Words) -> str:
    """Return the report as text."""
    return _RENDERERS[style](report, words)


def _title(report: Report, words: Words) -> str:
    first, last = (
        date_text(day, words.language) for day in (report.first, report.last)
    )
    return first if first == last else f"{first} - {last}"


def _table(report: Report, words: Words) -> list[list[str]]:
    """Return the cells: a row of headings, the places, and the total of several."""
    heads = [words["report_place"]]
    for metric in report.metrics:
        heads.append(words.metrics.get(metric, metric))
        if report.compares:
            heads.append(words["report_change"])
    table = [heads]
    for row in report.rows:
        mark = " *" if row.stopped else ""
        table.append([f"{row.name}{mark}", *_cells(report, row.figures, words)])
    if len(report.rows) > 1:
        table.append([words["report_total"], *_cells(report, report.totals, words)])
    return table


def _cells(report: Report, figures: Figures, words: Words) -> list[str]:
    cells: list[str] = []
    for metric in report.metrics:
        cells.append(
            number_text(
                figures.values[metric], BY_KEY[metric].precision, words.language
            )
        )
        if report.compares:
            cells.append(change_text(figures.changes[metric], words.language))
    return cells


def _remarks(report: Report, words: Words) -> list[str]:
    """Return the lines below the table."""
    metric = report.metrics[0]

    def result(row: ReportRow) -> str:
        if report.compares:
            return change_text(row.figures.changes[metric], words.language)
        return number_text(
            row.figures.values[metric], BY_KEY[metric].precision, words.language
        )

    lines = [
        f"{words[kind]}: {row.name} ({result(row)})"
        for kind, row in (("report_best", report.best), ("report_worst", report.worst))
        if row is not None
    ]
    stopped = [
        f"{row.name} ({_days(row.stopped, words)})"
        for row in report.rows
        if row.stopped
    ]
    if stopped:
        lines.append(f"* {words['report_stopped']}: {'; '.join(stopped)}")
    return lines


def _days(days: Iterable[date], words: Words) -> str:
    return ", ".join(date_text(day, words.language) for day in days)


def _text(report: Report, words: Words) -> str:
    table = _table(report, words)
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = [_title(report, words), ""]
    for row in table:
        first, *rest = (
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join([first, *rest]).rstrip())
    return "\n".join([*lines, "", *_remarks(report, words)]).rstrip()


def _markdown(report: Report, words: Words) -> str:
    heads, *rows = _table(report, words)

    def line(cells: Iterable[str]) -> str:
        return f"| {' | '.join(_escape_markdown(cell) for cell in cells)} |"

    aligned = "|".join(["---", *("--:" for _ in heads[1:])])
    lines = [f"**{_title(report, words)}**", "", line(heads), f"|{aligned}|"]
    lines += [line(row) for row in rows]
    remarks = [f"- {_escape_markdown(remark)}" for remark in _remarks(report, words)]
    return "\n".join([*lines, "", *remarks]).rstrip()


def _escape_markdown(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", text)


def _html(report: Report, words: Words) -> str:
    """Return a table that mail programs show: styles inline, no other markup."""
    heads, *rows = _table(report, words)
    border = "padding:4px 8px;border-bottom:1px solid #ddd"

    def line(cells: Sequence[str], tag: str) -> str:
        styled = (
            f'<{tag} style="{border};text-align:{"right" if column else "left"}">'
            f"{escape(cell)}</{tag}>"
            for column, cell in enumerate(cells)
        )
        return f"<tr>{''.join(styled)}</tr>"

    body = "".join(line(row, "td") for row in rows)
    remarks = "".join(
        f"<li>{escape(remark)}</li>" for remark in _remarks(report, words)
    )
    return (
        f"<h3>{escape(_title(report, words))}</h3>"
        f'<table style="border-collapse:collapse">{line(heads, "th")}{body}</table>'
        f"{f'<ul>{remarks}</ul>' if remarks else ''}"
    )


_RENDERERS: Mapping[ReportFormat, Callable[[Report, Words], str]] = {
    ReportFormat.TEXT: _text,
    ReportFormat.MARKDOWN: _markdown,
    ReportFormat.HTML: _html,
}
