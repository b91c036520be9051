"""go2rtc as a process, where it is installed."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
import shutil
import socket

import aiohttp
import pytest

_START_TIMEOUT = 10.0


def find_go2rtc() -> Path:
    """Return the program; skip the tests if it is not installed."""
    if (found := shutil.which("go2rtc")) is None:
        pytest.skip("go2rtc is not installed")
    return Path(found)


@asynccontextmanager
async def run_go2rtc(program: Path, folder: Path) -> AsyncGenerator[str]:
    """Run go2rtc with its API on a free loopback port; yields the API's URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = folder / "go2rtc.yaml"
    await asyncio.to_thread(
        config.write_text,
        f"api:\n  listen: 127.0.0.1:{port}\nrtsp:\n  listen: ''\n"
        "webrtc:\n  listen: 127.0.0.1:0\n  ice_servers: []\nsrtp:\n  listen: ''\n",
    )
    process = await asyncio.create_subprocess_exec(
        program,
        "-config",
        config,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(_START_TIMEOUT), aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(f"{url}/api"):
                        break
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.1)
        yield url
    finally:
        process.terminate()
        await process.wait()
