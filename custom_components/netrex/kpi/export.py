"""Writes KPIs as CSV, part by part: a year of many places needs little memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
import csv
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from functools import partial
import io
from itertools import chain, product
from pathlib import Path

from homeassistant.core import HomeAssistant

from ..client import LONGEST_RANGE, Granularity, NetrexError, SeriesValue
from ..client.days import DAY, Span, day_bounds
from ..models import NetrexConfigEntry
from ..recordings.file_view import DATA_PARTIAL_PREFIX
from ..recordings.partial import PartialFile, publish
from .formats import has_decimal_comma
from .metrics import SeriesKey
from .question import KpiAnswers, Question, async_ask

# The longest part of a place's series in one query (seconds).
_PARTS: Mapping[Granularity | None, int] = {Granularity.HQ: 60 * DAY}
# Excel and LibreOffice recognize UTF-8 by it.
_BYTE_ORDER_MARK = "\ufeff"
# A cell that starts with one of these would be a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a spreadsheet in a language expects a CSV file."""

    separator: str
    decimal_comma: bool

    @classmethod
    def of(cls, language: str, separator: str | None = None) -> Dialect:
        """Return the dialect of a language; a chosen separator has precedence."""
        comma = has_decimal_comma(language)
        chosen = separator or (";" if comma else ",")
        return cls(chosen, comma and chosen != ",")

    def number(self, value: float | None) -> str:
        """Return a number; empty if it is unknown."""
        if value is None:
            return ""
        text = f"{round(value, 4):.4f}".rstrip("0").rstrip(".")
        return text.replace(".", ",") if self.decimal_comma else text


def cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


@dataclass(frozen=True, slots=True)
class Export:
    """A CSV file with one row per place and interval.

    Attributes:
        question: The KPIs.
        names: The places' names by node id.
        headings: The first row.
        dialect: The format of the file.
        zone: The time zone of the times.
    """

    question: Question
    names: Mapping[int, str]
    headings: Sequence[str]
    dialect: Dialect
    zone: tzinfo

    async def async_write(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        target: Path,
        *,
        overwrite: bool,
    ) -> int:
        """Write the file; return the number of rows below the headings.

        Raises:
            NetrexError: The portal did not answer; no file is left.
            HomeAssistantError: The file cannot be written.
        """
        file = PartialFile(target.parent, hass.data[DATA_PARTIAL_PREFIX])
        run = hass.async_add_executor_job
        rows = 0
        try:
            await run(file.restart)
            await run(file.write, [self._block([self.headings], _BYTE_ORDER_MARK)])
            for node_id, span in product(self.question.node_ids, self._parts()):
                part = replace(self.question, node_ids=(node_id,), span=span)
                answer = await async_ask(hass, entry, part)
                lines = await run(self._lines, part, _complete(answer))
                await run(file.write, [self._block(lines)])
                rows += len(lines)
            await run(
                partial(publish, file.path, target, overwrite=overwrite, may_move=True)
            )
        finally:
            await run(file.discard)
        return rows

    def _parts(self) -> Iterator[Span]:
        """Split the period at local midnights, so that no interval is cut."""
        length = _PARTS.get(self.question.granularity, LONGEST_RANGE)
        start, end = self.question.span
        while start < end:
            is_last = end - start <= length
            stop = end if is_last else day_bounds(start + length, self.zone).start
            yield Span(start, stop)
            start = stop

    def _lines(
        self, part: Question, values: Mapping[SeriesKey, Sequence[SeriesValue]]
    ) -> list[list[str]]:
        """Return the rows of a part."""
        [node_id] = part.node_ids
        columns = [
            {value.start: value for value in values[SeriesKey(node_id, metric)]}
            for metric in part.metrics
        ]
        slots = chain.from_iterable(column.values() for column in columns)
        ends = {value.start: value.end for value in slots}
        return [
            [
                cell(self.names[node_id]),
                str(node_id),
                self._local(start),
                self._local(end),
                *(
                    self.dialect.number(found.value if found else None)
                    for found in (column.get(start) for column in columns)
                ),
            ]
            for start, end in sorted(ends.items())
        ]

    def _block(self, rows: Iterable[Sequence[str]], before: str = "") -> bytes:
        buffer = io.StringIO()
        buffer.write(before)
        csv.writer(
            buffer, delimiter=self.dialect.separator, lineterminator="\r\n"
        ).writerows(rows)
        return buffer.getvalue().encode()

    def _local(self, moment: int) -> str:
        """Return a time as spreadsheets of all languages understand it."""
        local = datetime.fromtimestamp(moment, UTC).astimezone(self.zone)
        return f"{local:%Y-%m-%d %H:%M}"


def _complete(answer: KpiAnswers) -> dict[SeriesKey, Sequence[SeriesValue]]:
    """Return the values. Raises the error of the first KPI that failed."""
    values: dict[SeriesKey, Sequence[SeriesValue]] = {}
    for key, value in answer.values.items():
        if isinstance(value, NetrexError):
            raise value
        values[key] = value
    return values
