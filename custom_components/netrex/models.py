"""What a set-up account holds at run time."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from homeassistant.config_entries import ConfigEntry

if TYPE_CHECKING:
    from .client import NetrexClient, Pacer
    from .coordinators import (
        BudgetCoordinator,
        InventoryCoordinator,
        KpiCoordinator,
        StatusCoordinator,
    )
    from .gateway import CameraGateway
    from .history import HistoryImporter
    from .live import LiveView
    from .recordings import Availability, Playback, RecordingManager
    from .store import NetrexStore


@dataclass(frozen=True, slots=True)
class NetrexRuntimeData:
    """The managers of one account; built once in `async_setup_entry`."""

    client: NetrexClient
    pacer: Pacer
    store: NetrexStore
    inventory: InventoryCoordinator
    status: StatusCoordinator
    kpi: KpiCoordinator
    budget: BudgetCoordinator
    live: LiveView
    history: HistoryImporter
    # None without a device access token.
    gateway: CameraGateway | None
    recordings: RecordingManager
    availability: Availability
    playback: Playback


type NetrexConfigEntry = ConfigEntry[NetrexRuntimeData]
