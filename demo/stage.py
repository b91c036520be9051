"""Starts the two processes: the simulated cloud and Home Assistant."""

import atexit
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
import sys
import time

import aiohttp

from . import cloud, home_assistant
from .client import HomeAssistantClient
from .cloud import Control
from .processes import LOOPBACK, Child, free_port
from .zone import ZONE_NAME

HOME_ASSISTANT_PORT = 8123
SIMULATOR_PORT = 8480
REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=45)


@dataclass(frozen=True, slots=True)
class Running:
    """The two processes and their clients."""

    simulator: Child
    home_assistant: Child
    control: Control
    client: HomeAssistantClient


async def start(
    stack: AsyncExitStack,
    folder: Path,
    config: Path,
    *,
    scenario: str = cloud.SCENARIO,
    language: str = "en",
) -> Running:
    """Start both processes, which end with the stack."""
    started = time.monotonic()
    ha_port, cloud_port = free_port(HOME_ASSISTANT_PORT), free_port(SIMULATOR_PORT)
    ha_url, cloud_url = (f"http://{LOOPBACK}:{port}" for port in (ha_port, cloud_port))
    home_assistant.prepare_folder(config, ha_port, language)
    log = folder / "simulator.log"
    simulator = await cloud.start(cloud_port, log, scenario, ZONE_NAME)
    _end_with(stack, simulator)
    hass = await home_assistant.start(config, folder / "home-assistant.log")
    _end_with(stack, hass)
    session = await stack.enter_async_context(
        aiohttp.ClientSession(timeout=REQUEST_TIMEOUT)
    )
    say(
        started,
        f"Home Assistant {home_assistant.version()} and the simulator are starting",
    )
    await home_assistant.wait_for_answer(
        session, f"{cloud_url}/control/switches", simulator
    )
    await home_assistant.wait_for_answer(session, f"{ha_url}/api/onboarding", hass)
    tokens = await home_assistant.onboard(session, ha_url, language)
    client = await stack.enter_async_context(
        HomeAssistantClient(session, ha_url, tokens)
    )
    await home_assistant.settle(client)
    if language != "en":
        await home_assistant.set_language(client, language)
    say(started, "Home Assistant is ready")
    return Running(simulator, hass, Control(session, cloud_url), client)


def _end_with(stack: AsyncExitStack, child: Child) -> None:
    """End the process with the stack, or at the latest with the interpreter."""
    stack.push_async_callback(child.stop)
    atexit.register(child.kill)

    def print_output(
        _kind: object, error: BaseException | None, _trace: object
    ) -> None:
        if isinstance(error, Exception):
            print(child.tail(), file=sys.stderr)

    stack.push(print_output)


def say(started: float, text: str) -> None:
    """Print a message with the seconds since the start."""
    print(f"  {time.monotonic() - started:5.1f} s  {text}", flush=True)
