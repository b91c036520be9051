"""State that all parts of the simulated cloud share."""

from dataclasses import dataclass, field

from .clock import Clock
from .faults import Faults
from .records import CallRecord, LinkRecord, QueryRecord, Secrets
from .switches import Switches
from .world.model import World


@dataclass
class State:
    """One cloud's clock, account, switches, faults, and records."""

    world: World = field(default_factory=World)
    clock: Clock = field(default_factory=Clock)
    switches: Switches = field(default_factory=Switches)
    faults: Faults = field(default_factory=Faults)
    secrets: Secrets = field(default_factory=Secrets)
    queries: list[QueryRecord] = field(default_factory=list)
    links: list[LinkRecord] = field(default_factory=list)
    calls: list[CallRecord] = field(default_factory=list)
