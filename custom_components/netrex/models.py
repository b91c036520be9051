"""The runtime data of an account. Imports nothing of the integration at run time."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from homeassistant.config_entries import ConfigEntry

if TYPE_CHECKING:
    from .budget import BudgetCoordinator
    from .client import NetrexClient, Pacer
    from .coordinator import InventoryCoordinator, StatusCoordinator
    from .gateway import CameraGateway
    from .history import HistoryImporter
    from .kpi.coordinator import KpiCoordinator
    from .kpi.weeks import PlaceWeeks
    from .live import LiveView
    from .media.availability import Availability
    from .media.playback import Playback
    from .recordings import RecordingManager
    from .store import NetrexStore


@dataclass(frozen=True, slots=True)
class NetrexRuntimeData:
    """The managers of one account, built in `async_setup_entry`."""

    client: NetrexClient
    pacer: Pacer
    store: NetrexStore
    inventory: InventoryCoordinator
    status: StatusCoordinator
    kpi: KpiCoordinator
    budget: BudgetCoordinator
    live: LiveView
    history: HistoryImporter
    weeks: PlaceWeeks
    # None without a camera access token.
    gateway: CameraGateway | None
    recordings: RecordingManager
    availability: Availability
    playback: Playback


type NetrexConfigEntry = ConfigEntry[NetrexRuntimeData]
