"""Thumbnails in the media browser."""

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from simulator import Simulator

from .conftest import Ask


async def test_a_thumbnail_is_the_last_still_and_takes_no_link(
    hass: HomeAssistant,
    browse: Ask,
    cloud: Simulator,
    entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
) -> None:
    before = len(cloud.links)
    account = await browse()
    assert {one["thumbnail"] for one in account["children"]} == {None}
    assert len(cloud.links) == before

    # A still of one camera is taken.
    node_id = next(iter(cloud.world.cameras))
    picture = await entry.runtime_data.live.stills.async_thumbnail(str(node_id), None)
    assert picture
    links = len(cloud.links)
    paths = {
        one["media_content_id"].rpartition("/")[2]: one["thumbnail"]
        for one in (await browse())["children"]
    }
    path = paths.pop(str(node_id))
    assert set(paths.values()) == {None}
    client = await hass_client()
    answer = await client.get(path)
    assert answer.content_type == "image/jpeg"
    assert await answer.read() == picture
    assert len(cloud.links) == links

    for other in (
        path.replace(str(node_id), next(iter(paths))),
        path.replace(str(node_id), "x"),
        path.replace(str(node_id), "9" * 6000),
        path.replace(str(node_id), "%D9%A3"),
        path.replace(entry.entry_id, "nobody"),
    ):
        assert (await client.get(other)).status == 404


async def test_thumbnails_require_a_sign_in(
    entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    client = await hass_client_no_auth()
    path = f"/api/netrex/thumbnails/{entry.entry_id}/1"
    assert (await client.get(path)).status == 401
