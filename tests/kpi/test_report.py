"""Reports and exports are right, whatever the names and the language."""

import csv
from datetime import date, timedelta
import io
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import area_registry as ar, device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.netrex.client import Granularity, Metric, SeriesValue
from custom_components.netrex.client.days import Span
from custom_components.netrex.const import DOMAIN
from custom_components.netrex.devices import node_identifier
from custom_components.netrex.kpi.export import Dialect, Export, cell
from custom_components.netrex.kpi.formats import change_text, date_text, number_text
from custom_components.netrex.kpi.metrics import SeriesKey
from custom_components.netrex.kpi.question import KpiAnswers, Question
from custom_components.netrex.kpi.report import (
    Report,
    ReportFormat,
    Words,
    build_report,
    metrics_to_ask,
    render,
)
from simulator import Simulator

from .conftest import NOON
from .test_sensor import settle, shop_id

VISITORS = str(Metric.PEOPLE_COUNT_AVERAGE)
SPAN = Span(0, 86400)
ENGLISH = Words("en", {"visitors": "Visitors", "conversion": "Conversion"})
NAMES = {1: "Brno | <b>", 2: "Praha", 3: "Plzeň"}


pytestmark = pytest.mark.usefixtures("noon")


def answer(**columns: list[tuple[float | None, float | None]]) -> KpiAnswers:
    """Return an answer: of each metric, the value and the earlier one per place."""

    def values(index: int) -> dict[SeriesKey, list[SeriesValue]]:
        return {
            SeriesKey(node_id, metric): [SeriesValue(*SPAN, pair[index])]
            for metric, pairs in columns.items()
            for node_id, pair in zip(NAMES, pairs, strict=True)
        }

    return KpiAnswers(values(0), values(1), SPAN)


def report(*metrics: str, **columns: list[tuple[float | None, float | None]]) -> Report:
    """Return a report in which Praha did not count for a day."""
    return build_report(
        answer(**columns),
        NAMES,
        metrics,
        distinct=NAMES,
        days=(date(2026, 11, 16), date(2026, 11, 22)),
        stopped={2: [date(2026, 11, 18)]},
    )


def test_rows_are_sorted_and_ratios_of_totals_come_from_sums() -> None:
    found = report(
        "visitors",
        "conversion",
        visitors=[(100.0, 200.0), (None, 10.0), (300.0, 100.0)],
        transactions=[(50.0, 20.0), (1.0, 1.0), (30.0, 10.0)],
        conversion=[(50.0, 10.0), (None, 10.0), (10.0, 10.0)],
    )
    assert [row.name for row in found.rows] == ["Plzeň", "Brno | <b>", "Praha"]
    assert found.totals.values == {"visitors": 400, "conversion": 100 * 81 / 400}
    assert found.rows[0].figures.changes["visitors"] == 200
    assert found.best
    assert found.worst
    assert (found.best.name, found.worst.name) == ("Plzeň", "Brno | <b>")
    assert metrics_to_ask(["conversion"]) == ("conversion", "transactions", "visitors")


@pytest.mark.parametrize("style", list(ReportFormat))
def test_every_format_shows_everything_and_escapes_names(style: ReportFormat) -> None:
    found = report("visitors", visitors=[(1234.5, 1000.0), (None, None), (300.0, 0.0)])
    text = render(found, style, ENGLISH)
    for part in ("2026-11-16 - 2026-11-22", "1,234", "+23.4%", "2026-11-18", "Plzeň"):
        assert part in text
    if style is ReportFormat.HTML:
        assert "<b>" not in text
        assert "Brno | &lt;b&gt;" in text
    if style is ReportFormat.MARKDOWN:
        assert r"Brno \| \<b\>" in text


def test_numbers_are_written_as_in_the_language() -> None:
    assert number_text(1234567.5, 1, "en") == "1,234,567.5"
    assert number_text(1234567.5, 1, "cs") == "1\u00a0234\u00a0567,5"
    assert number_text(None, 0, "cs") == "?"
    assert change_text(-0.04, "en") == "-0.0%" or change_text(-0.04, "en") == "0.0%"
    assert change_text(3.26, "cs") == "+3,3\u00a0%"
    assert change_text(None, "cs") == "?"


def test_dates_are_written_as_in_the_language() -> None:
    day = date(2026, 11, 2)
    assert date_text(day, "cs") == "2. 11. 2026"
    assert date_text(day, "sk-SK") == "2. 11. 2026"
    assert date_text(day, "en") == "2026-11-02"


def test_spreadsheets_get_their_dialect() -> None:
    assert Dialect.of("cs") == Dialect(";", decimal_comma=True)
    assert Dialect.of("en") == Dialect(",", decimal_comma=False)
    assert Dialect.of("cs", ",").number(1.5) == "1.5"
    assert Dialect.of("cs", "\t").number(1.5) == "1,5"
    assert Dialect.of("en").number(None) == ""
    assert Dialect.of("en").number(1_000_000.0) == "1000000"
    assert cell("=1+1") == "'=1+1"
    assert cell("Brno") == "Brno"


@pytest.mark.parametrize(
    ("granularity", "parts"),
    [(None, 1), (Granularity.W, 1), (Granularity.D, 1), (Granularity.HQ, 7)],
)
def test_a_leap_year_is_one_part_except_in_quarter_hours(
    granularity: Granularity | None, parts: int
) -> None:
    span = Span(1_704_063_600, 1_735_686_000)  # 2024 in Prague
    question = Question((1,), ("visitors",), span, granularity)
    export = Export(question, NAMES, [], Dialect.of("en"), ZoneInfo("Europe/Prague"))
    found = list(export._parts())
    assert len(found) == parts
    assert (found[0].start, found[-1].end) == span
    assert all(one.end == two.start for one, two in pairwise(found))


async def call(
    hass: HomeAssistant, entry: MockConfigEntry, action: str, **data: object
) -> dict[str, Any]:
    """Call an action and return its response."""
    response = await hass.services.async_call(
        DOMAIN,
        action,
        {"config_entry_id": entry.entry_id, **data},
        blocking=True,
        return_response=True,
    )
    assert response
    return dict(response)


async def test_a_report_of_yesterday_is_true_and_free(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    shop = shop_id(cloud)
    midnight = NOON.replace(hour=0, minute=0).timestamp()
    cloud.queries.clear()
    found = await call(
        hass, entry, "get_report", period="yesterday", metrics=["visitors"]
    )
    [row] = found["rows"]
    assert row["node_id"] == shop
    truth = cloud.truth(shop, VISITORS, midnight - 86400, midnight)
    assert row["metrics"]["visitors"] == pytest.approx(truth)
    before = cloud.truth(shop, VISITORS, midnight - 8 * 86400, midnight - 7 * 86400)
    assert row["earlier"]["visitors"] == pytest.approx(before)
    assert truth
    assert before
    assert row["change_percent"]["visitors"] == pytest.approx(
        100 * (truth - before) / before
    )
    assert found["totals"]["metrics"] == row["metrics"]
    assert not found["errors"]
    # Only the eighth day before is not held.
    assert len(cloud.queries) <= 1


async def test_a_period_and_the_one_before_share_a_query(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    cloud.queries.clear()
    found = await call(
        hass,
        entry,
        "get_report",
        start=(NOON - timedelta(days=30)).isoformat(),
        end=(NOON - timedelta(days=29)).isoformat(),
        metrics=["visitors"],
    )
    assert found["totals"]["change_percent"]["visitors"] is not None
    assert len(cloud.queries) == 1


async def test_a_report_names_what_it_could_not_read(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    found = await call(hass, entry, "get_report", compare="none")
    assert found["errors"] == []
    assert "earlier" not in found["rows"][0]
    assert found["best"] is None
    assert set(found["totals"]["metrics"]) >= {"visitors", "sales", "conversion"}
    assert found["start"] == "2026-11-09T00:00:00+01:00"
    assert found["end"] == "2026-11-16T00:00:00+01:00"


@pytest.mark.parametrize("language", ["en", "cs"])
@pytest.mark.parametrize("granularity", ["hq", "d"])
async def test_an_export_equals_the_truth(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    tmp_path: Path,
    language: str,
    granularity: str,
) -> None:
    await settle(hass, entry)
    hass.config.media_dirs = {"local": str(tmp_path)}
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    hass.config.language = language
    found = await call(
        hass,
        entry,
        "export_kpi",
        period="last_week",
        metrics=["visitors", "sales"],
        granularity=granularity,
        filename="kpi/week",
    )
    path = tmp_path / "kpi" / "week.csv"
    assert found["path"] == str(path)
    assert "/api/netrex" in found["url"]
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    separator, decimal = (";", ",") if language == "cs" else (",", ".")
    rows = list(
        csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=separator)
    )
    assert len(rows) - 1 == found["rows"] == (7 if granularity == "d" else 7 * 96)
    assert rows[0][0] == ("Místo" if language == "cs" else "Place")
    assert rows[1][2] == "2026-11-09 00:00"
    total = sum(float((row[4] or "0").replace(decimal, ".")) for row in rows[1:])
    start = NOON.replace(hour=0, minute=0) - timedelta(days=11)
    truth = cloud.truth(
        shop_id(cloud),
        VISITORS,
        start.timestamp(),
        start.timestamp() + 7 * 86400,
    )
    assert total == pytest.approx(truth)
    assert list(path.parent.iterdir()) == [path]
    with pytest.raises(HomeAssistantError):
        await call(hass, entry, "export_kpi", filename="kpi/week.csv")


async def test_an_export_that_fails_leaves_no_file(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry, tmp_path: Path
) -> None:
    await settle(hass, entry)
    hass.config.media_dirs = {"local": str(tmp_path)}
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    with pytest.raises(ServiceValidationError):
        await call(hass, entry, "export_kpi", filename="../x")
    cloud.faults.add("graphql", "status", 500, count=None)
    with pytest.raises(HomeAssistantError):
        await call(hass, entry, "export_kpi", granularity="hq", filename="x")
    assert not any(tmp_path.rglob("*"))  # noqa: ASYNC240 - a temporary folder


@pytest.mark.parametrize("by", ["name", "slug", "device", "area", "area name", "id"])
async def test_places_can_be_named_in_every_way(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry, by: str
) -> None:
    await settle(hass, entry)
    shop = shop_id(cloud)
    devices = dr.async_get(hass)
    device = devices.async_get_device_by_identifier(
        node_identifier(entry, shop), entry.entry_id
    )
    assert device
    area = ar.async_get(hass).async_create("Prodejna na náměstí")
    devices.async_update_device(device.id, area_id=area.id)
    text = {
        "name": "Brno, Česká",
        "slug": "brno ceska",
        "device": device.id,
        "area": area.id,
        "area name": "prodejna na náměstí",
        "id": str(shop),
    }[by]
    found = await call(
        hass,
        entry,
        "get_kpi",
        nodes=[text],
        metrics=["visitors"],
        period="yesterday",
        granularity="total",
        compare="year",
    )
    assert found["nodes"][text]["node_id"] == shop
    assert found["nodes"][text]["metrics"]["visitors"][0]["value"] > 0
    assert found["nodes"][text]["earlier"]["visitors"][0]["start"].startswith(
        "2025-11-20"
    )
    assert found["nodes"][text]["change_percent"]["visitors"] is not None


async def test_a_name_of_two_places_is_refused_with_both(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await settle(hass, entry)
    tree = entry.runtime_data.inventory.data.tree
    names = [node.name for node in tree]
    twice = [name for name in names if names.count(name) > 1]
    for text in ("No such place", "", *twice[:1]):
        with pytest.raises(ServiceValidationError):
            await call(
                hass,
                entry,
                "get_kpi",
                nodes=[text],
                metrics=["visitors"],
                period="today",
            )


async def test_a_period_and_a_start_exclude_each_other(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    common: dict[str, Any] = {"nodes": ["1"], "metrics": ["visitors"]}
    with pytest.raises(vol.Invalid):
        await call(hass, entry, "get_kpi", **common)
    with pytest.raises(vol.Invalid):
        await call(
            hass, entry, "get_kpi", **common, period="today", start=NOON.isoformat()
        )
    with pytest.raises(ServiceValidationError):
        await call(hass, entry, "get_report", end=NOON.isoformat())
