"""The one table of KPI metrics; all that deals with KPIs is made from it.

The portal's metrics are the eleven of `statisticDataMetric` and the seven of
`statisticData`. The latter are the same numbers as one camera stored them, without
series, so nothing is made of them but answers to the action `get_kpi`
(docs/decisions/0011).
"""

from dataclasses import dataclass
from enum import StrEnum

from ..client import Metric, RawMetric


class Kind(StrEnum):
    """How values of different times are put together."""

    COUNT = "count"  # added up
    MONEY = "money"  # added up; the portal does not tell the currency
    RATIO = "ratio"  # made anew from sums, for a mean of ratios would be wrong
    CHANGE = "change"  # of a count or money, against the same time last week


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDescription:
    """One KPI.

    Attributes:
        key: Part of unique ids, statistics ids, translation keys and actions.
        kind: How values of different times are put together.
        precision: Decimals worth showing.
        metric: The portal's name; None for what the portal does not have.
        raw: The portal's name among the raw metrics.
        numerator: Key of a base metric; ratios only.
        denominator: The same.
        base: Key of the base metric of which it is the change; changes only.
        factor: What the quotient, or a raw value, is multiplied with; a quotient
            times 100 is percent.
        enabled_default: Whether today's sensor is enabled at first.
    """

    key: str
    kind: Kind
    precision: int
    metric: Metric | None = None
    raw: RawMetric | None = None
    numerator: str | None = None
    denominator: str | None = None
    base: str | None = None
    factor: float = 1
    enabled_default: bool = False


BASE: tuple[MetricDescription, ...] = (
    MetricDescription(
        key="people_in",
        kind=Kind.COUNT,
        precision=0,
        metric=Metric.PEOPLE_COUNT_IN,
        enabled_default=True,
    ),
    MetricDescription(
        key="people_out",
        kind=Kind.COUNT,
        precision=0,
        metric=Metric.PEOPLE_COUNT_OUT,
        enabled_default=True,
    ),
    # The portal's number of visitors: the mean of those who came in and went out,
    # which can end in a half.
    MetricDescription(
        key="visitors",
        kind=Kind.COUNT,
        precision=0,
        metric=Metric.PEOPLE_COUNT_AVERAGE,
        enabled_default=True,
    ),
    MetricDescription(
        key="pass_by",
        kind=Kind.COUNT,
        precision=0,
        metric=Metric.PEOPLE_COUNT_PASS_BY,
    ),
    MetricDescription(
        key="transactions",
        kind=Kind.COUNT,
        precision=0,
        metric=Metric.TRANSACTION_COUNT_POSITIVE,
        enabled_default=True,
    ),
    MetricDescription(
        key="refunds",
        kind=Kind.COUNT,
        precision=0,
        metric=Metric.TRANSACTION_COUNT_NEGATIVE,
    ),
    MetricDescription(
        key="sales",
        kind=Kind.MONEY,
        precision=0,
        metric=Metric.TRANSACTION_AMOUNT_POSITIVE,
        enabled_default=True,
    ),
    MetricDescription(
        key="refunds_amount",
        kind=Kind.MONEY,
        precision=0,
        metric=Metric.TRANSACTION_AMOUNT_NEGATIVE,
    ),
)
RATIOS: tuple[MetricDescription, ...] = (
    MetricDescription(
        key="conversion",
        kind=Kind.RATIO,
        precision=1,
        metric=Metric.CONVERSION_COUNT,
        numerator="transactions",
        denominator="visitors",
        factor=100,
        enabled_default=True,
    ),
    MetricDescription(
        key="spend_per_visitor",
        kind=Kind.RATIO,
        precision=2,
        metric=Metric.CONVERSION_AMOUNT,
        numerator="sales",
        denominator="visitors",
    ),
    MetricDescription(
        key="average_transaction",
        kind=Kind.RATIO,
        precision=2,
        metric=Metric.TRANSACTION_AMOUNT_AVERAGE,
        numerator="sales",
        denominator="transactions",
    ),
)
# Who is inside: people in minus people out since the local midnight, never below 0.
# Counters miss people, so it drifts during the day and starts anew at midnight.
OCCUPANCY = MetricDescription(
    key="occupancy", kind=Kind.COUNT, precision=0, enabled_default=True
)
# How much more than at the same time last week, in percent.
CHANGES: tuple[MetricDescription, ...] = (
    MetricDescription(
        key="people_in_change",
        kind=Kind.CHANGE,
        precision=1,
        base="people_in",
        factor=100,
    ),
    MetricDescription(
        key="visitors_change",
        kind=Kind.CHANGE,
        precision=1,
        base="visitors",
        factor=100,
        enabled_default=True,
    ),
    MetricDescription(
        key="sales_change",
        kind=Kind.CHANGE,
        precision=1,
        base="sales",
        factor=100,
    ),
)
METRICS: tuple[MetricDescription, ...] = (*BASE, *RATIOS, OCCUPANCY, *CHANGES)
# What a camera stored, money in hundredths.
RAW: tuple[MetricDescription, ...] = tuple(
    MetricDescription(
        key=f"raw_{key}",
        kind=kind,
        precision=0,
        raw=raw,
        factor=0.01 if kind is Kind.MONEY else 1,
    )
    for key, kind, raw in (
        ("visitors", Kind.COUNT, RawMetric.PEOPLE_COUNT),
        ("people_in", Kind.COUNT, RawMetric.PEOPLE_COUNT_IN),
        ("people_out", Kind.COUNT, RawMetric.PEOPLE_COUNT_OUT),
        ("transactions", Kind.COUNT, RawMetric.TRANSACTION_COUNT_IN),
        ("refunds", Kind.COUNT, RawMetric.TRANSACTION_COUNT_OUT),
        ("sales", Kind.MONEY, RawMetric.TRANSACTION_VALUE_IN),
        ("refunds_amount", Kind.MONEY, RawMetric.TRANSACTION_VALUE_OUT),
    )
)
BY_KEY = {description.key: description for description in (*METRICS, *RAW)}


def ratio(
    description: MetricDescription, numerator: float | None, denominator: float | None
) -> float | None:
    """Return a ratio of two sums; None where there is nothing to divide by."""
    if numerator is None or not denominator:
        return None
    return description.factor * numerator / denominator


def needs(description: MetricDescription) -> tuple[str, ...]:
    """Return the keys of the base metrics that a KPI is made from."""
    if description.numerator and description.denominator:
        return description.numerator, description.denominator
    if description is OCCUPANCY:
        return "people_in", "people_out"
    if description.base:
        return (description.base,)
    return (description.key,)
