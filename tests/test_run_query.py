"""The action for an administrator's own queries."""

from typing import Any

from homeassistant.auth.models import User
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
)
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.netrex.client import Lane
from custom_components.netrex.const import DOMAIN
from custom_components.netrex.services import ACTION_RUN_QUERY
from simulator import Simulator

from .leaks import assert_log_clean
from .waiting import token_checked_twice


async def run(
    hass: HomeAssistant, entry: MockConfigEntry, query: str, **data: object
) -> dict[str, Any]:
    """Call the action as Home Assistant itself does."""
    response = await hass.services.async_call(
        DOMAIN,
        ACTION_RUN_QUERY,
        {ATTR_CONFIG_ENTRY_ID: entry.entry_id, "query": query, **data},
        blocking=True,
        return_response=True,
    )
    assert isinstance(response, dict)
    return response


async def test_a_query_is_answered_and_counted(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    camera_id, camera = next(iter(cloud.world.cameras.items()))

    response = await run(
        hass,
        entry,
        "query Q($id: Int!) { camera(node_id: $id) { serial_number } }",
        variables={"id": camera_id},
    )

    assert response == {"data": {"camera": {"serial_number": camera.serial_number}}}
    assert entry.runtime_data.pacer.ledger.used_by_lane[Lane.COMMAND] == 1


async def test_errors_are_returned_with_the_data(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    response = await run(hass, entry, "{a: camera(node_id: 1) {name} nodeList {name}}")

    assert response["data"]["a"] is None
    assert response["data"]["nodeList"]
    [error] = response["errors"]
    assert error["path"] == ["a"]
    assert error["message"]


MUTATION = '{} {{ recordingPrepare(recording_id: "abcdefghij", height: 720) }}'


async def test_a_mutation_is_sent_only_if_it_is_allowed(
    hass: HomeAssistant, cloud: Simulator, entry: MockConfigEntry
) -> None:
    def sent() -> list[str]:
        return [q.query for q in cloud.queries if "recordingPrepare" in q.query]

    with pytest.raises(ServiceValidationError) as caught:
        await run(hass, entry, MUTATION.format("{__typename} mutation"))
    assert caught.value.translation_key == "mutation_not_allowed"
    assert not sent()

    # Sent if it is allowed; the portal does not know this recording.
    document = MUTATION.format("mutation")
    response = await run(hass, entry, document, allow_mutation=True)
    assert response["data"] == {"recordingPrepare": None}
    assert response["errors"]
    assert sent() == [document]


async def test_an_invalid_query_is_a_validation_error(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await run(hass, entry, "{ spaceship }")
    assert "spaceship" in str(caught.value)
    with pytest.raises(vol.Invalid):
        await run(hass, entry, "")


async def test_only_administrators_can_run_queries(
    hass: HomeAssistant, hass_read_only_user: User, entry: MockConfigEntry
) -> None:
    with pytest.raises(Unauthorized):
        await hass.services.async_call(
            DOMAIN,
            ACTION_RUN_QUERY,
            {ATTR_CONFIG_ENTRY_ID: entry.entry_id, "query": "{__typename}"},
            blocking=True,
            return_response=True,
            context=Context(user_id=hass_read_only_user.id),
        )


async def test_a_refused_token_starts_reauthentication(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    cloud.oauth.revoke_all()

    with pytest.raises(HomeAssistantError) as caught:
        await run(hass, entry, "{__typename}")

    assert caught.value.translation_key == "invalid_auth"
    await token_checked_twice(hass, entry)
    [flow] = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == "reauth"
    assert_log_clean(caplog, cloud.secrets)
