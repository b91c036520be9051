"""The whole check: its queries, its secrets, and what happens in trouble."""

from collections.abc import AsyncIterator
import runpy
import sys

import aiohttp
import pytest

from custom_components.netrex.client import (
    Ledger,
    NetrexAuthError,
    Pacer,
    __main__ as command,
)
from custom_components.netrex.client.check import (
    MAX_QUERIES,
    Outcome,
    PortalCalls,
    Row,
    Subject,
    as_table,
    check_account,
)
from simulator import Simulator


def private_texts(cloud: Simulator, subject: Subject) -> set[str]:
    """Return everything of the account that must not be published."""
    texts: set[str | None] = {subject.camera_token, cloud.url}
    texts |= {link.url for link in cloud.links}
    for node in cloud.world.nodes:
        texts |= {node.name, str(node.node_id), node.external_id}
    for camera in cloud.world.cameras.values():
        texts |= {camera.serial_number, camera.source_ip}
    texts |= set(cloud.world.tokens)
    return {text for text in texts if text and len(text) > 2}


async def test_the_report_can_be_published(cloud: Simulator, subject: Subject) -> None:
    rows = await check_account(subject)
    table = as_table(rows)
    assert len(cloud.queries) <= MAX_QUERIES
    assert {row.outcome for row in rows} <= {Outcome.WORKS, Outcome.REFUSED}
    private = private_texts(cloud, subject)
    assert len(private) > 30
    assert not [text for text in private if text in table]
    assert "127.0.0.1" not in table
    assert {row.capability for row in rows} == {
        "schema",
        "inventory",
        "status",
        "errors",
        "kpi",
        "live",
        "recordings",
        "cameras",
        "queries",
    }


async def test_a_portal_that_answers_with_private_texts(
    cloud: Simulator, subject: Subject
) -> None:
    """Whatever an answer contains is not repeated."""
    secret = "Prague Market 10.0.0.7 https://a.example/k"
    cloud.switches.limit_category = secret
    for node in cloud.world.nodes:
        node.type = secret
    table = as_table(await check_account(subject))
    assert "Prague" not in table
    assert "10.0.0.7" not in table


async def test_the_strict_limiter_refuses_nothing(
    cloud: Simulator, session: aiohttp.ClientSession, subject: Subject
) -> None:
    cloud.switches.rate_limit = True
    cloud.switches.query_interval = 0.2
    pacer = Pacer(Ledger(), interval=0.22)
    subject.portal = PortalCalls(session, cloud.url, subject.get_token, pacer)
    await check_account(subject)
    await pacer.clear()
    assert not [query for query in cloud.queries if query.refused]
    assert pacer.ledger.used == len(cloud.queries) > 15


@pytest.mark.parametrize("kind", ["status", "garbage", "empty", "cut", "html"])
async def test_a_portal_in_trouble_is_reported(
    cloud: Simulator, subject: Subject, kind: str
) -> None:
    cloud.faults.add("graphql", kind, 500, count=None)
    rows = await check_account(subject)
    assert Outcome.WORKS not in {row.outcome for row in rows[:-1]}


async def test_a_limit_that_is_reached_is_reported(
    cloud: Simulator, subject: Subject
) -> None:
    cloud.switches.rate_limit = True
    cloud.switches.limit_retry_after = 3600
    rows = await check_account(subject)
    assert "the portal's limit is reached" in {row.note for row in rows}


async def test_no_more_queries_than_promised(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def greedy(subject: Subject) -> AsyncIterator[Row]:
        while True:
            answer = await subject.portal.post("{nodeList{node_id}}")
            yield Row("greedy", "nodes", answer.outcome)

    monkeypatch.setattr(
        "custom_components.netrex.client.check._STEPS", (("greedy", greedy),)
    )
    rows = await check_account(subject)
    assert subject.portal.sent == MAX_QUERIES
    assert rows[0].outcome is Outcome.NOT_TRIED


async def test_an_account_without_anything(
    session: aiohttp.ClientSession, pacer: Pacer
) -> None:
    async with Simulator("empty") as cloud:
        cloud.switches.rate_limit = False
        token = cloud.create_api_token()

        async def get_token() -> str:
            return token

        portal = PortalCalls(session, cloud.url, get_token, pacer)
        rows = await check_account(Subject(session, cloud.url, get_token, portal))
    notes = {row.note for row in rows if row.outcome is Outcome.NOT_TRIED}
    # An empty list of cameras is an answer, and is not requested again.
    assert len([row for row in rows if row.capability == "inventory"]) == 1
    assert "no connected camera" in notes
    assert "no cash desk" in notes


async def test_the_command_checks_an_account(cloud: Simulator) -> None:
    token = cloud.create_api_token()
    options = command._parse(
        ["--portal", cloud.url, "--token", token, "--interval", "0"]
    )
    table = await command._check(options)
    assert table.startswith("| capability |")
    assert "no camera access token" in table
    assert token not in table


def test_the_command_runs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check(_: object) -> str:
        return "table"

    monkeypatch.setattr(command, "_check", check)
    command.main(["--portal", "https://portal.example", "--token", "a"])
    assert capsys.readouterr().out == "table\n"


def test_the_module_runs_the_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["client", "--help"])
    monkeypatch.delitem(sys.modules, command.__name__)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(command.__name__, run_name="__main__")
    assert ended.value.code == 0
    assert "--camera-token" in capsys.readouterr().out


async def test_without_a_token_there_is_no_report(
    session: aiohttp.ClientSession, pacer: Pacer, subject: Subject
) -> None:
    async def refused() -> str:
        raise NetrexAuthError("The sign-in has ended")

    subject.portal = PortalCalls(session, subject.url, refused, pacer)
    with pytest.raises(NetrexAuthError):
        await check_account(subject)
