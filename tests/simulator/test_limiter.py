"""The rate limit, on a clock that stands still until it is moved."""

import json

import pytest

from simulator import Clock, Simulator, Switches
from simulator.limiter import Limiter

from .portal_client import PortalClient

# Sunday, 24 May 2026, 21:30 UTC: 23:30 in Prague.
pytestmark = pytest.mark.switches(rate_limit=True)

EVENING = 1_779_658_200.0


def limiter(switches: Switches) -> tuple[Clock, Limiter]:
    clock = Clock.virtual(EVENING)
    return clock, Limiter(clock, switches)


def test_each_account_may_send_one_query_per_second() -> None:
    clock, limit = limiter(Switches(refused_count=False))
    assert limit.admit("owner")
    clock.jump(0.5)
    assert not limit.admit("owner")
    assert limit.admit("guest")
    clock.jump(0.5)
    assert limit.admit("owner")


def test_refused_queries_count() -> None:
    clock, limit = limiter(Switches())
    assert limit.admit("owner")
    for _ in range(3):
        clock.jump(0.9)
        assert not limit.admit("owner")
    clock.jump(1)
    assert limit.admit("owner")
    assert limit.used("owner") == 5


def test_a_query_may_cost_several_seconds() -> None:
    clock, limit = limiter(Switches())
    assert limit.admit("owner", 5)
    clock.jump(4.9)
    assert not limit.admit("owner")
    clock.jump(1)
    assert limit.admit("owner")


def test_a_clock_that_was_moved_back_refuses_nothing() -> None:
    clock, limit = limiter(Switches())
    assert limit.admit("owner")
    clock.jump(-3600)
    assert limit.admit("owner")
    assert not limit.admit("owner")


@pytest.mark.parametrize(
    ("day", "wait"), [("rolling", 86_400), ("utc", 2.5 * 3600), ("local", 1800)]
)
def test_the_meaning_of_a_day_is_a_switch(day: str, wait: float) -> None:
    switches = Switches(daily_queries=3, refused_count=False)
    switches.set("limit_day", day)
    clock, limit = limiter(switches)
    for _ in range(3):
        assert limit.admit("owner")
        clock.jump(1)
    assert not limit.admit("owner")
    clock.jump(wait - 10)
    assert not limit.admit("owner")
    clock.jump(10)
    assert limit.admit("owner")


async def test_a_second_query_at_once_is_refused(portal: PortalClient) -> None:
    portal.cloud.switches.limit_retry_after = 7
    body = {"query": "{cameraList{name}}"}
    status, _, text = await portal.post(body)
    assert (status, "data" in json.loads(text)) == (200, True)
    status, headers, text = await portal.post(body)
    assert status == 429
    assert headers["Retry-After"] == "7"
    assert json.loads(text)["errors"][0]["category"] == "client"
    assert [q.refused for q in portal.cloud.queries] == [False, True]


@pytest.mark.parametrize("body", ["text", "html", "empty"])
async def test_the_form_of_a_refusal_is_a_switch(
    portal: PortalClient, body: str
) -> None:
    portal.cloud.switches.set("limit_body", body)
    portal.cloud.switches.limit_status = 503
    await portal.post({"query": "{x}"})
    status, headers, text = await portal.post({"query": "{x}"})
    assert status == 503
    assert "Retry-After" not in headers
    assert "{" not in text


async def test_aliases_count_by_switch(portal: PortalClient) -> None:
    portal.cloud.switches.aliases_count = True
    await portal.post({"query": "{a:nodeList{name} b:nodeList{name} cameraList{name}}"})
    assert portal.cloud.limiter.used("owner") == 3


async def test_a_day_has_10_000_queries() -> None:
    """10,000 queries, one per second, pass; the next one is refused."""
    clock = Clock.virtual(EVENING)
    async with Simulator("empty", clock=clock) as cloud:
        for _ in range(10_000):
            assert cloud.limiter.admit("owner")
            clock.jump(1)
        assert not cloud.limiter.admit("owner")
