"""Checks that no secret was exposed and no problem was reported."""

import asyncio
import json
from pathlib import Path
import re

from ..client import Json
from ..registry import DOMAIN
from .case import Case, expect

LEVELS = ("WARNING", "ERROR", "CRITICAL")
# Home Assistant logs this for each custom integration.
HARMLESS = "has not been tested by Home Assistant"
# Shorter secrets cannot be distinguished from ordinary text.
MIN_SECRET_LENGTH = 8


async def diagnostics(case: Case) -> str:
    """The diagnostics can be downloaded and are not empty."""
    answer = await _diagnostics(case)
    expect(answer["data"], "they are empty")
    text = json.dumps(answer["data"])
    return f"{len(text)} characters: {', '.join(answer['data'])}"


async def repairs(case: Case) -> str:
    """There is no repair issue of the integration, and no open flow."""
    client = case.running.client
    issues = (await client.command("repairs/list_issues"))["issues"]
    ours = [issue["issue_id"] for issue in issues if issue["domain"] == DOMAIN]
    expect(not ours, f"issues: {ours}")
    flows = await client.command("config_entries/flow/progress")
    open_flows = [flow["step_id"] for flow in flows if flow["handler"] == DOMAIN]
    expect(not open_flows, f"open flows: {open_flows}")
    return "no issue, no open flow"


async def log(case: Case) -> str:
    """The log has no warning or error of the integration."""
    text = case.running.home_assistant.log.read_text(errors="replace")
    # The name of the folder does not count.
    lines = text.replace(str(case.config), "").splitlines()
    ours = [
        line
        for line in lines
        if DOMAIN in line
        and HARMLESS not in line
        and any(f" {level} " in line for level in LEVELS)
    ]
    traces = [line for line in lines if f"custom_components/{DOMAIN}/" in line]
    expect(not ours, f"{len(ours)} lines, first: {ours and ours[0][:300]}")
    expect(
        not traces, f"tracebacks through the integration: {traces and traces[0][:300]}"
    )
    debug = sum(f"custom_components.{DOMAIN}" in line for line in lines)
    return (
        f"no warning or error of the integration in {len(lines)} lines,"
        f" {debug} of them its own"
    )


async def secrets(case: Case) -> str:
    """No secret is in logs, states, diagnostics, or the database."""
    client = case.running.client
    issued = [
        secret
        for secret in await case.running.control.get("secrets")
        if len(secret) >= MIN_SECRET_LENGTH
    ]
    expect(issued, "the cloud issued no secrets")
    places = {
        "states": json.dumps(await client.states()).encode(),
        "diagnostics": json.dumps(await _diagnostics(case)).encode(),
        "log": case.running.home_assistant.log.read_bytes(),
        **await asyncio.to_thread(_files, case.config),
    }
    pattern = re.compile(b"|".join(re.escape(secret.encode()) for secret in issued))
    found = [name for name, content in places.items() if pattern.search(content)]
    expect(not found, f"secrets in: {', '.join(found)}")
    size = sum(map(len, places.values())) / 1e6
    return (
        f"{len(issued)} secrets, none in {size:.1f} MB of states, diagnostics, log,"
        f" database: {len(places)} places"
    )


async def _diagnostics(case: Case) -> Json:
    answer: Json = await case.running.client.request(
        "GET", f"/api/diagnostics/config_entry/{case.account.entry_id}"
    )
    return answer


def _files(config: Path) -> dict[str, bytes]:
    """Read the folder without .storage, which has to contain the credentials."""
    return {path.name: path.read_bytes() for path in config.glob("*") if path.is_file()}
