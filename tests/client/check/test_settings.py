"""The report names the setting of each switch of the simulated cloud."""

from collections.abc import Mapping

import pytest

from custom_components.netrex.client.check import Subject
from custom_components.netrex.client.check.cameras import check_cameras
from custom_components.netrex.client.check.kpi import check_kpi, check_money
from custom_components.netrex.client.check.live import check_live, check_offline_live
from custom_components.netrex.client.check.portal import (
    check_errors,
    check_inventory,
    check_schema,
)
from custom_components.netrex.client.check.recordings import check_recordings
from custom_components.netrex.client.check.report import Finding, Row
from custom_components.netrex.client.check.subject import Step
from simulator import Simulator


async def run(subject: Subject, *steps: Step) -> list[Row]:
    """Run steps after those that find the examples."""
    all_steps = (check_schema, check_inventory, *steps)
    return [row for step in all_steps async for row in step(subject)]


def settled(rows: list[Row]) -> dict[str, Finding]:
    """Return the findings of all rows."""
    return {name: value for row in rows for name, value in row.settles.items()}


def _test_id(value: object) -> str:
    """Return the same id in each process of a test run."""
    return getattr(value, "__name__", None) or str(value)


@pytest.mark.parametrize(
    ("step", "switches", "expected"),
    [
        (check_schema, {"introspection": "false"}, {"introspection": False}),
        (check_schema, {}, {"introspection": True, "local_view": True}),
        (check_schema, {"local_view": "false"}, {"local_view": False}),
        (check_schema, {"transports": "rtsp"}, {"transports": "local,rtsp"}),
        (check_errors, {}, {"error_status": 200, "auth_error_status": 200}),
        (check_errors, {"error_status": 400}, {"error_status": 400}),
        (check_errors, {"auth_error_status": 401}, {"auth_error_status": 401}),
        (check_errors, {"category_place": "top"}, {"category_place": "top"}),
        (check_errors, {"category_place": "none"}, {"category_place": "none"}),
        (
            check_errors,
            {"category_place": "extensions"},
            {"category_place": "extensions"},
        ),
        (check_kpi, {"kpi_missing": "null"}, {"kpi_missing": "null"}),
        (check_kpi, {"kpi_missing": "zero"}, {"kpi_missing": "zero"}),
        (check_kpi, {"kpi_future": "null"}, {"kpi_future": "null"}),
        (check_kpi, {"kpi_future": "zero"}, {"kpi_future": "zero"}),
        (check_kpi, {"kpi_unfinished": "null"}, {"kpi_unfinished": "null"}),
        (check_kpi, {"kpi_unfinished": "zero"}, {"kpi_unfinished": "zero"}),
        (check_kpi, {"kpi_blocks": "utc"}, {"kpi_blocks": "utc"}),
        (check_kpi, {"kpi_blocks": "local"}, {"kpi_blocks": "local"}),
        (check_kpi, {"time_zone": "UTC"}, {"time_zone": "+00:00"}),
        (check_kpi, {"time_zone": "Asia/Kolkata"}, {"time_zone": "+05:30"}),
        (check_kpi, {"time_zone": "America/Phoenix"}, {"time_zone": "-07:00"}),
        (check_kpi, {"kpi_max_days": 31}, {"a_year_of_hours": False}),
        (check_kpi, {}, {"a_year_of_hours": True, "kpi_division_by_zero": "null"}),
        (
            check_kpi,
            {"kpi_division_by_zero": "zero"},
            {"kpi_division_by_zero": "zero"},
        ),
        (check_money, {"kpi_money_factor": 1}, {"kpi_money_factor": 1}),
        (check_money, {"kpi_money_factor": 100}, {"kpi_money_factor": 100}),
        (check_live, {"link_single_use": "never"}, {"link_single_use": "never"}),
        (check_live, {"link_single_use": "session"}, {"link_single_use": "session"}),
        (
            check_live,
            {"link_single_use": "connection"},
            {"link_single_use": "connection", "options_uses_link": False},
        ),
        (
            check_live,
            {"link_single_use": "connection", "options_uses_link": "true"},
            {"link_single_use": "connection", "options_uses_link": True},
        ),
        (check_live, {"link_refused_status": 403}, {"link_refused_status": 403}),
        (check_live, {"backchannel": "ignore"}, {"backchannel": "ignore"}),
        (check_live, {"backchannel": "refuse"}, {"backchannel": "refuse"}),
        (check_live, {"sdp_control": "absolute"}, {"sdp_control": "absolute"}),
        (check_live, {"sdp_control": "relative"}, {"sdp_control": "relative"}),
        (check_live, {"session_timeout": 10}, {"session_timeout": 10}),
        (check_live, {"websocket_protocol": ""}, {"websocket_protocol": "any"}),
        (
            check_live,
            {"websocket_protocol": "binary"},
            {"websocket_protocol": "binary"},
        ),
        (check_live, {"tunnel_scheme": "name"}, {"tunnel_scheme_rtspws": "name"}),
        (check_live, {"tunnel_scheme": "rtsp"}, {"tunnel_scheme_rtspws": "rtsp"}),
        (
            check_live,
            {"tunnel_scheme": "carrier"},
            {"tunnel_scheme_rtspws": "carrier"},
        ),
        (
            check_offline_live,
            {"offline_live_view": "null"},
            {"offline_live_view": "null"},
        ),
        (
            check_offline_live,
            {"offline_live_view": "error"},
            {"offline_live_view": "error"},
        ),
        (
            check_offline_live,
            {"offline_live_view": "link"},
            {"offline_live_view": "link"},
        ),
        (check_recordings, {"recording_storages": 2}, {"recording_storages": 2}),
        (check_recordings, {"prepare_answer": "false"}, {"prepare_answer": "false"}),
        (check_recordings, {"prepare_answer": "error"}, {"prepare_answer": "error"}),
        (check_recordings, {"prepare_twice": "error"}, {"prepare_twice": "error"}),
        (check_recordings, {"prepare_twice": "false"}, {"prepare_twice": "false"}),
        (
            check_recordings,
            {"download_range": "false"},
            {"download_range_answer": "ignored"},
        ),
        (check_recordings, {"download_length": "false"}, {"download_length": False}),
        (
            check_recordings,
            {"download_needs_token": "true"},
            {"download_needs_token": True, "download_answer": "film"},
        ),
        (
            check_recordings,
            {"download_expired_status": 410},
            {"download_expired_status": 410},
        ),
        (
            check_recordings,
            {"download_expired_body": "text"},
            {"download_expired_body": "text"},
        ),
        (
            check_recordings,
            {"download_type": "text/html"},
            {"download_type": "text/html"},
        ),
        (check_recordings, {"download_answer": "page"}, {"download_answer": "other"}),
        (check_recordings, {"download_encoding": "gzip"}, {"download_encoding": True}),
        *(
            (
                check_recordings,
                {"download_range_answer": answer},
                {"download_range_answer": answer},
            )
            for answer in ("right", "bare", "whole", "unknown", "refused")
        ),
        *(
            (
                check_recordings,
                {"recording_layout": layout},
                {"recording_layout": layout},
            )
            for layout in ("front", "end", "fragments")
        ),
        *(
            (check_cameras, {name: 418}, {name: 418})
            for name in (
                "gateway_bad_token_status",
                "gateway_unknown_status",
                "gateway_offline_status",
            )
        ),
        *(
            (check_cameras, {"gateway_body": form}, {"gateway_body": form})
            for form in ("html", "json", "text", "empty")
        ),
        *(
            (check_cameras, {"fixed_ptz": form}, {"fixed_ptz": form})
            for form in ("nan", "empty", "error")
        ),
        (check_cameras, {"port_management": "false"}, {"port_management": False}),
        (check_cameras, {"event_stream": "false"}, {"event_stream": False}),
        *(
            (check_cameras, {"camstreamer_api": form}, {"camstreamer_api": form})
            for form in ("new", "old", "none")
        ),
        *(
            (check_cameras, {"camstreamer_list": form}, {"camstreamer_list": form})
            for form in ("data", "top")
        ),
    ],
    ids=_test_id,
)
async def test_a_setting_is_found(
    cloud: Simulator,
    subject: Subject,
    step: Step,
    switches: Mapping[str, object],
    expected: Mapping[str, Finding],
) -> None:
    for name, value in switches.items():
        cloud.switches.set(name, value)
    found = settled(await run(subject, step))
    assert {name: found.get(name) for name in expected} == expected
