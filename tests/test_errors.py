"""The table of errors: complete, translated, and mapped to Home Assistant's errors."""

from collections.abc import Iterator
from datetime import timedelta
import json
from pathlib import Path
import re
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    HomeAssistantError,
    ServiceValidationError,
)
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.update_coordinator import UpdateFailed
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components import netrex
from custom_components.netrex.auth import fixed_token
from custom_components.netrex.client import (
    Lane,
    Ledger,
    NetrexAddressError,
    NetrexAuthError,
    NetrexBudgetError,
    NetrexCameraError,
    NetrexCameraMethodError,
    NetrexCameraNotFoundError,
    NetrexCameraOfflineError,
    NetrexCameraPermissionError,
    NetrexCameraRefusedError,
    NetrexCameraResponseError,
    NetrexCameraTokenError,
    NetrexClient,
    NetrexConnectionError,
    NetrexError,
    NetrexNoDataError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexQueryError,
    NetrexRangeError,
    NetrexRateLimitedError,
    NetrexResponseError,
    Pacer,
)
from custom_components.netrex.const import DOMAIN
from custom_components.netrex.errors import (
    CAMERA_ERRORS,
    ERRORS,
    command_errors,
    error_key,
    update_errors,
)
from simulator import Simulator

from .leaks import assert_no_secret, texts

CASES: list[tuple[NetrexError, str, type[HomeAssistantError]]] = [
    (NetrexAuthError("r"), "invalid_auth", HomeAssistantError),
    (NetrexAuthError("r", expired=True), "invalid_auth", HomeAssistantError),
    (NetrexPermissionError("r"), "no_permission", HomeAssistantError),
    (NetrexNotFoundError("r"), "not_found", ServiceValidationError),
    (NetrexBudgetError("r"), "allowance_used", HomeAssistantError),
    (NetrexRateLimitedError("r", retry_after=7), "rate_limited", HomeAssistantError),
    (NetrexQueryError("r"), "query_refused", ServiceValidationError),
    (NetrexConnectionError("r"), "cannot_connect", HomeAssistantError),
    (NetrexAddressError("r"), "address_refused", HomeAssistantError),
    (NetrexResponseError("r"), "unusable_answer", HomeAssistantError),
    (NetrexError("r"), "portal_error", HomeAssistantError),
    (NetrexCameraTokenError("r"), "camera_token_refused", HomeAssistantError),
    (NetrexCameraPermissionError("r"), "camera_no_permission", HomeAssistantError),
    (NetrexCameraNotFoundError("r"), "camera_call_missing", HomeAssistantError),
    (NetrexCameraMethodError("r"), "camera_method_refused", HomeAssistantError),
    (NetrexCameraOfflineError("r"), "camera_unreachable", HomeAssistantError),
    (NetrexCameraRefusedError("r"), "camera_refused", ServiceValidationError),
    (NetrexCameraResponseError("r"), "camera_answer_unusable", HomeAssistantError),
    (NetrexCameraError("r"), "camera_error", HomeAssistantError),
]
ALL = (*CAMERA_ERRORS, *ERRORS)


def subclasses(cls: type[NetrexError]) -> Iterator[type[NetrexError]]:
    """Yield a class of errors and all its subclasses."""
    yield cls
    for below in cls.__subclasses__():
        yield from subclasses(below)


def translations(language: str) -> dict[str, Any]:
    """Return a language's texts."""
    path = Path(netrex.__file__).parent / "translations" / f"{language}.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def test_every_client_error_has_a_row_of_its_own() -> None:
    in_client = {
        cls for cls in subclasses(NetrexError) if ".client." in f"{cls.__module__}."
    }
    # Never reported: actions return an empty result for it.
    in_client.discard(NetrexNoDataError)
    # Part of a download's retries: reported like the unusable response that it is.
    in_client.discard(NetrexRangeError)
    assert {row[0] for row in ALL} == in_client
    assert len({row[1] for row in ALL}) == len(ALL) == len(CASES) - 1


def test_no_row_hides_another() -> None:
    rows = [row[0] for row in ALL]
    for number, cls in enumerate(rows):
        assert not any(issubclass(cls, earlier) for earlier in rows[:number])


@pytest.mark.parametrize("language", ["en", "cs"])
@pytest.mark.parametrize(
    ("section", "rows"),
    [
        (("exceptions",), ALL),
        (("config", "error"), ERRORS),
        (("options", "error"), CAMERA_ERRORS),
    ],
)
def test_every_row_has_its_texts(
    language: str,
    section: tuple[str, ...],
    rows: tuple[tuple[object, str, object], ...],
) -> None:
    known = translations(language)
    for name in section:
        known = known[name]
    assert {row[1] for row in rows} <= known.keys()


@pytest.mark.parametrize(("err", "key", "action"), CASES)
def test_a_coordinator_raises_the_translated_error(
    err: NetrexError, key: str, action: type[HomeAssistantError]
) -> None:
    del action  # only for commands
    auth = isinstance(err, NetrexAuthError)
    with (
        pytest.raises(ConfigEntryAuthFailed if auth else UpdateFailed) as caught,
        update_errors(),
    ):
        raise err
    assert caught.value.translation_domain == DOMAIN
    assert caught.value.translation_key == key == error_key(err)
    assert caught.value.translation_placeholders == {"reason": "r"}
    if isinstance(caught.value, UpdateFailed):
        assert caught.value.retry_after == getattr(err, "retry_after", None)


@pytest.mark.parametrize(("err", "key", "action"), CASES)
async def test_a_command_raises_the_translated_error(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    err: NetrexError,
    key: str,
    action: type[HomeAssistantError],
) -> None:
    """A refused token is checked: another query asks to sign in, or not."""
    await hass.async_block_till_done(wait_background_tasks=True)
    del cloud.queries[:]
    with pytest.raises(HomeAssistantError) as caught, command_errors(entry):
        raise err
    await hass.async_block_till_done(wait_background_tasks=True)
    assert type(caught.value) is action
    assert caught.value.translation_key == key
    assert len(cloud.queries) == isinstance(err, NetrexAuthError)
    assert not hass.config_entries.flow.async_progress_by_handler(DOMAIN)


async def test_many_refusals_take_one_query(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    del cloud.queries[:]
    for _ in range(10):
        with pytest.raises(HomeAssistantError), command_errors(entry):
            raise NetrexAuthError("no")
        await hass.async_block_till_done(wait_background_tasks=True)
        # Past the cooldown of Home Assistant's own debouncer.
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=15))
        await hass.async_block_till_done(wait_background_tasks=True)
    checks = [one for one in cloud.queries if "source_ip" in one.query]
    assert len(checks) == 1


async def test_other_errors_are_not_translated(
    hass: HomeAssistant, config_entry: MockConfigEntry
) -> None:
    for errors in (update_errors(), command_errors(config_entry)):
        with pytest.raises(KeyError), errors:
            raise KeyError("a bug stays a bug")


async def test_a_revoked_token_asks_to_sign_in_once(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    """A poll and a command get the same refusal, but only one flow is started."""
    cloud.oauth.revoke_all()
    client = entry.runtime_data.client
    for _ in range(2):
        with pytest.raises(HomeAssistantError) as caught, command_errors(entry):
            await client.inventory(lane=Lane.COMMAND)
        await entry.runtime_data.inventory.async_refresh()
        await hass.async_block_till_done()
    [flow] = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == SOURCE_REAUTH
    assert_no_secret(texts(caught.value), cloud.secrets)


async def test_the_request_to_sign_in_is_withdrawn_when_the_token_is_accepted_again(
    hass: HomeAssistant, entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A single refusal asks for nothing, and neither does the third."""

    async def refuse() -> None:
        raise NetrexAuthError("no")

    coordinator = entry.runtime_data.inventory
    flows = hass.config_entries.flow
    with monkeypatch.context() as patched:
        patched.setattr(coordinator, "_async_fetch", refuse)
        for count in (0, 1, 1):
            await coordinator.async_refresh()
            await hass.async_block_till_done()
            found = flows.async_progress_by_handler(DOMAIN)
            assert [flow["context"]["source"] for flow in found] == (
                [SOURCE_REAUTH] * count
            )
            assert coordinator.last_update_success is not bool(count)
    await coordinator.async_refresh()
    assert coordinator.last_update_success
    assert not flows.async_progress_by_handler(DOMAIN)


async def test_the_message_has_the_portals_reason(
    hass: HomeAssistant, cloud: Simulator, config_entry: MockConfigEntry
) -> None:
    """Home Assistant finds the text and fills in the portal's reason."""
    cloud.faults.add("graphql", "cut", count=None)
    config_entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(config_entry.entry_id)
    assert config_entry.state is ConfigEntryState.SETUP_RETRY
    assert config_entry.reason is not None
    assert config_entry.reason.startswith("The portal does not answer: ")


async def test_no_text_says_the_same_twice(
    hass: HomeAssistant, unused_tcp_port: int
) -> None:
    """The reasons that the client gives complete the translated sentences."""
    pacer = Pacer(Ledger(), interval=0)
    client = NetrexClient(
        async_get_clientsession(hass),
        f"http://127.0.0.1:{unused_tcp_port}",
        fixed_token("token"),
        pacer=pacer,
    )
    caught: list[NetrexError] = []

    async def fail() -> None:
        with pytest.raises(NetrexError) as error:
            await client.execute("{__typename}", lane=Lane.KPI)
        caught.append(error.value)

    await fail()
    pacer.ledger.allowance = 1
    await fail()
    pacer.pause(60)
    await fail()
    assert [type(error) for error in caught] == [
        NetrexConnectionError,
        NetrexBudgetError,
        NetrexRateLimitedError,
    ]
    english = Path(netrex.__file__).parent / "translations" / "en.json"
    messages = json.loads(english.read_text(encoding="utf-8"))["exceptions"]
    for error in caught:
        text = messages[error_key(error)]["message"].format(reason=error)
        words = re.findall(r"\w+", text.lower())
        triples = list(zip(words, words[1:], words[2:], strict=False))
        assert len(triples) == len(set(triples)) > 3, text
