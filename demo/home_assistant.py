"""A real Home Assistant process: its folder, its start, and its onboarding."""

import asyncio
import contextlib
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
import sys
import time

import aiohttp

from .client import HomeAssistantClient, Json, Tokens
from .processes import LOOPBACK, Child, DemoError
from .zone import ZONE_NAME

USER = "demo"
PASSWORD = "demo"
INTEGRATION = Path(__file__).resolve().parent.parent / "custom_components" / "netrex"
START_TIMEOUT = 300.0
POLL_INTERVAL = 0.5

# Not `default_config`: it requires packages that the demo does not need (voice,
# Bluetooth, cloud), and its `my` would redirect OAuth through a page on the internet.
CONFIGURATION = """\
homeassistant:
  name: Netrex demo
  latitude: 50.0755
  longitude: 14.4378
  elevation: 235
  unit_system: metric
  time_zone: {zone}
  country: CZ
  currency: CZK
  language: {language}
  # The default may be a folder of the machine; the demo uses its own.
  media_dirs:
    local: {folder}/media
http:
  server_host: {host}
  server_port: {port}
logger:
  default: info
  logs:
    custom_components.netrex: debug
recorder:
  commit_interval: 1
application_credentials:
config:
frontend:
history:
logbook:
media_source:
stream:
sun:
system_health:
"""

# The frontend does not start without the descriptions of all actions; these import the
# voice assistant, which imports two packages of C++ code. Home Assistant's images
# include them; elsewhere they require a compiler. The demo does not use the voice
# assistant, so a class of the right name is enough.
VOICE_PACKAGES = {"pymicro_vad": "MicroVad", "pyspeex_noise": "AudioProcessor"}

# Steps of the onboarding after the one that creates the user.
ONBOARDING_STEPS = ("core_config", "analytics", "integration")
# Integrations that the onboarding adds: they use the internet or are not needed here.
ONBOARDING_EXTRAS = frozenset(
    {"google_translate", "met", "radio_browser", "shopping_list"}
)


def version() -> str:
    """Return the release of Home Assistant in this environment."""
    return metadata.version("homeassistant")


def prepare_folder(folder: Path, port: int, language: str) -> None:
    """Write Home Assistant's configuration and link the integration into it."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise DemoError(f"{folder} is not empty; the demo requires a new folder")
    (folder / "configuration.yaml").write_text(
        CONFIGURATION.format(
            host=LOOPBACK, port=port, folder=folder, zone=ZONE_NAME, language=language
        ),
        encoding="utf-8",
    )
    (folder / "media").mkdir()
    (folder / "custom_components").mkdir()
    (folder / "custom_components" / INTEGRATION.name).symlink_to(INTEGRATION)
    add_stand_ins(folder)


def add_stand_ins(folder: Path) -> None:
    """Write stand-ins for missing voice packages into a folder of modules."""
    for module, name in VOICE_PACKAGES.items():
        if find_spec(module) is None:
            stand_in = f'"""Stands in for {module}."""\n\n\nclass {name}:\n    pass\n'
            (folder / f"{module}.py").write_text(stand_in, encoding="utf-8")


async def start(folder: Path, log: Path) -> Child:
    """Start Home Assistant, without waiting until it answers (`wait_for_answer`)."""
    return await Child.start(
        "home-assistant",
        [sys.executable, "-m", "homeassistant", "--config", str(folder), "--skip-pip"],
        cwd=folder,
        log=log,
    )


async def wait_for_answer(
    session: aiohttp.ClientSession, url: str, child: Child
) -> None:
    """Wait until a web server answers; raise DemoError if its process ends."""
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        child.ensure_running()
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with session.get(
                url, timeout=aiohttp.ClientTimeout(total=5)
            ) as response:
                if response.ok:
                    return
        await asyncio.sleep(POLL_INTERVAL)
    raise DemoError(f"{child.name} does not answer at {url}")


async def onboard(session: aiohttp.ClientSession, url: str, language: str) -> Tokens:
    """Create the user and complete the onboarding, as its pages do."""
    client_id = f"{url}/"
    async with session.post(
        f"{url}/api/onboarding/users",
        json={
            "client_id": client_id,
            "name": USER.capitalize(),
            "username": USER,
            "password": PASSWORD,
            "language": language,
        },
    ) as response:
        response.raise_for_status()
        code = (await response.json())["auth_code"]
    tokens = await _redeem(session, url, client_id, code)
    for step in ONBOARDING_STEPS:
        async with session.post(
            f"{url}/api/onboarding/{step}",
            json={"client_id": client_id, "redirect_uri": f"{url}/?auth_callback=1"},
            headers={"Authorization": f"Bearer {tokens.access_token}"},
        ) as response:
            response.raise_for_status()
    return tokens


async def _redeem(
    session: aiohttp.ClientSession, url: str, client_id: str, code: str
) -> Tokens:
    """Exchange the authorization code for tokens."""
    async with session.post(
        f"{url}/auth/token",
        data={
            "grant_type": "authorization_code",
            "code": code,
            "client_id": client_id,
        },
    ) as response:
        response.raise_for_status()
        answer: Json = await response.json()
    return Tokens(
        access_token=answer["access_token"],
        refresh_token=answer["refresh_token"],
        expires_in=answer["expires_in"],
        client_id=client_id,
    )


async def wait_until_running(client: HomeAssistantClient) -> None:
    """Wait until the start is complete."""
    deadline = time.monotonic() + START_TIMEOUT
    while (await client.request("GET", "/api/config"))["state"] != "RUNNING":
        if time.monotonic() > deadline:
            raise DemoError("Home Assistant did not finish starting")
        await asyncio.sleep(POLL_INTERVAL)


async def settle(client: HomeAssistantClient) -> None:
    """Wait until the first start is complete, and confirm the server's address."""
    await wait_until_running(client)
    # An address from YAML is on trial: unless confirmed, Home Assistant returns to its
    # default and restarts after five minutes (components/http/config.py).
    await client.command("http/config/promote")
    for issue in (await client.command("repairs/list_issues"))["issues"]:
        if issue["domain"] == "http":
            await client.command(
                "repairs/ignore_issue",
                domain=issue["domain"],
                issue_id=issue["issue_id"],
                ignore=True,
            )


async def set_language(client: HomeAssistantClient, language: str) -> None:
    """Choose the language in the user's profile, instead of the browser's."""
    await client.command(
        "frontend/set_user_data",
        key="language",
        value={"language": language, "number_format": "language"},
    )


async def tidy(client: HomeAssistantClient) -> None:
    """Remove the integrations that the onboarding added."""
    for entry in await client.request("GET", "/api/config/config_entries/entry"):
        if entry["domain"] in ONBOARDING_EXTRAS:
            await client.request(
                "DELETE", f"/api/config/config_entries/entry/{entry['entry_id']}"
            )
