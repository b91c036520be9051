"""What holds for the pacer whatever happens, in virtual time."""

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
class Wish:
    """A caller.

    Times in seconds: when it comes, how long until the request arrives and is
    answered, and after which time the caller loses interest.
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
# A request arrives within 2 s; its answer may take as long as it likes.
_WISHES = st.builds(
    Wish,
    comes=st.floats(0, 20),
    lane=st.sampled_from(Lane),
    arrives=st.floats(0, 2),
    answered=_SECONDS,
    leaves=st.none() | st.none() | _SECONDS,
    fails=st.booleans(),
)
_SHARED_WISHES = st.builds(
    Wish,
    comes=st.floats(0, 20),
    lane=st.sampled_from(Lane),
    arrives=st.just(0.0),
    answered=_SECONDS,
    leaves=st.none() | _SECONDS,
    key=st.integers(0, 2),
)


async def _play(wishes: list[Wish]) -> list[Wish]:
    """Let all callers come and go; return those whose request started, in order."""
    pacer = Pacer(Ledger(clock=clock), clock=clock)
    started: list[Wish] = []
    came = 0

    async def call(wish: Wish) -> Wish:
        nonlocal came
        await asyncio.sleep(wish.comes)
        came += 1
        wish.came = came

        async def request() -> Wish:
            # Who may still be overtaken: all who came, have not left nor started.
            wish.started = clock()
            started.append(wish)
            for other in wishes:
                # In one and the same tick anything goes.
                waits = other.came and other.started is None and not other.left
                if waits and other.comes < wish.started - _EPSILON:
                    assert (wish.lane, wish.came) < (other.lane, other.came) or (
                        wish.key is not None or other.key is not None
                    )
            await asyncio.sleep(max(wish.arrives, wish.answered))
            if wish.fails:
                raise NetrexConnectionError("nobody")
            return wish

        try:
            async with asyncio.timeout(wish.leaves):
                return await pacer.run(wish.lane, request, key=wish.key)
        finally:
            wish.left = True

    answers = await asyncio.gather(*map(call, wishes), return_exceptions=True)
    for wish, answer in zip(wishes, answers, strict=True):
        if isinstance(answer, Wish):
            assert answer is wish or answer.key == wish.key is not None
        elif isinstance(answer, TimeoutError):
            assert wish.leaves is not None
        else:
            assert isinstance(answer, NetrexConnectionError)
            assert wish.fails
    # One that was called off at its very start counts, though it never ran.
    assert len(started) <= pacer.ledger.used <= len(wishes)
    await asyncio.sleep(0.01)
    assert len(asyncio.all_tasks()) == 1
    return started


@settings(max_examples=150, deadline=None)
@given(st.lists(_WISHES, max_size=25))
def test_never_two_within_a_second_and_nobody_forgotten(wishes: list[Wish]) -> None:
    started = run(_play(wishes))
    for before, after in pairwise(started):
        assert before.started is not None
        assert after.started is not None
        gap = after.started - before.started
        assert gap >= 1.1 - _EPSILON
        # The portal counts arrivals.
        arrivals = gap + after.arrives - before.arrives
        assert arrivals >= 1 - _EPSILON
    assert {wish for wish in wishes if wish.leaves is None} <= set(started)


@settings(max_examples=150, deadline=None)
@given(st.lists(_SHARED_WISHES, max_size=25))
def test_sharing_loses_nobody(wishes: list[Wish]) -> None:
    started = run(_play(wishes))
    # All who stayed got an answer (checked by `_play`), for no more requests.
    assert len(started) <= len(wishes)
    starts = [wish.started or 0 for wish in started]
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
    """Each request succeeds (None), or is refused for a time told or not (-1)."""

    async def main() -> None:
        pacer = Pacer(Ledger(clock=clock), clock=clock)

        async def call(comes: float, lane: Lane, refusal: float | None) -> None:
            await asyncio.sleep(comes)

            async def request() -> None:
                assert pacer.retry_after is None
                if refusal is not None:
                    told = None if refusal < 0 else refusal
                    raise NetrexRateLimitedError("no", retry_after=told)

            with suppress(NetrexRateLimitedError):
                await pacer.run(lane, request)

        await asyncio.gather(*(call(*item) for item in plan))

    run(main())
