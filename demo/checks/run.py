"""Runs all checks in order and prints their results."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
from playwright.async_api import Error as BrowserError

from ..account import Account
from ..processes import DemoError
from ..stage import Running
from . import (
    account,
    camera_access,
    dashboard,
    history,
    live,
    media,
    parameters,
    recordings,
    secrets,
    walk,
)
from .case import Case, Failed, NotRun
from .table import Outcome, Row, render_row, verdict

# The order matters: "start" expects that there was no live view yet, "secrets"
# searches what the checks before have left, and "new camera" changes the account.
CHECKS: tuple[tuple[str, Callable[[Case], Awaitable[str]]], ...] = (
    ("sign-in", account.sign_in),
    ("start", account.start),
    ("first steps", walk.walk),
    ("tree", account.tree),
    ("status", account.status),
    ("KPI", account.kpi),
    ("live view", live.live_view),
    ("after a drop", live.after_a_drop),
    ("still image", live.still_image),
    ("frontend", live.frontend),
    ("dashboard", dashboard.ranking),
    ("on a phone", dashboard.phone),
    ("media browser", media.media_browser),
    ("player", media.player),
    ("recordings", recordings.recordings),
    ("history", history.history),
    ("get_kpi", history.get_kpi),
    ("PTZ", camera_access.ptz),
    ("inputs", camera_access.inputs),
    ("CamStreamer", camera_access.camstreamer),
    ("camera parameters", parameters.parameters),
    ("reload", account.reload),
    ("ledger", account.ledger),
    ("limits", account.limits),
    ("diagnostics", secrets.diagnostics),
    ("repairs", secrets.repairs),
    ("log", secrets.log),
    ("secrets", secrets.secrets),
    ("new camera", dashboard.new_camera),
)


async def run_checks(running: Running, added: Account, config: Path) -> bool:
    """Run all checks, print the table, and return whether no check failed.

    A failed check does not prevent the others from running.
    """
    case = Case(running, added, config)
    width = max(len(name) for name, _ in CHECKS)
    rows: list[Row] = []
    print(flush=True)
    for name, check in CHECKS:
        rows.append(await _run(name, check, case))
        print(render_row(rows[-1], width), flush=True)
    print(f"\n  {verdict(rows)}", flush=True)
    return all(row.outcome is not Outcome.FAILED for row in rows)


async def _run(name: str, check: Callable[[Case], Awaitable[str]], case: Case) -> Row:
    try:
        return Row(name, Outcome.PASSED, await check(case))
    except NotRun as err:
        return Row(name, Outcome.NOT_RUN, str(err))
    except TimeoutError:
        return Row(name, Outcome.FAILED, "no answer in time")
    except (Failed, DemoError, BrowserError, aiohttp.ClientError, LookupError) as err:
        return Row(name, Outcome.FAILED, str(err) or repr(err))
