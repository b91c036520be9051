"""The simulated cloud as a process, and its control endpoint."""

from pathlib import Path
import sys
from typing import Any

import aiohttp

from .processes import Child

ROOT = Path(__file__).resolve().parent.parent
SCENARIO = "chain"
# The user that every scenario has (simulator/world/scenarios.py).
USERNAME = "owner"
PASSWORD = "owner"


async def start(
    port: int, log: Path, scenario: str = SCENARIO, zone: str | None = None
) -> Child:
    """Start the simulator, without waiting until it answers.

    `zone` is the time zone of the shops; without it, that of the scenario.
    """
    command = [sys.executable, "-m", "simulator", "--scenario", scenario]
    # Cameras of several kinds, as in a real account.
    for switch in ("rtsp_dialect", "live_video", "live_audio"):
        command += ["--switch", f"{switch}=mixture"]
    if zone is not None:
        command += ["--switch", f"time_zone={zone}"]
    return await Child.start(
        "simulator", [*command, "--port", str(port)], cwd=ROOT, log=log
    )


class Control:
    """A client of the cloud's control endpoint: the truth, records, and switches."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self.url = url

    async def get(self, path: str, **parameters: str | float) -> Any:  # noqa: ANN401 - JSON of any shape
        """Return the answer to a GET request."""
        async with self._session.get(
            f"{self.url}/control/{path}", params=parameters
        ) as response:
            response.raise_for_status()
            return await response.json()

    async def post(self, path: str, **body: object) -> Any:  # noqa: ANN401 - JSON of any shape
        """Return the answer to a POST request, which changes something."""
        async with self._session.post(
            f"{self.url}/control/{path}", json=body
        ) as response:
            response.raise_for_status()
            return await response.json()

    async def truth(
        self, node_id: int, metric: str, start: float, end: float
    ) -> float | None:
        """Return the true number of a node from `start` to `end` (unix seconds)."""
        span: dict[str, float] = {"node_id": node_id, "from": start, "to": end}
        answer = await self.get("truth", metric=metric, **span)
        return None if answer["value"] is None else float(answer["value"])
