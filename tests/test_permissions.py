"""Who may do what: every cell of the tables in docs/permissions.md, and the borders."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
import logging
from pathlib import Path
import time
from typing import Any

from aiohttp.test_utils import TestClient
from homeassistant.auth.const import (
    GROUP_ID_ADMIN,
    GROUP_ID_READ_ONLY,
    GROUP_ID_USER,
)
from homeassistant.auth.models import User
from homeassistant.auth.permissions.models import PermissionLookup
from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.components.media_player import SearchMediaQuery
from homeassistant.components.media_source import (
    async_browse_media,
    async_resolve_media,
    async_search_media,
)
from homeassistant.components.websocket_api import (
    ActiveConnection,
    current_connection,
)
from homeassistant.components.websocket_api.http import WebSocketAdapter
from homeassistant.core import Context, HomeAssistant, ServiceResponse
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.trace import trace_id_cv
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import CLIENT_ID, MockConfigEntry
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    MockHAClientWebSocket,
    WebSocketGenerator,
)

from custom_components.netrex.client import GatewayClient
from custom_components.netrex.const import (
    CONF_RELAY_ACCESS,
    CONF_RELAY_HOST,
    CONF_RELAY_PORT,
    DOMAIN,
)
from custom_components.netrex.devices import node_identifier
from custom_components.netrex.kpi.permissions import async_readable_nodes
from custom_components.netrex.recordings import RecordingManager
from custom_components.netrex.recordings.timing import Timing
from simulator import Simulator

from .kpi_options import ALL_SENSORS

PAGE = Path(__file__).parents[1] / "docs" / "permissions.md"
SCHEME = "media-source://netrex"
ADMINISTRATOR = "Administrator"
STRANGER = "User without the entity"
AUTOMATION = "Automation"
GROUPS = {
    ADMINISTRATOR: GROUP_ID_ADMIN,
    "User": GROUP_ID_USER,
    "Read-only user": GROUP_ID_READ_ONLY,
}


def read_table(heading: str) -> dict[str, dict[str, str]]:
    """Return a table of the page: cells by row and column."""
    section = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2]
    rows = [
        [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        for line in section.partition("\n## ")[0].splitlines()
        if line.startswith("|")
    ]
    _, *columns = rows[0]
    return {name: dict(zip(columns, cells, strict=True)) for name, *cells in rows[2:]}


MEDIA = "Media, pictures, and the dashboard"


@pytest.fixture
def scenario() -> str:
    """Return the account whose first camera has everything."""
    return "documentation"


@pytest.fixture
def entry_options(
    camera_options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """Return options with which each action does something."""
    defaults = GatewayClient.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "spacing", 0)
    return {
        **camera_options,
        **ALL_SENSORS,
        CONF_RELAY_ACCESS: True,
        CONF_RELAY_HOST: "127.0.0.1",
        CONF_RELAY_PORT: 0,
    }


@pytest.fixture(autouse=True)
async def _media(
    hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Set up the media source, with preparations that take no time."""
    timing = Timing(intervals=(0.05,), settling=0.0)
    monkeypatch.setattr(
        "custom_components.netrex.RecordingManager",
        partial(RecordingManager, timing=timing),
    )
    hass.config.config_dir = str(tmp_path)
    hass.config.media_dirs = {"local": str(tmp_path)}
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    assert await async_setup_component(hass, "media_source", {})


@dataclass(frozen=True)
class Account:
    """The loaded account, and the camera that the stranger may not use."""

    hass: HomeAssistant
    entry: MockConfigEntry
    node_id: int
    other_id: int

    def device_id(self, node_id: int) -> str:
        """Return the device of a camera."""
        device = dr.async_get(self.hass).async_get_device_by_identifier(
            node_identifier(self.entry, node_id), self.entry.entry_id
        )
        assert device is not None
        return device.id

    @property
    def camera(self) -> str:
        """Return the entity of the camera."""
        return self.entity_of(self.node_id)

    def entity_of(self, node_id: int) -> str:
        """Return the camera entity of a node."""
        unique_id = f"{self.entry.unique_id}_{node_id}_camera"
        entity_id = er.async_get(self.hass).async_get_entity_id(
            CAMERA_DOMAIN, DOMAIN, unique_id
        )
        assert entity_id is not None
        return entity_id

    async def user(self, who: str) -> User | None:
        """Return a user of a column; None for an automation."""
        if who == AUTOMATION:
            return None
        groups = [GROUPS.get(who, GROUP_ID_USER)]
        user: User = await self.hass.auth.async_create_user(who, group_ids=groups)
        if who == STRANGER:
            self.limit(user, device_ids={self.device_id(self.other_id): True})
        return user

    def limit(
        self, user: User, **policy: Mapping[str, bool | Mapping[str, bool]]
    ) -> None:
        """Restrict a user to some entities."""
        [group] = user.groups
        # The group is the auth manager's own; another one does not change others.
        user.groups = [type(group)(name="Limited", policy={"entities": policy})]
        # The test helpers load the users without the registries.
        user.perm_lookup = PermissionLookup(
            er.async_get(self.hass), dr.async_get(self.hass)
        )
        user.invalidate_cache()


@pytest.fixture
async def account(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> Account:
    """Return the account after its KPIs have been found."""
    await hass.async_block_till_done(wait_background_tasks=True)
    # The first user becomes the owner.
    await hass.auth.async_create_user("Owner", group_ids=[GROUP_ID_ADMIN])
    for camera in cloud.world.cameras.values():
        for profile in camera.stream_profiles:
            profile.width, profile.height = 320, 180
    node_id, other_id = list(cloud.world.cameras)[:2]
    return Account(hass, entry, node_id, other_id)


def action_data(account: Account, action: str) -> dict[str, Any]:
    """Return valid data of an action."""
    end = dt_util.utcnow().replace(microsecond=0)
    start = end - timedelta(hours=1)
    entry = {"config_entry_id": account.entry.entry_id}
    camera = {"entity_id": account.camera}
    data: Mapping[str, dict[str, Any]] = {
        "get_kpi": {
            **entry,
            "nodes": [str(account.node_id)],
            "metrics": ["visitors"],
            "start": start.isoformat(),
        },
        "get_report": {
            **entry,
            "nodes": [str(account.node_id)],
            "metrics": ["visitors"],
        },
        "export_kpi": {
            **entry,
            "nodes": [str(account.node_id)],
            "metrics": ["visitors"],
            "start": start.isoformat(),
        },
        "list_recordings": {**camera, "start": start.isoformat()},
        "download_recording": {
            **camera,
            "start": start.isoformat(),
            "duration": {"seconds": 4},
        },
        "ptz": {**camera, "pan": 1},
        "get_camera_parameters": {**camera, "group": "Brand"},
        "set_camera_parameters": {
            **camera,
            "parameters": {"ImageSource.I0.Sensor.Brightness": 40},
        },
        "get_stream_url": camera,
        "renew_stream_secret": entry,
        "import_history": {**entry, "start": start.isoformat()},
        "check_account": entry,
        "run_query": {**entry, "query": "{ cameraList { node_id } }"},
    }
    return data[action]


async def call(
    account: Account, action: str, user: User | None, **data: object
) -> ServiceResponse:
    """Call an action for a user."""
    hass = account.hass
    name = action.removeprefix(f"{DOMAIN}.")
    returns = hass.services.supports_response(DOMAIN, name) != "none"
    return await hass.services.async_call(
        DOMAIN,
        name,
        action_data(account, name) | data,
        blocking=True,
        return_response=returns,
        context=Context(user_id=user.id if user else None),
    )


def column(heading: str, who: str) -> dict[str, str]:
    """Return a column of a table, without the cells that do not apply."""
    return {
        row: found[who]
        for row, found in read_table(heading).items()
        if found[who] != "-"
    }


def test_the_tables_are_complete(hass: HomeAssistant) -> None:
    for heading, rows in (("Actions", 10), (MEDIA, 6)):
        table = read_table(heading)
        assert len(table) >= rows
        assert {*GROUPS, STRANGER, AUTOMATION} == set(
            *{tuple(r) for r in table.values()}
        )
        found = {cell for row in table.values() for cell in row.values()}
        assert found <= {"yes", "no", "-"}


@pytest.mark.parametrize("who", [*GROUPS, STRANGER, AUTOMATION])
async def test_actions(account: Account, cloud: Simulator, who: str) -> None:
    registered = account.hass.services.async_services_for_domain(DOMAIN)
    expected = column("Actions", who)
    assert {f"{DOMAIN}.{name}" for name in registered} == set(expected)
    user = await account.user(who)
    found = {}
    for action in expected:
        cloud.queries.clear()
        cloud.calls.clear()
        try:
            await call(account, action, user)
        except Unauthorized:
            found[action] = "no"
            assert not cloud.queries
            assert not cloud.calls
        except HomeAssistantError as err:
            # The history needs a recorder, which would take minutes here.
            found[action] = "yes" if err.translation_key == "no_recorder" else repr(err)
        else:
            found[action] = "yes"
    assert found == expected


@dataclass
class Visitor:
    """A user in a browser, or an automation."""

    account: Account
    user: User | None
    websocket: MockHAClientWebSocket | None = None
    client: TestClient[Any, Any] | None = None

    def clip(self, node_id: int) -> str:
        """Return the identifier of a recording of 4 s."""
        start = int(time.time()) // 600 * 600 - 3600
        return f"{self.account.entry.entry_id}/clip/{node_id}/{start}/{start + 4}"

    async def ask(self, what: str, item: str, **fields: str) -> dict[str, Any]:
        """Send a command of the media source; without a user, call its function."""
        content_id = f"{SCHEME}/{item}" if item else SCHEME
        if self.websocket is None:
            return await self._ask_as_automation(what, content_id, **fields)
        message = {"type": f"media_source/{what}_media", "media_content_id": content_id}
        await self.websocket.send_json_auto_id(message | fields)
        answer: dict[str, Any] = await self.websocket.receive_json()
        return answer.get("result") or {}

    async def _ask_as_automation(
        self, what: str, content_id: str, search_query: str = ""
    ) -> dict[str, Any]:
        hass = self.account.hass
        if what == "browse":
            return dict((await async_browse_media(hass, content_id)).as_dict())
        if what == "search":
            query = SearchMediaQuery(search_query=search_query)
            return dict((await async_search_media(hass, content_id, query)).as_dict())
        media = await async_resolve_media(hass, content_id, "media_player.screen")
        return {"url": media.url}

    async def status(self, path: str) -> int:
        """Return the status of a path, as the user's browser gets it."""
        assert self.client is not None
        return int((await self.client.get(path)).status)

    async def places(self) -> set[int]:
        """Return the places that the dashboard gets."""
        assert self.websocket is not None
        await self.websocket.send_json_auto_id({"type": "netrex/places"})
        accounts = (await self.websocket.receive_json())["result"]["accounts"]
        return {place["node_id"] for one in accounts for place in one["places"]}


type Visit = Callable[[str], Awaitable[Visitor]]


@pytest.fixture
def visit(
    account: Account,
    hass_ws_client: WebSocketGenerator,
    hass_client: ClientSessionGenerator,
) -> Visit:
    """Return a function that signs a user in."""

    async def visit(who: str) -> Visitor:
        hass = account.hass
        user = await account.user(who)
        if user is None:
            return Visitor(account, None)
        token = await hass.auth.async_create_refresh_token(user, CLIENT_ID)
        access = hass.auth.async_create_access_token(token)
        return Visitor(
            account,
            user,
            await hass_ws_client(hass, access),
            await hass_client(access),
        )

    return visit


async def media_cells(visitor: Visitor, node_id: int) -> dict[str, bool]:
    """Return what a visitor gets of a camera, by the rows of the table."""
    account = visitor.account
    entry_id = account.entry.entry_id
    name = account.entry.runtime_data.inventory.data.cameras[node_id].name
    clip = visitor.clip(node_id)
    *_, start, end = clip.split("/")
    day = await visitor.ask("browse", f"{entry_id}/camera/{node_id}")
    found = await visitor.ask("search", entry_id, search_query=name)
    media = await visitor.ask("resolve", clip)
    cells = {
        "browse recordings": bool(day.get("children")),
        "search recordings": bool(found.get("result")),
        "play a recording": bool(media.get("url")),
    }
    if visitor.user is not None:
        film = f"/api/netrex/recordings/{entry_id}/{node_id}/{start}-{end}.mp4"
        still = f"/api/netrex/thumbnails/{entry_id}/{node_id}"
        cells |= {
            "file of a playing recording": await visitor.status(film) == 200,
            "thumbnail": await visitor.status(still) == 200,
            "places of the dashboard": node_id in await visitor.places(),
        }
    return cells


@pytest.mark.parametrize("who", [*GROUPS, STRANGER, AUTOMATION])
async def test_media(
    account: Account, cloud: Simulator, visit: Visit, who: str
) -> None:
    visitor = await visit(who)
    live = account.entry.runtime_data.live
    for node_id in (account.node_id, account.other_id):
        assert await live.stills.async_thumbnail(str(node_id), None)
    expected = {row: cell == "yes" for row, cell in column(MEDIA, who).items()}
    cloud.queries.clear()
    assert await media_cells(visitor, account.node_id) == expected
    # What is refused takes no query either.
    assert bool(cloud.queries) == (who != STRANGER)
    everything = dict.fromkeys(expected, True)
    assert await media_cells(visitor, account.other_id) == everything


async def test_a_user_of_one_camera_sees_nothing_else(
    account: Account, visit: Visit
) -> None:
    visitor = await visit(STRANGER)
    entry_id = account.entry.entry_id
    data = account.entry.runtime_data.inventory.data
    hidden = data.cameras[account.node_id]
    shown = data.cameras[account.other_id]
    root = await visitor.ask("browse", "")
    assert [child["title"] for child in root["children"]] == [shown.name]
    found = await visitor.ask("search", "", search_query="")
    assert [one["title"] for one in found["result"]] == [shown.name]
    above = {node.node_id for node in data.tree.path(shown.node_id)[:-1]}
    assert await visitor.places() == {shown.node_id, *above}
    for kind, rest in (
        ("camera", ""),
        ("day", "/2026-11-20"),
        ("hour", "/1795000000/1795003600"),
    ):
        item = f"{entry_id}/{kind}/{hidden.node_id}{rest}"
        assert await visitor.ask("browse", item) == {}
    assert visitor.user is not None
    account.limit(visitor.user, entity_ids={"light.hall": True})
    assert (await visitor.ask("browse", ""))["children"] == []
    assert await visitor.ask("browse", entry_id) == {}
    for node_id in above:
        assert await visitor.ask("browse", f"{entry_id}/folder/{node_id}") == {}
    assert visitor.websocket is not None
    await visitor.websocket.send_json_auto_id({"type": "netrex/places"})
    assert (await visitor.websocket.receive_json())["result"]["accounts"] == []


async def test_the_link_of_a_player_ends_with_the_permission(
    account: Account, visit: Visit
) -> None:
    visitor = await visit("Read-only user")
    media = await visitor.ask("resolve", visitor.clip(account.node_id))
    assert await visitor.status(media["url"]) == 200
    assert visitor.user is not None
    account.limit(visitor.user, device_ids={account.device_id(account.other_id): True})
    assert await visitor.status(media["url"]) == 404


async def test_get_kpi_needs_a_sensor_of_each_metric(account: Account) -> None:
    user = await account.user("User")
    assert user is not None
    prefix = f"{account.entry.unique_id}_{account.node_id}"
    sensor = er.async_get(account.hass).async_get_entity_id(
        "sensor", DOMAIN, f"{prefix}_visitors_today"
    )
    assert sensor is not None
    account.limit(user, entity_ids={sensor: {"read": True}})
    assert await call(account, "get_kpi", user)
    raw = {"metrics": ["raw_visitors"], "granularity": "total"}
    assert await call(account, "get_kpi", user, **raw)
    assert await call(account, "get_report", user)
    for data in (
        {"metrics": ["visitors", "people_in"]},
        {"metrics": ["raw_people_in"], "granularity": "total"},
        {"nodes": [str(account.node_id), str(account.other_id)]},
        {"nodes": [account.device_id(account.other_id)]},
    ):
        with pytest.raises(Unauthorized):
            await call(account, "get_kpi", user, **data)


@pytest.mark.parametrize("who", [*GROUPS, STRANGER, AUTOMATION])
async def test_without_nodes_a_user_gets_the_readable_ones(
    account: Account, who: str
) -> None:
    user = await account.user(who)
    context = Context(user_id=user.id if user else None)
    nodes = [account.other_id, account.node_id]
    found = await async_readable_nodes(account.hass, context, account.entry, nodes)
    assert found == ([account.other_id] if who == STRANGER else nodes)


async def test_an_automation_that_a_user_triggers_acts_without_the_user(
    account: Account, visit: Visit
) -> None:
    """The automation runs in the user's task, with the user's connection."""
    visitor = await visit(STRANGER)
    assert visitor.user is not None
    connection = ActiveConnection(
        WebSocketAdapter(logging.getLogger(__name__), {"connid": 1}),
        account.hass,
        lambda _: None,
        visitor.user,
        next(iter(visitor.user.refresh_tokens.values())),
        None,
    )
    content_id = f"{SCHEME}/{visitor.clip(account.node_id)}"
    reset = current_connection.set(connection)
    try:
        with pytest.raises(HomeAssistantError):
            await async_resolve_media(account.hass, content_id, "media_player.screen")
        trace = trace_id_cv.set(("automation.evening", "1"))
        try:
            assert await async_resolve_media(
                account.hass, content_id, "media_player.screen"
            )
        finally:
            trace_id_cv.reset(trace)
    finally:
        current_connection.reset(reset)
