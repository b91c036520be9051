"""A camera's parameters: read sparsely, written with proof."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..client import GatewayClient, NetrexCameraError, ParameterError
from ..client.camera.parameters import (
    WRITABLE_GROUPS,
    check_changes,
    read_parameters,
    write_parameters,
)
from ..const import DOMAIN, LOGGER
from ..errors import command_errors, update_errors
from ..models import NetrexConfigEntry

# Somebody may turn a camera's settings elsewhere, but hardly ever does.
INTERVAL = timedelta(hours=1)
# After a failure: a camera that is back should not stay unavailable for an hour.
RETRY_INTERVAL = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ParameterChange:
    """Parameters before a change and after it; of a trial, as they would be."""

    before: Mapping[str, str]
    after: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, the answer of an action."""
        return {"before": dict(self.before), "after": dict(self.after)}


class ParameterCoordinator(DataUpdateCoordinator[dict[str, str]]):
    """The parameters of one camera that entities show; none is read for nobody."""

    config_entry: NetrexConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        client: GatewayClient,
        *,
        camera_id: int,
        serial_number: Callable[[], str],
        shown: Callable[[], Iterable[str]],
    ) -> None:
        """Start without values; `shown` names the parameters that entities show.

        `serial_number` tells which camera is meant now: it may have been replaced.
        """
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=f"parameters of camera {camera_id}",
            update_interval=INTERVAL,
            always_update=False,
        )
        self._client = client
        self._serial_number = serial_number
        self._shown = shown
        # Whose parameters are read.
        self._camera = ""

    @callback
    def async_look(self) -> None:
        """Read in the background, once for all entities, a camera that is new here."""
        camera = self._serial_number()
        if camera and camera != self._camera:
            self._camera = camera
            self.config_entry.async_create_background_task(
                self.hass, self.async_refresh(), f"netrex {self.name}"
            )

    async def async_change(
        self, changes: Mapping[str, Any], *, dry_run: bool = False
    ) -> ParameterChange:
        """Write parameters, and read them to see what became of it.

        Raises HomeAssistantError in a person's words. Nothing is sent of changes that
        are not allowed; nothing is written of parameters that the camera lacks.
        """
        with parameter_errors(), command_errors(self.hass, self.config_entry):
            wanted = check_changes(changes)
            before = await self._async_read(wanted)
            if dry_run:
                return ParameterChange(before, before | wanted)
            try:
                await write_parameters(self._client, self._serial_number(), wanted)
            except NetrexCameraError:
                # What the camera wrote before it refused stays.
                await self._async_show(wanted)
                raise
            after = await self._async_show(wanted)
        if missed := [name for name in wanted if after.get(name) != wanted[name]]:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="parameter_not_taken",
                translation_placeholders={"parameters": ", ".join(missed)},
            )
        return ParameterChange(before, after)

    async def async_read_group(self, group: str) -> dict[str, str]:
        """Return the parameters of a group. Raises HomeAssistantError."""
        with parameter_errors(), command_errors(self.hass, self.config_entry):
            return await read_parameters(self._client, self._serial_number(), [group])

    async def _async_show(self, names: Iterable[str]) -> dict[str, str]:
        """Read parameters, and show them where entities do so."""
        values = await self._async_read(names)
        if self.data is not None:
            shown = {name: values[name] for name in values.keys() & self.data.keys()}
            self.async_set_updated_data(self.data | shown)
        return values

    async def _async_read(self, names: Iterable[str]) -> dict[str, str]:
        """Read parameters, each by its name."""
        names = sorted(names)
        values = await read_parameters(self._client, self._serial_number(), names)
        return {name: values[name] for name in names if name in values}

    @override
    async def _async_update_data(self) -> dict[str, str]:
        """Read what is shown, by one call."""
        self.update_interval = RETRY_INTERVAL
        with update_errors():
            values = await self._async_read(self._shown())
        self.update_interval = INTERVAL
        return values


@contextmanager
def parameter_errors() -> Iterator[None]:
    """Raise for an action what its caller can read."""
    try:
        yield
    except ParameterError as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key=err.problem.value,
            translation_placeholders={
                "parameter": err.name,
                "groups": ", ".join(
                    group.replace("#", "0") for group in WRITABLE_GROUPS
                ),
            },
        ) from None
