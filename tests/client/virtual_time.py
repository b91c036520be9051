"""An event loop whose time passes only when no task is ready."""

import asyncio
from collections.abc import Coroutine
import selectors
from typing import Any, override


class _Selector(selectors.DefaultSelector):
    """Advances the time instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    @override
    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("Everybody waits and nothing will happen any more")
        self.now += timeout
        return super().select(0)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop that starts at 0 and never sleeps."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    @override
    def time(self) -> float:
        return self._virtual.now


def run[T](main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time; it must not use the network or leave a task."""

    async def run_main() -> T:
        result = await main
        # Let canceled tasks end.
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return result

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(run_main())


def clock() -> float:
    """Return the seconds since the loop's start."""
    return asyncio.get_running_loop().time()
