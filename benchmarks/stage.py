"""Runs a real Home Assistant and a simulated cloud as processes, with viewers."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
import shutil
import tempfile

from demo.account import add_account
from demo.registry import read_places
from demo.stage import Running, start
from tests.players.hls import HlsViewer


@dataclass(frozen=True, slots=True)
class Stage:
    """The processes, and the entities of the account's cameras."""

    running: Running
    cameras: list[str]

    async def open_viewer(self, entity_id: str) -> HlsViewer:
        """Start a camera's stream as the frontend does."""
        client = self.running.client
        answer = await client.command("camera/stream", entity_id=entity_id)
        return HlsViewer(self._read, str(answer["url"]))

    async def show_small(self) -> None:
        """Select the first profile of all cameras, whose pictures are small.

        The simulated cameras encode on the measured machine.
        """
        client = self.running.client
        for entity_id, state in (await client.states()).items():
            if entity_id.startswith("select.") and "_stream_profile" in entity_id:
                await client.command(
                    "call_service",
                    domain="select",
                    service="select_option",
                    service_data={
                        "entity_id": entity_id,
                        "option": state["attributes"]["options"][0],
                    },
                )

    async def links(self) -> list[int]:
        """Return how often each link has been used so far."""
        return [link["used"] for link in await self.running.control.get("links")]

    async def link_queries(self) -> int:
        """Return the number of queries for links so far."""
        queries = await self.running.control.get("queries")
        return sum("live_view" in query["query"] for query in queries)

    async def _read(self, path: str) -> bytes:
        client = self.running.client
        async with client.session.get(client.url + path) as response:
            response.raise_for_status()
            return await response.read()


@asynccontextmanager
async def open_stage() -> AsyncGenerator[Stage]:
    """Start both processes and sign in; clean up at the end."""
    async with AsyncExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="netrex-benchmark-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        running = await start(stack, folder, folder / "config")
        # An import would keep the recorder busy during the measurement.
        await add_account(running, history_days=0)
        places = await read_places(running.client)
        yield Stage(
            running,
            [
                place.entities["camera"]
                for place in places
                if "camera" in place.entities
            ],
        )
