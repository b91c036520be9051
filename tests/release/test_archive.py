"""The archive of a release in a Home Assistant that has nothing else of ours."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from http import HTTPStatus
from pathlib import Path
import re
import subprocess
import zipfile

import pytest

from demo import home_assistant
from demo.account import Account, add_account, wait_for_load
from demo.checks.case import eventually
from demo.numbers import VISITORS, read_numbers
from demo.registry import read_places
from demo.stage import Running, start

_ROOT = Path(__file__).parents[2]
_TIMEOUT_SECONDS = 240


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Allow the heartbeat of the WebSocket, which aiohttp does not cancel at once."""
    return True


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """Return the integration as HACS and the Marketplace unpack it."""
    subprocess.run([_ROOT / "scripts" / "archive", tmp_path], check=True)  # noqa: S603 - our own script
    folder = tmp_path / "netrex"
    with zipfile.ZipFile(tmp_path / "netrex.zip") as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
async def running(
    unpacked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Running]:
    """Run a simulated cloud, and Home Assistant with the unpacked archive."""
    monkeypatch.setattr(home_assistant, "INTEGRATION", unpacked)
    async with AsyncExitStack() as stack:
        yield await start(stack, tmp_path, tmp_path / "config", scenario="shop")


async def _visitors(running: Running) -> float | None:
    """Return the visitors of the shop; None before they are known."""
    states = {
        state["entity_id"]: state
        for state in await running.client.request("GET", "/api/states")
    }
    numbers = read_numbers(states)
    shown = (
        numbers.get(place.entities[VISITORS])
        for place in await read_places(running.client)
        if VISITORS in place.entities and place.model != "Camera"
    )
    return next((number for number in shown if number is not None), None)


async def _picture(running: Running) -> bytes:
    """Return the still image of the first camera."""
    places = await read_places(running.client)
    camera = next(one for one in places if "camera" in one.entities)
    async with running.client.session.get(
        f"{running.client.url}/api/camera_proxy/{camera.entities['camera']}",
        headers=running.client.headers,
    ) as response:
        return await response.read() if response.status == HTTPStatus.OK else b""


async def _strategy(running: Running) -> str:
    """Return the module of the dashboard, as a browser loads it."""
    client = running.client
    async with client.session.get(f"{client.url}/", headers=client.headers) as response:
        found = re.search(r"/netrex_dashboard/\w+/netrex\.js", await response.text())
    assert found is not None
    async with client.session.get(f"{client.url}{found[0]}") as response:
        assert response.status == HTTPStatus.OK
        return await response.text()


def _errors(log: Path) -> list[str]:
    """Return what the log of Home Assistant reports about the integration."""
    lines = log.read_text(encoding="utf-8").splitlines()
    wanted = re.compile(r" (ERROR|WARNING) .*netrex")
    # Home Assistant warns about every custom integration.
    return [
        line
        for line in lines
        if wanted.search(line) and "not been tested by Home Assistant" not in line
    ]


@pytest.mark.timeout(600)
async def test_from_set_up_to_removal(running: Running, tmp_path: Path) -> None:
    account: Account = await add_account(running, history_days=0)

    async def counted() -> bool:
        return await _visitors(running) is not None

    await eventually(counted, _TIMEOUT_SECONDS, "the visitors are known")
    assert (await _picture(running)).startswith(b"\xff\xd8")
    assert "customElements.define" in await _strategy(running)
    answer = await running.client.command("netrex/places", version=1)
    assert answer["accounts"]

    path = f"/api/config/config_entries/entry/{account.entry_id}"
    await running.client.request("POST", f"{path}/reload")
    await wait_for_load(running, account.entry_id)
    assert await _visitors(running) is not None

    await running.client.request("DELETE", path)
    assert await read_places(running.client) == []
    assert _errors(tmp_path / "home-assistant.log") == []
