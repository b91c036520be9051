"""What a check run exercises, in order, and how it reports."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
from playwright.async_api import Error as BrowserError

from . import (
    check_account,
    check_camera,
    check_camera_access,
    check_history,
    check_live,
    check_media,
    check_recordings,
    check_secrets,
)
from .account import Account
from .case import Case, Failed, NotRun
from .processes import DemoError
from .stage import Running
from .table import Outcome, Row, render_row, verdict

# The order matters: what nobody may have caused is looked at before it is caused, and
# secrets are looked for when everything has had its chance to leave some.
CHECKS: tuple[tuple[str, Callable[[Case], Awaitable[str]]], ...] = (
    ("sign-in", check_account.sign_in),
    ("start", check_account.start),
    ("tree", check_account.tree),
    ("status", check_account.status),
    ("KPI", check_account.kpi),
    ("live view", check_live.live_view),
    ("after a drop", check_live.after_a_drop),
    ("still image", check_live.still_image),
    ("frontend", check_live.frontend),
    ("media browser", check_media.media_browser),
    ("player", check_media.player),
    ("recordings", check_recordings.recordings),
    ("history", check_history.history),
    ("get_kpi", check_history.get_kpi),
    ("PTZ", check_camera_access.ptz),
    ("inputs", check_camera_access.inputs),
    ("CamStreamer", check_camera_access.camstreamer),
    ("camera parameters", check_camera.parameters),
    ("reload", check_account.reload),
    ("ledger", check_account.ledger),
    ("limits", check_account.limits),
    ("diagnostics", check_secrets.diagnostics),
    ("repairs", check_secrets.repairs),
    ("log", check_secrets.log),
    ("secrets", check_secrets.secrets),
)


async def run_checks(running: Running, account: Account, config: Path) -> bool:
    """Exercise everything once, print the table, and tell whether nothing failed.

    A failure does not keep the rest from running.
    """
    case = Case(running, account, config)
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
