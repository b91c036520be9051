"""Runs the simulated cloud in another process, for a Home Assistant in this one."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
import tempfile

import aiohttp

from demo import cloud
from demo.cloud import Control
from demo.home_assistant import wait_for_answer
from demo.processes import LOOPBACK, free_port


@asynccontextmanager
async def open_cloud(scenario: str) -> AsyncGenerator[Control]:
    """Start a cloud; yield the client of its control endpoint."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="netrex-benchmark-")
        )
        port = free_port(0)
        simulator = await cloud.start(port, Path(folder) / "simulator.log", scenario)
        stack.push_async_callback(simulator.stop)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        control = Control(session, f"http://{LOOPBACK}:{port}")
        await wait_for_answer(session, f"{control.url}/control/switches", simulator)
        yield control
