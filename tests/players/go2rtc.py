"""go2rtc as a process: the installed one, or one built from its Go module."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
import os
from pathlib import Path
import shutil
import socket
import subprocess

import aiohttp
import pytest

VERSION = "v1.9.15"
_CACHE = Path(__file__).parents[2] / ".cache" / "go2rtc"
_BUILD_TIMEOUT = 900
_START_TIMEOUT = 10.0


def find_go2rtc() -> Path:
    """Return the program, building it once; skip the tests if that fails."""
    if (built := _CACHE / "go2rtc").exists():
        return built
    if found := shutil.which("go2rtc"):
        return Path(found)
    if (go := shutil.which("go")) is None:
        pytest.skip("neither go2rtc nor go, which could build it, is on this machine")
    result = subprocess.run(  # noqa: S603 - all arguments are constant
        [go, "install", f"github.com/AlexxIT/go2rtc@{VERSION}"],
        env={**os.environ, "GOBIN": str(_CACHE)},
        capture_output=True,
        text=True,
        timeout=_BUILD_TIMEOUT,
        check=False,
    )
    if result.returncode:
        reason = result.stderr.strip().rpartition("\n")[2].strip()
        pytest.skip(f"go2rtc {VERSION} can't be built here: {reason}")
    return built


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
