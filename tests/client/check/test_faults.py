"""Servers in trouble end only the row that concerns them."""

import pytest

from custom_components.netrex.client.check import Outcome, Row, Subject, check_account
from custom_components.netrex.client.check.rtsp import RtspAnswer
from simulator import Simulator


def outcomes(rows: list[Row], capability: str) -> set[Outcome]:
    """Return the outcomes of a capability."""
    return {row.outcome for row in rows if row.capability == capability}


@pytest.mark.parametrize(
    ("endpoint", "kind", "capability"),
    [
        ("rtsp", "cut", "live"),
        ("rtsp", "garbage", "live"),
        ("download", "cut", "recordings"),
        ("gateway", "cut", "cameras"),
    ],
)
async def test_a_server_that_does_not_answer(
    cloud: Simulator, subject: Subject, endpoint: str, kind: str, capability: str
) -> None:
    cloud.faults.add(endpoint, kind, count=None)
    rows = await check_account(subject)
    assert Outcome.NO_ANSWER in outcomes(rows, capability)
    assert rows[-1].capability == "queries"
    others = {"inventory", "kpi", "live", "recordings", "cameras"} - {capability}
    for other in others:
        assert Outcome.NO_ANSWER not in outcomes(rows, other)


async def test_a_camera_list_without_details(
    cloud: Simulator, subject: Subject
) -> None:
    """The ids are enough for the next steps."""
    cloud.faults.add("graphql", "half", "cameraList", match="serial_number")
    rows = await check_account(subject)
    first, second = [row for row in rows if row.capability == "inventory"]
    assert first.settles["form"] == "json"
    assert second.settles["cameras"] == len(cloud.world.cameras)


async def test_a_row_as_a_response(subject: Subject) -> None:
    row = Row("kpi", "days", Outcome.WORKS, 1.234, {"time_zone": "+01:00"}, "note")
    assert row.as_dict() == {
        "capability": "kpi",
        "request": "days",
        "outcome": "works",
        "seconds": 1.23,
        "settles": {"time_zone": "+01:00"},
        "note": "note",
    }
    assert Row("kpi", "days", Outcome.EMPTY).as_dict() == {
        "capability": "kpi",
        "request": "days",
        "outcome": "empty",
    }


def test_a_secret_is_not_in_the_repr() -> None:
    answer = RtspAnswer(200, {"content-base": "rtsp://host/secret"}, "secret")
    assert "secret" not in repr(answer)
