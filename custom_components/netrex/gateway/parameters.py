"""Reads and writes a camera's parameters; every write is verified by a read."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, override

from homeassistant.core import callback

from ..client import NetrexCameraError, ParameterError
from ..client.camera.parameters import (
    WRITABLE_GROUPS,
    check_changes,
    read_parameters,
    write_parameters,
)
from ..errors import command_errors, failed, invalid, update_errors
from .capabilities import CapabilityCoordinator
from .coordinator import GatewayContext, GatewayCoordinator

# Settings may be changed elsewhere, but rarely are.
INTERVAL = timedelta(hours=1)
# After a failure, so that a camera that recovers does not stay unavailable for long.
RETRY_INTERVAL = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ParameterChange:
    """Parameters before and after a change; after a dry run, as they would be."""

    before: Mapping[str, str]
    after: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Return the response of an action."""
        return {"before": dict(self.before), "after": dict(self.after)}


class ParameterCoordinator(GatewayCoordinator[dict[str, str]]):
    """The image settings of one camera; read only while an entity shows them."""

    def __init__(
        self,
        context: GatewayContext,
        capabilities: CapabilityCoordinator,
        node_id: int,
    ) -> None:
        super().__init__(
            context, f"parameters of camera {node_id}", INTERVAL, always_update=False
        )
        self._capabilities = capabilities
        self._node_id = node_id
        # The serial number of the camera that was read; it may be replaced.
        self._read_camera = ""

    @callback
    def async_read_new_camera(self) -> None:
        """Read the camera in the background if it was not read before."""
        serial_number = self._serial_number
        if serial_number and serial_number != self._read_camera:
            self._read_camera = serial_number
            self.async_refresh_in_background()

    async def async_change(
        self, changes: Mapping[str, Any], *, dry_run: bool = False
    ) -> ParameterChange:
        """Write parameters, and read them back to verify the change.

        Nothing is written if a change is not allowed, or if the camera lacks one of
        the parameters.

        Raises:
            HomeAssistantError: Translated, for the user.
        """
        with parameter_errors(), command_errors(self.config_entry):
            wanted = check_changes(changes)
            before = await self._async_read(wanted)
            if dry_run:
                return ParameterChange(before, before | wanted)
            try:
                await write_parameters(self.client, self._serial_number, wanted)
            except NetrexCameraError:
                # The camera keeps the values that it wrote before it refused one.
                await self._async_read_back(wanted)
                raise
            after = await self._async_read_back(wanted)
        # Cameras and their answers do not keep spaces at the ends.
        missed = [name for name in wanted if after.get(name) != wanted[name].strip()]
        if missed:
            raise failed("parameter_not_taken", parameters=", ".join(missed))
        return ParameterChange(before, after)

    async def async_read_group(self, group: str) -> dict[str, str]:
        """Return the parameters of a group. Raises HomeAssistantError."""
        with parameter_errors(), command_errors(self.config_entry):
            return await read_parameters(self.client, self._serial_number, [group])

    async def _async_read_back(self, names: Iterable[str]) -> dict[str, str]:
        """Read parameters, and update the entities that show them."""
        values = await self._async_read(names)
        if self.data is not None:
            shown = {name: values[name] for name in values.keys() & self.data.keys()}
            self.async_set_updated_data(self.data | shown)
        return values

    async def _async_read(self, names: Iterable[str]) -> dict[str, str]:
        names = sorted(names)
        values = await read_parameters(self.client, self._serial_number, names)
        return {name: values[name] for name in names if name in values}

    @override
    async def _async_update_data(self) -> dict[str, str]:
        """Read all image settings with one call."""
        found = self._capabilities.of(self._node_id)
        self.update_interval = RETRY_INTERVAL
        with update_errors():
            values = await self._async_read(found.image_settings if found else ())
        self.update_interval = INTERVAL
        return values

    @property
    def _serial_number(self) -> str:
        return self.inventory.data.serial_number(self._node_id)


@contextmanager
def parameter_errors() -> Iterator[None]:
    """Turn a ParameterError into a translated error for the caller of an action."""
    try:
        yield
    except ParameterError as err:
        groups = ", ".join(group.replace("#", "0") for group in WRITABLE_GROUPS)
        raise invalid(
            err.problem.value, parameter=err.name, groups=groups, found=err.found
        ) from None
