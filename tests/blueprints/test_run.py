"""Each blueprint runs once, with the simulated cloud and a simulated phone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Event, HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.netrex.const import CONF_KPI_CAMERA_SENSORS
from simulator import Simulator

from .conftest import Phone, Use, state

type Find = Callable[[str, int, str], str]


@pytest.fixture
def entry_options() -> dict[str, Any]:
    """Return the options of a user who has a camera's people counted."""
    return {CONF_KPI_CAMERA_SENSORS: ["people_in"]}


@pytest.fixture
def camera_id(cloud: Simulator) -> int:
    """Return a camera with people counting and small pictures."""
    for camera in cloud.world.cameras.values():
        for profile in camera.stream_profiles:
            profile.width, profile.height = 320, 180
    return next(iter(cloud.world.cameras))


def recordings(folder: Path) -> list[Path]:
    """Return the files below a folder."""
    return list(folder.rglob("*.*"))


async def test_a_clip_is_saved_and_its_link_plays_on_a_phone(
    hass: HomeAssistant,
    entity: Find,
    phone: Phone,
    use: Use,
    camera_id: int,
    media: Path,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    # Not the last seconds, which reach the cloud later: the test must not wait.
    await use(
        "save_clip",
        event=[{"trigger": "event", "event_type": "alarm"}],
        cameras=[entity("camera", camera_id, "camera")],
        phone=phone.device_id,
        before=60,
        after=-50,
    )
    moment = dt_util.now()
    hass.bus.async_fire("alarm")
    await hass.async_block_till_done(wait_background_tasks=True)

    [saved] = await hass.async_add_executor_job(recordings, media)
    name = datetime.strptime(saved.stem, "%Y-%m-%d_%H-%M-%S")  # noqa: DTZ007 - file names have local times
    start = name.replace(tzinfo=moment.tzinfo)
    assert abs(start - (moment - timedelta(seconds=60))) < timedelta(seconds=3)
    [message] = phone.messages
    assert (
        message["title"]
        == state(hass, entity("camera", camera_id, "camera")).attributes[
            "friendly_name"
        ]
    )
    assert message["message"].startswith("Recording of ")
    assert ", Brno, Česká, " in message["message"]
    assert message["message"].endswith(" MB")
    url = message["data"]["url"]
    assert message["data"]["clickAction"] == url
    # As a phone opens it: without signing in.
    link = urlsplit(url)
    client = await hass_client_no_auth()
    answer = await client.get(
        f"{link.path}?{link.query}", headers={"Range": "bytes=0-99"}
    )
    assert answer.status == 206
    content = await hass.async_add_executor_job(saved.read_bytes)
    assert await answer.read() == content[:100]


async def test_a_clip_that_cannot_be_saved_is_reported(
    hass: HomeAssistant,
    cloud: Simulator,
    entity: Find,
    phone: Phone,
    use: Use,
    camera_id: int,
    media: Path,
) -> None:
    cloud.world.cameras[camera_id].records = False
    await use(
        "save_clip",
        event=[{"trigger": "event", "event_type": "alarm"}],
        cameras=[entity("camera", camera_id, "camera")],
        phone=phone.device_id,
        before=60,
        after=-50,
    )
    hass.bus.async_fire("alarm")
    await hass.async_block_till_done(wait_background_tasks=True)
    [message] = phone.messages
    assert "could not be saved" in message["message"]
    assert await hass.async_add_executor_job(recordings, media) == []


async def test_a_clip_that_cannot_be_saved_does_not_hold_back_other_links(
    hass: HomeAssistant,
    cloud: Simulator,
    entity: Find,
    phone: Phone,
    use: Use,
    media: Path,
) -> None:
    cameras = list(cloud.world.cameras.values())[:3]
    for camera in cameras:
        camera.records = camera is not cameras[1]
    await use(
        "save_clip",
        event=[{"trigger": "event", "event_type": "alarm"}],
        cameras=[entity("camera", camera.node_id, "camera") for camera in cameras],
        phone=phone.device_id,
        before=60,
        after=-50,
    )
    hass.bus.async_fire("alarm")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(await hass.async_add_executor_job(recordings, media)) == 2
    links = [bool(message.get("data", {}).get("url")) for message in phone.messages]
    assert links == [True, False, True]


async def test_a_count_above_the_limit_is_reported_once(
    hass: HomeAssistant, entity: Find, phone: Phone, use: Use, camera_id: int
) -> None:
    sensor = entity("sensor", camera_id, "people_in_today")
    before = 2000
    reached: list[Event] = []
    hass.bus.async_listen("done", reached.append)
    await use(
        "people_count",
        sensor=sensor,
        limit=before + 10,
        recipients={"entity_id": phone.entity_id},
        more_actions=[{"event": "done"}],
    )
    attributes = state(hass, sensor).attributes
    for more in (10, 11, 12):
        hass.states.async_set(sensor, str(before + more), attributes)
        await hass.async_block_till_done()
    [message] = phone.messages
    assert message["title"] == attributes["friendly_name"]
    assert message["message"] == f"{before + 11} people, more than {before + 10}"
    assert len(reached) == 1


@pytest.mark.parametrize("gone", ["unavailable", "unknown", "removed"])
async def test_a_count_that_comes_back_is_not_reported_again(
    hass: HomeAssistant,
    entity: Find,
    phone: Phone,
    use: Use,
    camera_id: int,
    gone: str,
) -> None:
    sensor = entity("sensor", camera_id, "people_in_today")
    await use(
        "people_count",
        sensor=sensor,
        limit=2000,
        recipients={"entity_id": phone.entity_id},
    )
    attributes = state(hass, sensor).attributes
    for value in ("1990", "2010", gone, "2020"):
        if value == "removed":
            hass.states.async_remove(sensor)
        else:
            hass.states.async_set(sensor, value, attributes)
        await hass.async_block_till_done()
    assert len(phone.messages) == 1

    # The next crossing is reported.
    for value in ("10", "2030"):
        hass.states.async_set(sensor, value, attributes)
        await hass.async_block_till_done()
    assert len(phone.messages) == 2


async def test_a_long_absence_of_a_camera_and_its_return_are_reported(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    entity: Find,
    phone: Phone,
    use: Use,
    camera_id: int,
    freezer: FrozenDateTimeFactory,
) -> None:
    await use(
        "camera_offline",
        cameras={"entity_id": entity("binary_sensor", camera_id, "connectivity")},
        recipients={"entity_id": phone.entity_id},
        minutes=10,
    )

    async def look(*, connected: bool, minutes: int) -> list[str]:
        """Change a camera's connection and let time pass; return the messages."""
        cloud.world.cameras[camera_id].is_connected = connected
        await entry.runtime_data.status.async_refresh()
        await hass.async_block_till_done()
        phone_before = len(phone.messages)
        freezer.tick(minutes * 60)
        async_fire_time_changed(hass)
        await hass.async_block_till_done()
        return [message["message"] for message in phone.messages[phone_before:]]

    # A short absence causes no message.
    assert await look(connected=False, minutes=5) == []
    assert await look(connected=True, minutes=5) == []
    assert phone.messages == []
    since = f"{dt_util.now():%H:%M}"
    assert await look(connected=False, minutes=11) == [f"Offline since {since}"]
    await look(connected=True, minutes=1)
    assert phone.messages[-1]["message"] == f"Back online. It was offline since {since}"
    name = next(n.name for n in cloud.world.nodes if n.node_id == camera_id)
    assert {message["title"] for message in phone.messages} == {name}
    assert len(phone.messages) == 2


async def test_the_return_of_a_camera_is_reported_only_if_wanted(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    entity: Find,
    phone: Phone,
    use: Use,
    camera_id: int,
    freezer: FrozenDateTimeFactory,
) -> None:
    await use(
        "camera_offline",
        cameras={"entity_id": entity("binary_sensor", camera_id, "connectivity")},
        recipients={"entity_id": phone.entity_id},
        minutes=10,
        notify_return=False,
    )
    for connected in (False, True):
        cloud.world.cameras[camera_id].is_connected = connected
        await entry.runtime_data.status.async_refresh()
        await hass.async_block_till_done()
        freezer.tick(11 * 60)
        async_fire_time_changed(hass)
        await hass.async_block_till_done()
    (message,) = phone.messages
    assert message["message"].startswith("Offline since ")


async def test_a_long_absence_is_not_reported_again_after_a_restart(
    hass: HomeAssistant,
    cloud: Simulator,
    entry: MockConfigEntry,
    entity: Find,
    phone: Phone,
    use: Use,
    camera_id: int,
    freezer: FrozenDateTimeFactory,
) -> None:
    sensor = entity("binary_sensor", camera_id, "connectivity")
    cloud.world.cameras[camera_id].is_connected = False
    await entry.runtime_data.status.async_refresh()
    await use(
        "camera_offline",
        cameras={"entity_id": sensor},
        recipients={"entity_id": phone.entity_id},
        minutes=10,
    )
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert state(hass, sensor).state == "off"
    freezer.tick(11 * 60)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert phone.messages == []


async def test_the_days_numbers_are_sent_at_the_set_time(
    hass: HomeAssistant,
    entity: Find,
    phone: Phone,
    use: Use,
    camera_id: int,
    freezer: FrozenDateTimeFactory,
) -> None:
    # A sensor that the user has removed in the meantime.
    sensors = [entity("sensor", camera_id, "people_in_today"), "sensor.gone"]
    await use(
        "daily_message",
        sensors=sensors,
        recipients={"entity_id": phone.entity_id},
        time="21:30:00",
    )
    evening = dt_util.now().replace(hour=21, minute=30, second=0, microsecond=0)
    if evening <= dt_util.now():
        evening += timedelta(days=1)
    freezer.move_to(evening)
    async_fire_time_changed(hass, evening + timedelta(milliseconds=1))
    await hass.async_block_till_done()
    [message] = phone.messages
    assert message["title"] == "The day's numbers"
    count = state(hass, sensors[0])
    name = count.attributes["friendly_name"]
    people = int(float(count.state))
    assert people > 0
    assert message["message"] == f"{name}: {people} people\nsensor.gone: ?"
