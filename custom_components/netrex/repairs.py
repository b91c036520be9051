"""Fix flows of the repair issues."""

from typing import Any

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import voluptuous as vol

from .areas import AreaPlan
from .client import DEFAULT_CAMERA_URL
from .const import CONF_DEVICE_TOKEN, CONF_DEVICE_URL, DOMAIN
from .flow_schemas import TOKEN_SELECTOR
from .gateway.access import async_validate_token
from .issues import Issue
from .models import NetrexConfigEntry

# Empty: test the present token again.
TOKEN_SCHEMA = vol.Schema({vol.Optional(CONF_DEVICE_TOKEN): TOKEN_SELECTOR})


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> RepairsFlow:
    """Return the fix flow of a fixable issue."""
    assert data is not None  # noqa: S101 - issues.py sets it for each issue
    entry = hass.config_entries.async_get_known_entry(data["entry_id"])
    if data["issue"] == Issue.AREAS:
        return AreasFlow(entry)
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    placeholders = (issue and issue.translation_placeholders) or {}
    return CameraAccessFlow(entry, placeholders.get("cameras", "-"))


class CameraAccessFlow(RepairsFlow):
    """Request a token until one is accepted."""

    def __init__(self, entry: NetrexConfigEntry, cameras: str) -> None:
        self._entry = entry
        self._cameras = cameras

    async def async_step_init(
        self,
        user_input: dict[str, Any] | None = None,  # noqa: ARG002 - the issue's id
    ) -> RepairsFlowResult:
        """Start with the form."""
        return await self.async_step_token()

    async def async_step_token(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Request a token, test it, and reload the account with it."""
        errors: dict[str, str] = {}
        if user_input is not None:
            options = self._entry.options
            token = (
                user_input.get(CONF_DEVICE_TOKEN, "").strip()
                or options[CONF_DEVICE_TOKEN]
            )
            url = options.get(CONF_DEVICE_URL, DEFAULT_CAMERA_URL)
            problem = await async_validate_token(self.hass, self._entry, url, token)
            if problem is None:
                self.hass.config_entries.async_update_entry(
                    self._entry, options={**options, CONF_DEVICE_TOKEN: token}
                )
                self.hass.config_entries.async_schedule_reload(self._entry.entry_id)
                return self.async_create_entry(data={})
            errors["base"] = problem
        return self.async_show_form(
            step_id="token",
            data_schema=TOKEN_SCHEMA,
            description_placeholders={
                "name": self._entry.title,
                "cameras": self._cameras,
            },
            errors=errors,
        )


class AreasFlow(RepairsFlow):
    """Show the areas that are offered, and assign them."""

    def __init__(self, entry: NetrexConfigEntry) -> None:
        self._entry = entry

    async def async_step_init(
        self,
        user_input: dict[str, Any] | None = None,  # noqa: ARG002 - the issue's id
    ) -> RepairsFlowResult:
        """Start with the form."""
        return await self.async_step_areas()

    async def async_step_areas(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Assign the areas after the confirmation."""
        if self._entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="not_loaded")
        plan = AreaPlan(self.hass, self._entry)
        if user_input is not None:
            plan.async_assign()
            return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="areas",
            data_schema=vol.Schema({}),
            description_placeholders=plan.placeholders(),
        )
