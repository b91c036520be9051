"""Actions: every cell of the table in docs/permissions.md, and the borders."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from homeassistant.auth.models import User
from homeassistant.core import Context, HomeAssistant, ServiceResponse
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest

from custom_components.netrex.const import DOMAIN
from custom_components.netrex.kpi.permissions import async_readable_nodes
from simulator import Simulator

from .users import (
    AUTOMATION,
    GROUPS,
    MEDIA,
    STRANGER,
    Account,
    column,
    read_table,
)


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
