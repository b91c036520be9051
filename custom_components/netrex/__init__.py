"""Netrex / CamStreamer Cloud: cameras and people counts of shops and sites."""

from datetime import datetime, timedelta
from functools import partial
import shutil
from typing import Any

from homeassistant.const import CONF_URL, EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.typing import ConfigType
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .auth import async_get_token_provider, async_revoke, get_renewal
from .budget import BudgetCoordinator
from .client import DEFAULT_ALLOWANCE, NetrexClient
from .const import CONF_DAILY_ALLOWANCE, DOMAIN, PLATFORMS
from .coordinator import InventoryCoordinator, StatusCoordinator
from .dashboard import async_setup_dashboard
from .device_updates import async_update_devices
from .devices import is_listed
from .gateway import CameraGateway, async_remove_stale_entities
from .history import HistoryImporter
from .kpi.coordinator import KpiCoordinator
from .kpi.probe import KpiProbe
from .kpi.weeks import PlaceWeeks
from .live import LiveView
from .media.availability import Availability
from .media.playback import Playback
from .media.player_view import RecordingView
from .media.thumbnails import ThumbnailView
from .migration import async_select_sensors
from .models import NetrexConfigEntry, NetrexRuntimeData
from .pacing import async_get_pacer
from .recordings import RecordingManager, cache_folder
from .recordings.file_view import DATA_LINKS, async_setup_file_links
from .services import async_setup_services
from .store import FIRST_SAVE_DELAY_SECONDS, NetrexStore

# How often the query ledger is saved, even without other changes.
STORE_INTERVAL = timedelta(minutes=10)

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions and views, which exist even if no account is loaded."""
    async_setup_services(hass)
    await async_setup_dashboard(hass)
    await async_setup_file_links(hass)
    for view in (RecordingView(), ThumbnailView()):
        hass.http.register_view(view)
    return True


async def async_migrate_entry(hass: HomeAssistant, entry: NetrexConfigEntry) -> bool:
    """Migrate an entry of an earlier version."""
    if entry.version == 1 and entry.minor_version < 2:  # noqa: PLR2004 - the first step
        async_select_sensors(hass, entry)
    return entry.version == 1


async def async_setup_entry(hass: HomeAssistant, entry: NetrexConfigEntry) -> bool:
    """Set up an account: two queries the first time, one after a restart."""
    store = await _async_open_store(hass, entry)
    client = await _async_client(hass, entry, store)
    entry.runtime_data = data = await _async_build(hass, entry, store, client)
    # Before the platforms' listeners, so that a new entity finds its device.
    _async_follow_devices(hass, entry)
    async_remove_stale_entities(hass, entry, data.gateway)
    # Players that wait for the port connect at once, so the runtime data come first;
    # the camera platform needs the relay's address, so the platforms come last.
    await _async_listen(entry)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    data.kpi.async_start_probe()
    if data.gateway is not None:
        data.gateway.async_start()
    data.history.async_start()
    data.weeks.async_start()
    return True


async def _async_open_store(
    hass: HomeAssistant, entry: NetrexConfigEntry
) -> NetrexStore:
    """Load the store and save it at regular intervals and on unload."""
    store = NetrexStore(hass, entry.entry_id)
    await store.async_load()
    # Also after a failed setup: its queries count, and no delayed write may follow.
    entry.async_on_unload(store.async_close)
    # Home Assistant stops without unloading.
    entry.async_on_unload(
        hass.bus.async_listen_once(
            EVENT_HOMEASSISTANT_FINAL_WRITE, store.async_final_write
        )
    )

    @callback
    def async_store(_: datetime) -> None:
        store.async_changed()

    entry.async_on_unload(async_track_time_interval(hass, async_store, STORE_INTERVAL))
    entry.async_on_unload(
        async_track_time_interval(
            hass, store.async_check, timedelta(seconds=FIRST_SAVE_DELAY_SECONDS)
        )
    )
    return store


async def _async_client(
    hass: HomeAssistant, entry: NetrexConfigEntry, store: NetrexStore
) -> NetrexClient:
    """Return the client; its ledger continues the one of the last run."""
    pacer = async_get_pacer(hass, entry.unique_id)
    # The pacer's ledger already has the queries of the config flow, and those sent
    # while the store was written; the store adds the stored ones.
    ledger = pacer.ledger
    await store.async_start(ledger)
    ledger.allowance = entry.options.get(CONF_DAILY_ALLOWANCE, DEFAULT_ALLOWANCE)
    return NetrexClient(
        async_get_clientsession(hass),
        entry.data[CONF_URL],
        await async_get_token_provider(hass, entry),
        pacer=pacer,
        renew_token=get_renewal(hass, entry),
    )


async def _async_coordinators(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    store: NetrexStore,
    client: NetrexClient,
) -> tuple[InventoryCoordinator, StatusCoordinator, KpiCoordinator, BudgetCoordinator]:
    """Create the coordinators with their first data, from one inventory query."""
    inventory = InventoryCoordinator(hass, entry, client, store)
    await inventory.async_config_entry_first_refresh()
    status = StatusCoordinator(hass, entry, client)
    status.async_seed(inventory.data.cameras.values())
    kpi = KpiCoordinator(hass, entry, inventory, KpiProbe(client, store), store)
    budget = BudgetCoordinator(hass, entry, client.pacer.ledger, kpi)
    await budget.async_config_entry_first_refresh()
    return inventory, status, kpi, budget


async def _async_build(
    hass: HomeAssistant,
    entry: NetrexConfigEntry,
    store: NetrexStore,
    client: NetrexClient,
) -> NetrexRuntimeData:
    """Build the managers around the coordinators."""
    inventory, status, kpi, budget = await _async_coordinators(
        hass, entry, store, client
    )
    gateway = CameraGateway.of(
        hass, entry, inventory=inventory, status=status, store=store
    )
    recordings = RecordingManager(hass, entry, client)
    history = HistoryImporter(
        hass, entry, client=client, store=store, inventory=inventory, kpi=kpi
    )
    await recordings.async_start()
    return NetrexRuntimeData(
        client=client,
        pacer=client.pacer,
        store=store,
        inventory=inventory,
        status=status,
        kpi=kpi,
        budget=budget,
        live=LiveView(
            hass,
            entry,
            client,
            inventory=inventory,
            status=status,
            store=store,
            snapshot=gateway.async_snapshot if gateway else None,
        ),
        history=history,
        weeks=PlaceWeeks(hass, entry, kpi, history, store),
        gateway=gateway,
        recordings=recordings,
        availability=Availability(client),
        playback=Playback(hass, entry, recordings),
    )


@callback
def _async_follow_devices(hass: HomeAssistant, entry: NetrexConfigEntry) -> None:
    """Create the devices, and update them when what they show changes."""
    inventory, kpi = entry.runtime_data.inventory, entry.runtime_data.kpi
    coordinators: list[DataUpdateCoordinator[Any]] = [inventory, kpi]
    if (gateway := entry.runtime_data.gateway) is not None:
        coordinators.append(gateway.capabilities)
    synced: list[object] = []

    @callback
    def async_sync_devices() -> None:
        data, nodes = inventory.data, set(kpi.nodes)
        capabilities = gateway.capabilities.data if gateway else {}
        # Walking all devices takes longer than updating all sensors.
        if synced != [data, nodes, capabilities]:
            synced[:] = data, nodes, capabilities
            async_update_devices(
                hass, entry, kpi_nodes=nodes, capabilities=capabilities
            )

    for coordinator in coordinators:
        entry.async_on_unload(coordinator.async_add_listener(async_sync_devices))
    async_sync_devices()


async def _async_listen(entry: NetrexConfigEntry) -> None:
    """Open the relay's port.

    Raises:
        ConfigEntryNotReady: Not even a loopback port can be opened.
    """
    live = entry.runtime_data.live
    # For a setup that fails later; an unload stops it earlier, in its own order.
    entry.async_on_unload(live.async_stop)
    try:
        await live.async_start()
    except OSError as err:
        # A system resource is exhausted, which is temporary and affects the rest of
        # the integration as well.
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN, translation_key="no_loopback"
        ) from err


async def async_unload_entry(hass: HomeAssistant, entry: NetrexConfigEntry) -> bool:
    """Stop everything; leaves no listener, port, task or partial file behind."""
    # No new entities while the platforms are unloaded.
    entry.runtime_data.kpi.async_stop_probe()
    # Next, so that the event entities can still report the reason.
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
    """Revoke the access at the portal and delete the account's files."""
    await async_revoke(hass, entry.data)
    await NetrexStore(hass, entry.entry_id).async_remove()
    others = hass.config_entries.async_entries(DOMAIN)
    if all(other.entry_id == entry.entry_id for other in others):
        await hass.data[DATA_LINKS].async_remove()
    folder = cache_folder(hass, entry.entry_id)
    await hass.async_add_executor_job(
        partial(shutil.rmtree, folder, ignore_errors=True)
    )


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: NetrexConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Allow removing devices of nodes and channels that the portal no longer lists."""
    return not is_listed(entry, device)
