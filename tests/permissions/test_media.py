"""Recordings, pictures, and the dashboard: every cell of the table, and the borders."""

import logging

from homeassistant.components.media_source import async_resolve_media
from homeassistant.components.websocket_api import (
    ActiveConnection,
    current_connection,
)
from homeassistant.components.websocket_api.http import WebSocketAdapter
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.trace import trace_id_cv
import pytest

from simulator import Simulator

from .users import (
    AUTOMATION,
    GROUPS,
    MEDIA,
    STRANGER,
    Account,
    column,
)
from .visitors import SCHEME, Visit, Visitor


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
