"""Options of an account."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.exceptions import ServiceValidationError
import voluptuous as vol

from .const import CONF_DEVICE_TOKEN, CONF_KPI_NODES
from .flow_schemas import BUDGET_SCHEMA
from .gateway.options import ACCESS_PLACEHOLDERS, access_schema, async_validate_access
from .kpi.options import kpi_schema, take_nodes
from .live.options import LIVE_VIEW_SCHEMA, take_live_view
from .recordings.options import RECORDINGS_SCHEMA

# Never sent back to the frontend.
SECRET_OPTIONS = frozenset({CONF_DEVICE_TOKEN})


class NetrexOptionsFlow(OptionsFlowWithReload):
    """A menu with a page per topic; saving a changed page reloads the account.

    Each page is a step with a schema. All options are stored flat in the entry, and a
    page changes only its own.
    """

    async def async_step_init(
        self,
        user_input: dict[str, Any] | None = None,  # noqa: ARG002 - a menu has none
    ) -> ConfigFlowResult:
        """Show the pages."""
        return self.async_show_menu(
            step_id="init",
            menu_options=["budget", "kpi", "live_view", "recordings", "camera_access"],
        )

    async def async_step_budget(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Set the query budget."""
        return self._page("budget", BUDGET_SCHEMA, user_input)

    async def async_step_kpi(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Select KPIs and their history."""
        errors: dict[str, str] = {}
        placeholders: Mapping[str, str] | None = None
        if user_input is not None:
            try:
                take_nodes(self.hass, self.config_entry, user_input)
            except ServiceValidationError as err:
                errors[CONF_KPI_NODES] = err.translation_key or "unknown_node"
                placeholders = err.translation_placeholders
        return self._page(
            "kpi", kpi_schema(self.config_entry), user_input, errors, placeholders
        )

    async def async_step_live_view(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Set the transport, and live view for other devices."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = take_live_view(user_input, self.config_entry.options)
        return self._page("live_view", LIVE_VIEW_SCHEMA, user_input, errors)

    async def async_step_recordings(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Set the disk space for playback."""
        return self._page("recordings", RECORDINGS_SCHEMA, user_input)

    async def async_step_camera_access(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Set up camera access."""
        entry = self.config_entry
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = await async_validate_access(self.hass, entry, user_input)
        return self._page(
            "camera_access",
            access_schema(entry),
            user_input,
            errors,
            ACCESS_PLACEHOLDERS,
        )

    def _page(
        self,
        step_id: str,
        schema: vol.Schema,
        user_input: dict[str, Any] | None,
        errors: dict[str, str] | None = None,
        placeholders: Mapping[str, str] | None = None,
    ) -> ConfigFlowResult:
        """Show a page, or save it if it was submitted without errors."""
        options = self.config_entry.options
        if user_input is None or errors:
            shown = options if user_input is None else user_input
            return self.async_show_form(
                step_id=step_id,
                data_schema=self.add_suggested_values_to_schema(
                    schema,
                    {key: shown[key] for key in shown if key not in SECRET_OPTIONS},
                ),
                errors=errors or {},
                description_placeholders=placeholders,
            )
        # An emptied field is missing in the input.
        others = {key: options[key] for key in options if key not in schema.schema}
        return self.async_create_entry(data=others | user_input)
