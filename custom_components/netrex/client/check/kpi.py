"""Checks KPIs: gaps, unfinished slots, boundaries of days, and the unit of money."""

from collections.abc import AsyncIterator, Callable, Sequence

from .. import documents
from ..days import DAY, HOUR, QUARTER
from ..enums import Granularity, Metric, NodeType, RawMetric
from ..models import SeriesRequest, SeriesValue, ValueRequest
from ..parsing import parse_slots
from ..values import as_float, as_list, as_mapping
from .calls import Answer
from .report import Finding, Outcome, Row
from .subject import Subject

_CANDIDATES = (NodeType.LOCATION, NodeType.FOLDER, NodeType.CAMERA)
_PER_QUERY = documents.MAX_SERIES_PER_QUERY
# Numbers arrive late; slots that ended before this are complete (seconds).
_SETTLED = 6 * HOUR
_RATIO = Metric.CONVERSION_COUNT
_VISITORS = Metric.PEOPLE_COUNT_AVERAGE


async def check_kpi(subject: Subject) -> AsyncIterator[Row]:
    """Find a node with visitors, and read its series in several granularities."""
    now = int(subject.clock())
    nodes = subject.nodes(*_CANDIDATES)[:_PER_QUERY]
    if not nodes:
        yield Row("kpi", "visitors", Outcome.NOT_TRIED, note="no place or camera")
        return
    week = [
        SeriesRequest(node, _VISITORS, now - 7 * DAY, now, Granularity.D)
        for node in nodes
    ]
    answer = await subject.portal.post(documents.series(week, subject.schema))
    found = [
        node
        for index, node in enumerate(nodes)
        if any(slot.value for slot in _slots(answer, index))
    ]
    settles: dict[str, Finding] = {"tried": len(nodes), "with_visitors": len(found)}
    unused = [_slots(answer, nodes.index(node)) for node in nodes if node not in found]
    if unused:
        settles["kpi_missing"] = _form(unused[0])
    yield Row("kpi", "days of a week", answer.outcome, answer.seconds, settles)
    node = found[0] if found else nodes[0]
    yield await _check_series(subject, node, now)
    yield await _check_year(subject, node, now)


async def _check_series(subject: Subject, node: int, now: int) -> Row:
    requests = [
        SeriesRequest(node, _VISITORS, now - DAY, now + HOUR, Granularity.HQ),
        SeriesRequest(node, _RATIO, now - DAY, now, Granularity.HQ),
        SeriesRequest(node, _VISITORS, now - 3 * DAY, now, Granularity.D),
        SeriesRequest(node, _VISITORS, now - 3 * DAY, now, Granularity.H12),
    ]
    answer = await subject.portal.post(documents.series(requests, subject.schema))
    quarters, ratios = _slots(answer, 0), _slots(answer, 1)
    settles: dict[str, Finding] = {}
    for name, slots in _parts(quarters, now).items():
        if slots:
            settles[name] = _form(slots)
    with_visitors = {slot.start for slot in quarters if slot.value}
    undivided = [slot for slot in ratios if slot.start not in with_visitors]
    if undivided and undivided[0].end <= now - _SETTLED:
        settles["kpi_division_by_zero"] = _form(undivided)
    filled = [slot.end for slot in quarters if slot.value and slot.end <= now]
    if filled:
        settles["newest_value_minutes_old"] = (now - max(filled)) // 60
    settles["kpi_type"] = _number_type(answer)
    days, blocks = _slots(answer, 2), _slots(answer, 3)
    if days:
        settles["time_zone"] = _offset(days[-1].start)
    if blocks and days:
        is_utc = all(slot.start % (12 * HOUR) == 0 for slot in blocks)
        is_local = any(slot.start == days[-1].start for slot in blocks)
        settles["kpi_blocks"] = "local" if is_local else "utc" if is_utc else "other"
    request = "quarter hours, days and half days of visitors, and conversion"
    return Row("kpi", request, answer.outcome, answer.seconds, settles)


def _parts(slots: Sequence[SeriesValue], now: int) -> dict[str, list[SeriesValue]]:
    """Return the slots whose value shows how the portal fills what has none."""
    rules: dict[str, Callable[[SeriesValue], bool]] = {
        # At night nobody is counted, so all settled slots without people count.
        "kpi_at_night": lambda slot: slot.end <= now - _SETTLED and not slot.value,
        "kpi_unfinished": lambda slot: slot.start <= now < slot.end,
        "kpi_future": lambda slot: slot.start > now,
    }
    return {
        name: [slot for slot in slots if rule(slot)] for name, rule in rules.items()
    }


def _form(slots: Sequence[SeriesValue]) -> str:
    """Return whether slots are null, zero, or have numbers."""
    if all(slot.value is None for slot in slots):
        return "null"
    return "zero" if not any(slot.value for slot in slots) else "partial"


def _number_type(answer: Answer) -> str:
    """Return the JSON form of the numbers; whole ones of a Float may look like Int."""
    found = {
        type(as_mapping(slot).get("value"))
        for series in answer.data.values()
        for slot in as_list(series)
    }
    names = {float: "Float", str: "String", int: "Int"}
    return next((name for kind, name in names.items() if kind in found), "unknown")


def _offset(start: int) -> str:
    """Return the offset from UTC of a zone whose day starts at a unix time."""
    minutes = (-start // 60) % (24 * 60)
    if minutes > 14 * 60:
        minutes -= 24 * 60
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


async def _check_year(subject: Subject, node: int, now: int) -> Row:
    start = now - 365 * DAY
    request = SeriesRequest(node, _VISITORS, start, now, Granularity.H)
    answer = await subject.portal.post(documents.series([request], subject.schema))
    slots = _slots(answer, 0)
    settles: dict[str, Finding] = {"a_year_of_hours": bool(slots)}
    values = [slot.start for slot in slots if slot.value is not None]
    if values:
        settles["oldest_value_days"] = (now - min(values)) // DAY
    if not slots:
        settles |= answer.refusal()
    return Row("kpi", "hours of a year", answer.outcome, answer.seconds, settles)


async def check_money(subject: Subject) -> AsyncIterator[Row]:
    """Compare an amount in both interfaces, one of which is documented as times 100."""
    nodes = subject.nodes(NodeType.CASHDESK)[:2]
    if not nodes:
        note = "no cash desk"
        yield Row("kpi", "amounts of money", Outcome.NOT_TRIED, note=note)
        return
    end = int(subject.clock()) // QUARTER * QUARTER - _SETTLED
    start = end - 7 * DAY
    requests = [
        ValueRequest(node, metric, start, end)
        for node in nodes
        for metric in (
            Metric.TRANSACTION_AMOUNT_POSITIVE,
            RawMetric.TRANSACTION_VALUE_IN,
        )
    ]
    answer = await subject.portal.post(documents.values(requests))
    amounts = [
        as_float(answer.data.get(documents.alias(index)))
        for index in range(len(requests))
    ]
    settles: dict[str, Finding] = {}
    for amount, raw in zip(amounts[::2], amounts[1::2], strict=True):
        if amount and raw:
            settles["kpi_money_factor"] = round(100 * amount / raw)
            break
    yield Row("kpi", "amounts of money", answer.outcome, answer.seconds, settles)


def _slots(answer: Answer, index: int) -> tuple[SeriesValue, ...]:
    return parse_slots(answer.data.get(documents.alias(index)))
