"""The table of KPI metrics, from which sensors, statistics, and actions are built.

The portal has the eleven metrics of `statisticDataMetric` and the seven raw metrics of
`statisticData`. Raw metrics are the same figures as stored by a single camera. They
have no series, so only the action `get_kpi` offers them (decision 0011).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ..client import Metric, RawMetric
from ..client.values import as_int


class SeriesKey(NamedTuple):
    """A node and the key of a metric."""

    node_id: int
    metric: str

    @classmethod
    def parse(cls, text: str) -> SeriesKey:
        """Return the key that a text identifies. Raises ValueError for other texts."""
        node_text, _, metric = text.partition("_")
        node_id = as_int(node_text)
        if node_id is None or not metric or f"{node_id}_{metric}" != text:
            raise ValueError(f"Not the key of a series: {text}")
        return cls(node_id, metric)

    def __str__(self) -> str:
        """Return the text that identifies the series in the store."""
        return f"{self.node_id}_{self.metric}"


class Kind(StrEnum):
    """How the values of several intervals are combined."""

    COUNT = "count"  # added
    MONEY = "money"  # added; the portal does not report the currency
    RATIO = "ratio"  # recomputed from the sums: a mean of ratios would be wrong
    CHANGE = "change"  # of a count or money, relative to the same time last week


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDescription:
    """One KPI.

    Attributes:
        key: Part of unique ids, statistics ids, translation keys and actions.
        kind: How the values of several intervals are combined.
        precision: Suggested number of decimals.
        metric: The portal's name; None if the portal does not have the metric.
        raw: The portal's name for the raw metric, if any.
        numerator: Key of a base metric; ratios only.
        denominator: Key of a base metric; ratios only.
        base: Key of the base metric that is compared; changes only.
        factor: Multiplier of the quotient or the raw value; 100 gives percent.
        enabled_default: Whether places get its sensor by default.
    """

    key: str
    kind: Kind
    precision: int = 0
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
        metric=Metric.PEOPLE_COUNT_IN,
        enabled_default=True,
    ),
    MetricDescription(
        key="people_out",
        kind=Kind.COUNT,
        metric=Metric.PEOPLE_COUNT_OUT,
        enabled_default=True,
    ),
    # As defined by the portal: the mean of people in and people out, so it may end
    # in .5.
    MetricDescription(
        key="visitors",
        kind=Kind.COUNT,
        metric=Metric.PEOPLE_COUNT_AVERAGE,
        enabled_default=True,
    ),
    MetricDescription(
        key="pass_by", kind=Kind.COUNT, metric=Metric.PEOPLE_COUNT_PASS_BY
    ),
    MetricDescription(
        key="transactions",
        kind=Kind.COUNT,
        metric=Metric.TRANSACTION_COUNT_POSITIVE,
        enabled_default=True,
    ),
    MetricDescription(
        key="refunds", kind=Kind.COUNT, metric=Metric.TRANSACTION_COUNT_NEGATIVE
    ),
    MetricDescription(
        key="sales",
        kind=Kind.MONEY,
        metric=Metric.TRANSACTION_AMOUNT_POSITIVE,
        enabled_default=True,
    ),
    MetricDescription(
        key="refunds_amount", kind=Kind.MONEY, metric=Metric.TRANSACTION_AMOUNT_NEGATIVE
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
# People in minus people out since local midnight, never below 0. Counters miss people,
# so the figure drifts during the day and restarts at midnight.
OCCUPANCY = MetricDescription(key="occupancy", kind=Kind.COUNT, enabled_default=True)
# Difference from the same time last week, in percent.
CHANGES: tuple[MetricDescription, ...] = tuple(
    MetricDescription(
        key=f"{base}_change",
        kind=Kind.CHANGE,
        precision=1,
        base=base,
        factor=100,
        enabled_default=base == "visitors",
    )
    for base in ("people_in", "visitors", "sales")
)
METRICS: tuple[MetricDescription, ...] = (*BASE, *RATIOS, OCCUPANCY, *CHANGES)
RAW_PREFIX = "raw_"
# Raw values of a camera; the portal stores money in hundredths.
RAW: tuple[MetricDescription, ...] = tuple(
    MetricDescription(
        key=f"{RAW_PREFIX}{key}",
        kind=kind,
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
    """Return the ratio of two sums; None if one is unknown or the denominator is 0."""
    if numerator is None or not denominator:
        return None
    return description.factor * numerator / denominator


def needs(description: MetricDescription) -> tuple[str, ...]:
    """Return the keys of the base metrics that a KPI is computed from."""
    if description.numerator and description.denominator:
        return description.numerator, description.denominator
    if description is OCCUPANCY:
        return "people_in", "people_out"
    if description.base:
        return (description.base,)
    return (description.key,)
