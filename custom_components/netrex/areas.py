"""Areas of devices: the place of each camera and KPI in Home Assistant.

A new device gets its area from Home Assistant, which ignores suggestions for existing
devices. Devices from before, of moved cameras, and of renamed places are therefore
offered in a repair. What the user has chosen counts: the stored data contain the area
that each device got, and a device in another area, or in an area that the user renamed,
is left alone.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import islice

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)

from .devices import async_channel_devices, async_node_devices
from .issues import Issue, async_create_issue, async_delete_issue
from .models import NetrexConfigEntry
from .naming import name_key
from .store import AreaData

# Places in the text of the repair.
_MAX_LISTED = 20


class AreaPlan:
    """The areas of an account's devices, as they are and as they should be.

    Valid until the next change of the tree or of a registry.
    """

    def __init__(self, hass: HomeAssistant, entry: NetrexConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._areas = ar.async_get(hass)
        self._names = entry.runtime_data.inventory.data.names
        self._store = entry.runtime_data.store
        self._given: dict[str, AreaData] = self._store.data.setdefault("areas", {})
        self._devices = async_node_devices(hass, entry)
        self._homes = self._find_homes()

    def suggestion(self, node_id: int) -> str | None:
        """Return the area of a node's device: where its place is, or the tree's."""
        area_node = self._names.area_node(node_id)
        if area_node is None:
            return None
        home = self._areas.async_get_area(self._homes.get(area_node, ""))
        return home.name if home else self._names.area(node_id)

    @callback
    def async_remember(self, node_id: int, device: dr.DeviceEntry) -> None:
        """Remember the area that a new device has got."""
        area_node = self._names.area_node(node_id)
        if area_node is None:
            return
        area = self._areas.async_get_area(device.area_id or "")
        # The name of an area that the user chose for the place says nothing about it.
        name = area.name if area and self._is_named(area.name, area_node) else ""
        self._given[str(node_id)] = {"area": area.id if area else "", "name": name}
        self._store.async_changed()
        if area is not None:
            self._homes.setdefault(area_node, area.id)

    def offers(self) -> Mapping[int, str]:
        """Return the areas to offer for devices, by node id."""
        offers: dict[int, str] = {}
        for node_id, device in self._devices.items():
            if device.area_id is None:
                is_due = str(node_id) not in self._given
            else:
                is_due = self._is_outdated(node_id, device.area_id)
            if is_due and (area := self.suggestion(node_id)) is not None:
                offers[node_id] = area
        return offers

    @callback
    def async_assign(self) -> None:
        """Assign the offered areas; the area of a renamed place gets the new name."""
        offers = self.offers()
        self._async_rename_areas(offers)
        registry = dr.async_get(self._hass)
        for node_id, name in offers.items():
            area = self._areas.async_get_or_create(name)
            self.async_move(self._devices[node_id], area.id)
            device = registry.async_get(self._devices[node_id].id)
            if isinstance(device, dr.DeviceEntry):
                self.async_remember(node_id, device)
        async_delete_issue(self._hass, self._entry, Issue.AREAS)

    @callback
    def async_move(self, device: dr.DeviceEntry, area_id: str | None) -> None:
        """Move a device, with its channels unless they are in other areas."""
        registry = dr.async_get(self._hass)
        for channel in self._channels_of(device):
            registry.async_update_device(channel.id, area_id=area_id)
        registry.async_update_device(device.id, area_id=area_id)

    def _channels_of(self, device: dr.DeviceEntry) -> list[dr.DeviceEntry]:
        """Return the devices of a camera's video channels in the camera's area."""
        return [
            channel
            for channel in async_channel_devices(self._hass, self._entry)
            if (channel.via_device_id, channel.area_id) == (device.id, device.area_id)
        ]

    @callback
    def async_update_issue(self) -> None:
        """Create, update or delete the repair."""
        if self.offers():
            async_create_issue(
                self._hass, self._entry, Issue.AREAS, "areas", **self.placeholders()
            )
        else:
            async_delete_issue(self._hass, self._entry, Issue.AREAS)

    def placeholders(self) -> dict[str, str]:
        """Return what the texts of the repair contain."""
        offers = self.offers()
        devices = defaultdict(list)
        for node_id, area in offers.items():
            devices[area].append(self._devices[node_id].name or str(node_id))
        lines = [
            f"- **{area}**: {', '.join(sorted(devices[area]))}"
            for area in islice(sorted(devices), _MAX_LISTED)
        ]
        if len(devices) > _MAX_LISTED:
            lines.append("- …")
        return {
            "name": self._entry.title,
            "count": str(len(offers)),
            "places": "\n".join(lines),
        }

    def _find_homes(self) -> dict[int, str]:
        """Return the present area of each place: of its device, or of most of them."""
        areas: dict[int, list[str | None]] = defaultdict(list)
        homes: dict[int, str] = {}
        for node_id, device in self._devices.items():
            area_node, area_id = self._names.area_node(node_id), device.area_id
            if area_node is None:
                continue
            if area_id is not None and self._is_outdated(node_id, area_id):
                area_id = None
            areas[area_node].append(area_id)
            if node_id == area_node and area_id is not None:
                homes[area_node] = area_id
        for area_node, used in areas.items():
            [(most, count)] = Counter(used).most_common(1)
            if most is not None and 2 * count > len(used):
                homes.setdefault(area_node, most)
        return homes

    def _is_outdated(self, node_id: int, area_id: str) -> bool:
        """Return whether a device is where it was put, but no longer belongs."""
        given = self._given.get(str(node_id))
        if given is None or given["area"] != area_id:
            return False
        area = self._areas.async_get_area(area_id)
        area_node = self._names.area_node(node_id)
        return (
            area is not None
            and area_node is not None
            and area.name == given["name"]
            and not self._is_named(area.name, area_node)
        )

    def _is_named(self, name: str, area_node: int) -> bool:
        """Return whether an area has a name that the tree gives it."""
        names = self._names.area_candidates(area_node)
        return name_key(name) in map(name_key, names)

    @callback
    def _async_rename_areas(self, offers: Mapping[int, str]) -> None:
        """Rename the areas whose devices all belong to one place with a new name."""
        new_names: dict[str, set[str]] = defaultdict(set)
        moved: set[str] = set()
        for node_id, name in offers.items():
            device = self._devices[node_id]
            if device.area_id is not None:
                new_names[device.area_id].add(name)
                moved.update(one.id for one in (device, *self._channels_of(device)))
        for area_id, names in new_names.items():
            devices = dr.async_entries_for_area(dr.async_get(self._hass), area_id)
            entities = er.async_entries_for_area(er.async_get(self._hass), area_id)
            if (
                len(names) == 1
                and not entities
                and moved.issuperset(device.id for device in devices)
                and self._areas.async_get_area_by_name(*names) is None
            ):
                self._areas.async_update(area_id, name=next(iter(names)))


@callback
def place_name(hass: HomeAssistant, entry: NetrexConfigEntry, node_id: int) -> str:
    """Return where a node is: its area, or the account where it has none.

    The area of its device counts more than that of the tree.
    """
    device = async_node_devices(hass, entry).get(node_id)
    area = device and ar.async_get(hass).async_get_area(device.area_id or "")
    if area:
        return area.name
    return entry.runtime_data.inventory.data.names.area(node_id) or entry.title


@callback
def area_device_name(
    hass: HomeAssistant, entry: NetrexConfigEntry, identifier: tuple[str, str]
) -> str | None:
    """Return the name of a device if it has the name of its area; otherwise None."""
    device = dr.async_get(hass).async_get_device_by_identifier(
        identifier, entry.entry_id
    )
    area = device and ar.async_get(hass).async_get_area(device.area_id or "")
    name = device and (device.name_by_user or device.name)
    return name if area and name and name_key(area.name) == name_key(name) else None
