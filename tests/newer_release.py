"""Makes the test package of one Home Assistant release work with a newer one.

A pytest plugin that `scripts/test --ha-version` loads before all others. It imports
`homeassistant` first, which replaces httpx with its own HTTP library, and it restores
names that the tests and their package use and that have moved since.
"""

from importlib import import_module

from homeassistant.components import logger
from homeassistant.components.logger import helpers
from homeassistant.helpers import condition
from homeassistant.helpers.restore_state import RestoreStateData, StoredState

# Moved in 2026.11.
if not hasattr(logger, "_clear_logger_overwrites"):
    vars(logger)["_clear_logger_overwrites"] = helpers._clear_logger_overwrites

if not hasattr(condition, "_CONDITIONS_DESCRIPTION_SCHEMA"):
    descriptions = import_module("homeassistant.helpers.condition.descriptions")
    vars(condition)["_CONDITIONS_DESCRIPTION_SCHEMA"] = (
        descriptions._CONDITIONS_DESCRIPTION_SCHEMA
    )


def _set_last_states(data: RestoreStateData, states: dict[str, StoredState]) -> None:
    """Load states as a file of an older release has them, without registry ids."""
    stored = [
        {
            "state": state.state.as_dict(),
            "extra_data": state.extra_data and state.extra_data.as_dict(),
            "last_seen": state.last_seen,
        }
        for state in states.values()
    ]
    load = data._async_load_stored_states  # type: ignore[attr-defined]  # since 2026.11
    load(stored)


def _last_states(data: RestoreStateData) -> dict[str, StoredState]:
    """Return the states by entity id, or by registry id where there is one."""
    return {
        **data.last_states_by_entity_id,  # type: ignore[attr-defined]  # since 2026.11
        **data.last_states_by_entity_registry_id,  # type: ignore[attr-defined]  # since 2026.11
    }


# Stored by registry id since 2026.11.
if hasattr(RestoreStateData, "_async_load_stored_states"):
    RestoreStateData.last_states = property(  # type: ignore[assignment]  # was a field
        _last_states, _set_last_states
    )
