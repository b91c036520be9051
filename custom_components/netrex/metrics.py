"""The one table of KPI metrics; sensors and queries are made from it."""

from dataclasses import dataclass

from .client import Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDescription:
    """One metric of the portal.

    `key` is part of unique ids and translation keys, `metric` the portal's name.
    """

    key: str
    metric: Metric
    precision: int


METRICS: tuple[MetricDescription, ...] = (
    MetricDescription(key="people_in", metric=Metric.PEOPLE_COUNT_IN, precision=0),
    MetricDescription(key="people_out", metric=Metric.PEOPLE_COUNT_OUT, precision=0),
    # The portal's number of visitors: the mean of those who came in and went out,
    # which can end in a half.
    MetricDescription(key="visitors", metric=Metric.PEOPLE_COUNT_AVERAGE, precision=0),
)
