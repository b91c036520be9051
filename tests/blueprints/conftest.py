"""Fixtures: the blueprints in Home Assistant's folder, and a simulated phone."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path
import shutil
import sys
from types import ModuleType
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.components.automation import DOMAIN as AUTOMATION_DOMAIN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.netrex.const import DOMAIN
from custom_components.netrex.recordings import RecordingManager
from custom_components.netrex.recordings.timing import Timing
from demo.home_assistant import VOICE_PACKAGES
from tests.repository.project import ROOT

FOLDER = ROOT / "blueprints" / "automation" / "netrex"

type Use = Callable[..., Awaitable[None]]


@dataclass
class Phone:
    """A phone with the Home Assistant app.

    `messages` are the notifications that it received. The IDs are those of its device
    and its notify entity.
    """

    messages: list[dict[str, Any]] = field(default_factory=list)
    device_id: str = ""
    entity_id: str = ""


def state(hass: HomeAssistant, entity_id: str) -> State:
    """Return the state of an entity that exists."""
    found = hass.states.get(entity_id)
    assert found
    return found


@pytest.fixture(autouse=True)
def media(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Return the media folder; all folders of Home Assistant are temporary."""
    folder = tmp_path / "media"
    folder.mkdir()
    hass.config.config_dir = str(tmp_path)
    hass.config.media_dirs = {"local": str(folder)}
    hass.config.allowlist_external_dirs = {str(folder)}
    shutil.copytree(FOLDER, tmp_path / "blueprints" / AUTOMATION_DOMAIN / DOMAIN)
    return folder


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    timing = Timing(intervals=(0.05,), settling=0.0, grace=0.5, max_attempts=1)
    monkeypatch.setattr(
        "custom_components.netrex.RecordingManager",
        partial(RecordingManager, timing=timing),
    )


@pytest.fixture
def _voice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the packages that the app's voice assistant imports (see the demo)."""
    for name, cls in VOICE_PACKAGES.items():
        if find_spec(name) is None:
            module = ModuleType(name)
            setattr(module, cls, type(cls, (), {}))
            monkeypatch.setitem(sys.modules, name, module)


@pytest.fixture
async def phone(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    _voice: None,
    hass_client: ClientSessionGenerator,
) -> AsyncGenerator[Phone]:
    """Register a phone as its app does, with a push service in the test."""
    phone = Phone()

    async def push(request: web.Request) -> web.Response:
        phone.messages.append(await request.json())
        return web.json_response({}, status=HTTPStatus.CREATED)

    app = web.Application()
    app.router.add_post("/push", push)
    async with TestServer(app) as server:
        # Everything with URLs has to be set up before the test's web server starts.
        for name in ("notify", "mobile_app"):
            assert await async_setup_component(hass, name, {})
        client = await hass_client()
        answer = await client.post(
            "/api/mobile_app/registrations",
            json={
                "app_data": {
                    "push_token": "token",
                    "push_url": str(server.make_url("/push")),
                },
                "app_id": "io.homeassistant.test",
                "app_name": "Test",
                "app_version": "1.0.0",
                "device_id": "phone",
                "device_name": "Phone",
                "manufacturer": "Nobody",
                "model": "Phone",
                "os_name": "Test",
                "os_version": "1",
                "supports_encryption": False,
            },
        )
        assert answer.status == HTTPStatus.CREATED
        await hass.async_block_till_done(wait_background_tasks=True)
        [app_entry] = hass.config_entries.async_entries("mobile_app")
        app_id = app_entry.entry_id
        [device] = dr.async_entries_for_config_entry(dr.async_get(hass), app_id)
        entities = er.async_entries_for_config_entry(er.async_get(hass), app_id)
        phone.device_id = device.id
        phone.entity_id = next(e.entity_id for e in entities if e.domain == "notify")
        yield phone


@pytest.fixture
async def use(hass: HomeAssistant) -> AsyncGenerator[Use]:
    """Return a function that creates an automation from a blueprint and its inputs."""

    async def use(name: str, **inputs: object) -> None:
        config = {
            "alias": name,
            "use_blueprint": {"path": f"{DOMAIN}/{name}.yaml", "input": inputs},
        }
        assert await async_setup_component(
            hass, AUTOMATION_DOMAIN, {AUTOMATION_DOMAIN: [config]}
        )
        await hass.async_block_till_done()
        # An automation that Home Assistant rejects exists, too, but is unavailable.
        assert state(hass, f"automation.{name}").state == "on"

    yield use
    for automation in hass.states.async_entity_ids(AUTOMATION_DOMAIN):
        await hass.services.async_call(
            AUTOMATION_DOMAIN, "turn_off", {"entity_id": automation}, blocking=True
        )


@pytest.fixture
def entity(
    hass: HomeAssistant, entry: MockConfigEntry
) -> Callable[[str, int, str], str]:
    """Return a function that finds an entity by domain, node, and key."""

    def find(domain: str, node_id: int, key: str) -> str:
        unique_id = f"{entry.unique_id}_{node_id}_{key}"
        found = er.async_get(hass).async_get_entity_id(domain, DOMAIN, unique_id)
        assert found, unique_id
        return found

    return find
