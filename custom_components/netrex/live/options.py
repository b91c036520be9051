"""The live view page of the options."""

from collections.abc import Mapping
from typing import Any

from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
import voluptuous as vol

from ..client import LiveTransport
from ..const import (
    CONF_LIVE_TRANSPORT,
    CONF_RELAY_ACCESS,
    CONF_RELAY_HOST,
    CONF_RELAY_PORT,
    TRANSPORT_AUTO,
)
from ..flow_schemas import integer_field
from ..relay.endpoint import ListenProblem, bind, parse_host

LIVE_VIEW_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_LIVE_TRANSPORT, default=TRANSPORT_AUTO): SelectSelector(
            SelectSelectorConfig(
                options=[
                    TRANSPORT_AUTO,
                    *(transport.value for transport in LiveTransport),
                ],
                mode=SelectSelectorMode.DROPDOWN,
                translation_key=CONF_LIVE_TRANSPORT,
            )
        ),
        vol.Required(CONF_RELAY_ACCESS, default=False): BooleanSelector(),
        vol.Optional(CONF_RELAY_HOST): TextSelector(),
        # 0: a random port, which is then kept.
        vol.Required(CONF_RELAY_PORT, default=0): integer_field(0, 65535),
    }
)

# The field that shows a failure to listen.
_PROBLEM_FIELDS = {
    ListenProblem.PORT_IN_USE: CONF_RELAY_PORT,
    ListenProblem.PORT_FORBIDDEN: CONF_RELAY_PORT,
    ListenProblem.ADDRESS_MISSING: CONF_RELAY_HOST,
    ListenProblem.OTHER: "base",
}


def take_live_view(
    user_input: dict[str, Any], options: Mapping[str, Any]
) -> dict[str, str]:
    """Normalize the relay's address in place; return errors by field.

    Binds the address once to report problems with listening at save time.
    """
    host, port = user_input.get(CONF_RELAY_HOST), user_input[CONF_RELAY_PORT]
    if host:
        try:
            host = user_input[CONF_RELAY_HOST] = parse_host(host)
        except ValueError:
            return {CONF_RELAY_HOST: "invalid_address"}
    if not user_input[CONF_RELAY_ACCESS]:
        return {}
    if not host:
        return {CONF_RELAY_HOST: "address_required"}
    if options.get(CONF_RELAY_ACCESS) and port == options.get(CONF_RELAY_PORT):
        # The relay itself may be using the port.
        port = 0
    try:
        bind(host, port).close()
    except OSError as err:
        problem = ListenProblem.of(err)
        return {_PROBLEM_FIELDS[problem]: problem.value}
    return {}
