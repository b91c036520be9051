"""An event loop with real sockets whose time passes only while it is idle."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
import selectors
from typing import override

# How long and how often to wait for threads and sockets before time passes.
_WAIT_SECONDS = 0.05
_TRIES = 200


class _Selector(selectors.DefaultSelector):
    """Waits for threads and sockets, and skips all other waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.pending = 0
        self.busy: Callable[[], bool] = lambda: False
        self.passed: Callable[[float], None] = lambda _: None

    @override
    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if events or timeout == 0:
            return events
        for _ in range(_TRIES):
            if not self.pending and not self.busy():
                break
            if events := super().select(_WAIT_SECONDS):
                return events
        if timeout is None:
            raise RuntimeError("All tasks wait, but no timer is set")
        self.now += timeout
        self.passed(timeout)
        return super().select(0)


class WireTimeLoop(asyncio.SelectorEventLoop):
    """An event loop that starts at 0 and sleeps only for threads and sockets."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    @override
    def time(self) -> float:
        return self._virtual.now

    def follow(self, passed: Callable[[float], None], busy: Callable[[], bool]) -> None:
        """Call `passed` with elapsed seconds; no time passes while `busy` is true."""
        self._virtual.passed, self._virtual.busy = passed, busy

    @override
    def run_in_executor[*Ts, T](
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Stop the time while a thread works."""
        self._virtual.pending += 1
        future = super().run_in_executor(executor, func, *args)

        def done(_: asyncio.Future[T]) -> None:
            self._virtual.pending -= 1

        future.add_done_callback(done)
        return future

    @override
    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Stop the time until the threads have finished."""
        self._virtual.pending += 1
        try:
            await super().shutdown_default_executor(timeout)
        finally:
            self._virtual.pending -= 1
