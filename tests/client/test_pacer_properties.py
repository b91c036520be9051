"""Invariants of the pacer, in virtual time."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given, settings, strategies as st

from custom_components.netrex.client import (
    Lane,
    Ledger,
    NetrexConnectionError,
    NetrexRateLimitedError,
    Pacer,
)

from .virtual_time import clock, run

_EPSILON = 1e-6


@dataclass(eq=False)
class Call:
    """A call of the pacer.

    Times in seconds: its start, the time until the request arrives and has its
    response, and the caller's timeout.
    """

    comes: float
    lane: Lane
    arrives: float
    answered: float
    leaves: float | None = None
    key: int | None = None
    fails: bool = False
    started: float | None = field(default=None, init=False)
    came: int = field(default=0, init=False)
    left: bool = field(default=False, init=False)


_SECONDS = st.floats(0, 12, allow_nan=False)
# A request arrives within 2 s; its response may take longer.
_CALLS = st.builds(
    Call,
    comes=st.floats(0, 20),
    lane=st.sampled_from(Lane),
    arrives=st.floats(0, 2),
    answered=_SECONDS,
    leaves=st.none() | st.none() | _SECONDS,
    fails=st.booleans(),
)
_SHARED_CALLS = st.builds(
    Call,
    comes=st.floats(0, 20),
    lane=st.sampled_from(Lane),
    arrives=st.just(0.0),
    answered=_SECONDS,
    leaves=st.none() | _SECONDS,
    key=st.integers(0, 2),
)


async def _play(calls: list[Call]) -> list[Call]:
    """Make all calls; return those whose request started, in order."""
    pacer = Pacer(Ledger(clock=clock), clock=clock)
    started: list[Call] = []
    came = 0

    async def make(call: Call) -> Call:
        nonlocal came
        await asyncio.sleep(call.comes)
        came += 1
        call.came = came

        async def request() -> Call:
            # Waiting calls with a higher priority must not be overtaken.
            call.started = clock()
            started.append(call)
            for other in calls:
                # Within one tick, any order is fine.
                waits = other.came and other.started is None and not other.left
                if waits and other.comes < call.started - _EPSILON:
                    assert (call.lane, call.came) < (other.lane, other.came) or (
                        call.key is not None or other.key is not None
                    )
            await asyncio.sleep(max(call.arrives, call.answered))
            if call.fails:
                raise NetrexConnectionError("no route")
            return call

        try:
            async with asyncio.timeout(call.leaves):
                return await pacer.run(call.lane, request, key=call.key)
        finally:
            call.left = True

    answers = await asyncio.gather(*map(make, calls), return_exceptions=True)
    for call, answer in zip(calls, answers, strict=True):
        if isinstance(answer, Call):
            assert answer is call or answer.key == call.key is not None
        elif isinstance(answer, TimeoutError):
            assert call.leaves is not None
        else:
            assert isinstance(answer, NetrexConnectionError)
            assert call.fails
    # A request canceled at its start counts, though it never ran.
    assert len(started) <= pacer.ledger.used <= len(calls)
    await asyncio.sleep(0.01)
    assert len(asyncio.all_tasks()) == 1
    return started


@settings(max_examples=150, deadline=None)
@given(st.lists(_CALLS, max_size=25))
def test_arrivals_keep_their_distance_and_all_calls_start(calls: list[Call]) -> None:
    started = run(_play(calls))
    for before, after in pairwise(started):
        assert before.started is not None
        assert after.started is not None
        gap = after.started - before.started
        assert gap >= 1.1 - _EPSILON
        # The portal counts arrivals.
        arrivals = gap + after.arrives - before.arrives
        assert arrivals >= 1 - _EPSILON
    assert {call for call in calls if call.leaves is None} <= set(started)


@settings(max_examples=150, deadline=None)
@given(st.lists(_SHARED_CALLS, max_size=25))
def test_all_sharers_get_a_result(calls: list[Call]) -> None:
    started = run(_play(calls))
    # All remaining callers got a result (checked by `_play`).
    assert len(started) <= len(calls)
    starts = [call.started or 0 for call in started]
    for before, after in pairwise(starts):
        assert after - before >= 1.1 - _EPSILON


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 100),
            st.sampled_from(Lane),
            st.none() | st.just(-1.0) | st.floats(0, 100),
        ),
        max_size=25,
    )
)
def test_nothing_starts_in_a_pause(
    plan: list[tuple[float, Lane, float | None]],
) -> None:
    """Each request succeeds (None) or is refused, with or without (-1) a pause."""

    async def main() -> None:
        pacer = Pacer(Ledger(clock=clock), clock=clock)

        async def call(comes: float, lane: Lane, refusal: float | None) -> None:
            await asyncio.sleep(comes)

            async def request() -> None:
                assert pacer.retry_after is None
                if refusal is not None:
                    announced = None if refusal < 0 else refusal
                    raise NetrexRateLimitedError("no", retry_after=announced)

            with suppress(NetrexRateLimitedError):
                await pacer.run(lane, request)

        await asyncio.gather(*(call(*item) for item in plan))

    run(main())
