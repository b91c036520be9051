"""The tables of docs/permissions.md, and users of their columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from homeassistant.auth.const import (
    GROUP_ID_ADMIN,
    GROUP_ID_READ_ONLY,
    GROUP_ID_USER,
)
from homeassistant.auth.models import User
from homeassistant.auth.permissions.models import PermissionLookup
from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.netrex.const import DOMAIN
from custom_components.netrex.devices import node_identifier

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
ADMINISTRATOR = "Administrator"
STRANGER = "User without the entity"
AUTOMATION = "Automation"
MEDIA = "Media, pictures, and the dashboard"
GROUPS = {
    ADMINISTRATOR: GROUP_ID_ADMIN,
    "User": GROUP_ID_USER,
    "Read-only user": GROUP_ID_READ_ONLY,
}


def read_table(heading: str) -> dict[str, dict[str, str]]:
    """Return a table of the page: cells by row and column."""
    section = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2]
    rows = [
        [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        for line in section.partition("\n## ")[0].splitlines()
        if line.startswith("|")
    ]
    _, *columns = rows[0]
    return {name: dict(zip(columns, cells, strict=True)) for name, *cells in rows[2:]}


@dataclass(frozen=True)
class Account:
    """The loaded account, and the camera that the stranger may not use."""

    hass: HomeAssistant
    entry: MockConfigEntry
    node_id: int
    other_id: int

    def device_id(self, node_id: int) -> str:
        """Return the device of a camera."""
        device = dr.async_get(self.hass).async_get_device_by_identifier(
            node_identifier(self.entry, node_id), self.entry.entry_id
        )
        assert device is not None
        return device.id

    @property
    def camera(self) -> str:
        """Return the entity of the camera."""
        return self.entity_of(self.node_id)

    def entity_of(self, node_id: int) -> str:
        """Return the camera entity of a node."""
        unique_id = f"{self.entry.unique_id}_{node_id}_camera"
        entity_id = er.async_get(self.hass).async_get_entity_id(
            CAMERA_DOMAIN, DOMAIN, unique_id
        )
        assert entity_id is not None
        return entity_id

    async def user(self, who: str) -> User | None:
        """Return a user of a column; None for an automation."""
        if who == AUTOMATION:
            return None
        groups = [GROUPS.get(who, GROUP_ID_USER)]
        user: User = await self.hass.auth.async_create_user(who, group_ids=groups)
        if who == STRANGER:
            self.limit(user, device_ids={self.device_id(self.other_id): True})
        return user

    def limit(
        self, user: User, **policy: Mapping[str, bool | Mapping[str, bool]]
    ) -> None:
        """Restrict a user to some entities."""
        [group] = user.groups
        # The group is the auth manager's own; another one does not change others.
        user.groups = [type(group)(name="Limited", policy={"entities": policy})]
        # The test helpers load the users without the registries.
        user.perm_lookup = PermissionLookup(
            er.async_get(self.hass), dr.async_get(self.hass)
        )
        user.invalidate_cache()


def column(heading: str, who: str) -> dict[str, str]:
    """Return a column of a table, without the cells that do not apply."""
    return {
        row: found[who]
        for row, found in read_table(heading).items()
        if found[who] != "-"
    }
