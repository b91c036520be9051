"""Netrex / CamStreamer Cloud: cameras and people counts of shops and sites."""

from datetime import datetime, timedelta
from functools import partial
import shutil

from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.typing import ConfigType

from .auth import async_get_token_provider, async_revoke, get_renewal
from .budget import BudgetCoordinator
from .client import DEFAULT_ALLOWANCE, NetrexClient
from .const import CONF_DAILY_ALLOWANCE, DOMAIN, PLATFORMS
from .coordinator import InventoryCoordinator, StatusCoordinator
from .devices import async_update_devices, device_node_id
from .gateway import CameraGateway, async_remove_stale_entities
from .history import HistoryImporter
from .kpi.coordinator import KpiCoordinator
from .kpi.probe import KpiProbe
from .live import LiveView
from .media.availability import Availability
from .media.playback import Playback
from .media.player_view import RecordingView
from .media.thumbnails import ThumbnailView
from .models import NetrexConfigEntry, NetrexRuntimeData
from .pacing import async_get_pacer
from .recordings import RecordingManager, cache_folder
from .recordings.file_view import FileView
from .services import async_setup_services
from .store import NetrexStore

# How often the ledger is stored, whoever watches it.
STORE_INTERVAL = timedelta(minutes=10)

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register actions and views, which are there even while no account works."""
    async_setup_services(hass)
    for view in (FileView(), RecordingView(), ThumbnailView()):
        hass.http.register_view(view)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: NetrexConfigEntry) -> bool:
    """Set up an account: two queries the first time, one after a restart."""
    store = NetrexStore(hass, entry.entry_id)
    await store.async_load()
    # Also after a set-up that fails: its queries count, and no late write may follow.
    entry.async_on_unload(store.async_flush)

    @callback
    def async_store(_: datetime) -> None:
        store.async_changed()

    entry.async_on_unload(async_track_time_interval(hass, async_store, STORE_INTERVAL))
    pacer = async_get_pacer(hass, entry.unique_id)
    # The pacer's own, which also counted the config flow, and what was sent while the
    # store was written.
    ledger = store.ledger = pacer.ledger
    ledger.restore(store.data.get("ledger"))
    ledger.allowance = entry.options.get(CONF_DAILY_ALLOWANCE, DEFAULT_ALLOWANCE)
    client = NetrexClient(
        async_get_clientsession(hass),
        entry.data[CONF_URL],
        await async_get_token_provider(hass, entry),
        pacer=pacer,
        renew_token=get_renewal(hass, entry),
    )
    inventory = InventoryCoordinator(hass, entry, client, store)
    await inventory.async_config_entry_first_refresh()
    status = StatusCoordinator(hass, entry, client)
    status.async_seed(inventory.data.cameras.values())
    kpi = KpiCoordinator(hass, entry, inventory, KpiProbe(client, store), store)
    budget = BudgetCoordinator(hass, entry, ledger, kpi)
    await budget.async_config_entry_first_refresh()
    gateway = CameraGateway.of(
        hass, entry, inventory=inventory, status=status, store=store
    )
    live = LiveView(
        hass,
        entry,
        client,
        store,
        None if gateway is None else gateway.async_snapshot,
    )
    recordings = RecordingManager(hass, entry, client)
    await recordings.async_start()
    entry.runtime_data = NetrexRuntimeData(
        client=client,
        pacer=pacer,
        store=store,
        inventory=inventory,
        status=status,
        kpi=kpi,
        budget=budget,
        live=live,
        history=HistoryImporter(
            hass, entry, client=client, store=store, inventory=inventory, kpi=kpi
        ),
        gateway=gateway,
        recordings=recordings,
        availability=Availability(client),
        playback=Playback(hass, entry, recordings),
    )

    synced: list[object] = []

    @callback
    def async_sync_devices() -> None:
        data, nodes = inventory.data, set(kpi.nodes)
        # Walking all devices takes longer than all sensors of a refresh together.
        if synced != [data, nodes]:
            synced[:] = data, nodes
            async_update_devices(hass, entry, data.tree, data.cameras, nodes)

    # Before the platforms', so that a new entity finds its device.
    entry.async_on_unload(inventory.async_add_listener(async_sync_devices))
    entry.async_on_unload(kpi.async_add_listener(async_sync_devices))
    async_sync_devices()
    async_remove_stale_entities(hass, entry, gateway)
    # After a set-up that fails further on; an unload stops it before, in its turn.
    entry.async_on_unload(live.async_stop)
    # Last, because players that wait for the port come at once, and are served from
    # the runtime data; but the cameras need its address.
    try:
        await live.async_start()
    except OSError as err:
        # Not even loopback has a port: the machine has run out of something, which
        # passes. All the rest would hardly work either, so it is tried again.
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN, translation_key="no_loopback"
        ) from err
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    kpi.async_start_probe()
    if gateway is not None:
        gateway.async_start()
    entry.runtime_data.history.async_start()
    return True


async def async_unload_entry(hass: HomeAssistant, entry: NetrexConfigEntry) -> bool:
    """Leave no listener, port, task, half file or unsaved count behind."""
    # First, so that the event entities can still say why.
    await entry.runtime_data.recordings.async_stop()
    if not await hass.config_entries.async_unload_platforms(entry, PLATFORMS):
        return False
    data = entry.runtime_data
    await data.live.async_stop()
    if data.gateway is not None:
        await data.gateway.async_stop()
    for coordinator in (data.inventory, data.status, data.kpi, data.budget):
        await coordinator.async_shutdown()
    await data.history.async_stop()
    await data.pacer.clear()
    return True


async def async_remove_entry(hass: HomeAssistant, entry: NetrexConfigEntry) -> None:
    """Give the access back to the portal and forget the account."""
    await async_revoke(hass, entry.data)
    await NetrexStore(hass, entry.entry_id).async_remove()
    folder = cache_folder(hass, entry.entry_id)
    await hass.async_add_executor_job(
        partial(shutil.rmtree, folder, ignore_errors=True)
    )


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: NetrexConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Let a person remove what the portal does not show any more."""
    node_id = device_node_id(entry, device)
    return node_id is not None and node_id not in entry.runtime_data.inventory.data
