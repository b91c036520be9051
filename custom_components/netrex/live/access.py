"""The relay's address for other devices on the local network, if enabled."""

import asyncio
import contextlib
from datetime import datetime
import secrets

from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.helpers.event import async_call_later

from ..const import CONF_RELAY_ACCESS, CONF_RELAY_HOST, CONF_RELAY_PORT
from ..errors import failed, invalid
from ..issues import Issue, async_create_issue, async_delete_issue
from ..models import NetrexConfigEntry
from ..relay.endpoint import Endpoint, ListenProblem, new_secret
from ..relay.server import Relay
from ..store import NetrexStore

# Below the ephemeral ports (from 32768 or 49152), which an outgoing connection could
# occupy while Home Assistant restarts.
_PORTS = range(20_000, 30_000)
_MAX_ATTEMPTS = 10
# After a boot, the network address may be assigned later than Home Assistant starts.
RETRY_INTERVAL_SECONDS = 60.0


class RelayAccess:
    """Keeps the relay listening at the address in the options.

    Port and secret are stored, so that the cameras' addresses survive restarts.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        relay: Relay,
        store: NetrexStore,
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._relay = relay
        self._store = store
        self._is_enabled: bool = entry.options.get(CONF_RELAY_ACCESS, False)
        self._endpoint: Endpoint | None = None
        self._cancel_retry: CALLBACK_TYPE | None = None
        self._lock = asyncio.Lock()

    async def async_start(self, _now: datetime | None = None) -> None:
        """Listen if enabled; a failure creates an issue and is retried."""
        async with self._lock:
            # A retry may have waited for a renewal, which also starts listening.
            if self._is_enabled and self._endpoint is None:
                with contextlib.suppress(OSError):
                    await self._async_open()

    async def async_stop(self) -> None:
        """Stop retrying; closing the ports is up to the relay."""
        async with self._lock:
            self._is_enabled = False
            self._endpoint = None
            self._stop_retry()
        async_delete_issue(self._hass, self._entry, Issue.RELAY_ACCESS)

    async def async_renew_secret(self) -> None:
        """Invalidate all addresses and disconnect their viewers.

        Raises OSError if the new addresses do not work yet, for example because the
        port has been taken by another program. It is retried.
        """
        async with self._lock:
            if (stored := self._store.data.get("relay")) is None:
                return
            stored["secret"] = new_secret()
            await self._store.async_flush()
            if self._endpoint is not None:
                await self._relay.close(self._endpoint)
                self._endpoint = None
            if self._is_enabled:
                await self._async_open()

    def url(self, stream_key: str) -> str:
        """Return the address of a stream. Raises a translated error."""
        if not self._is_enabled:
            raise invalid("relay_access_off")
        if self._endpoint is None:
            raise failed("relay_access_fails")
        return self._endpoint.url(stream_key)

    async def _async_open(self) -> None:
        """Listen; on failure create an issue, schedule a retry and raise OSError."""
        self._stop_retry()
        try:
            await self._async_listen()
        except OSError as err:
            async_create_issue(
                self._hass,
                self._entry,
                Issue.RELAY_ACCESS,
                ListenProblem.of(err),
                address=self._entry.options[CONF_RELAY_HOST],
            )
            self._cancel_retry = async_call_later(
                self._hass, RETRY_INTERVAL_SECONDS, self.async_start
            )
            raise
        async_delete_issue(self._hass, self._entry, Issue.RELAY_ACCESS)

    def _stop_retry(self) -> None:
        if self._cancel_retry is not None:
            self._cancel_retry()
            self._cancel_retry = None

    async def _async_listen(self) -> None:
        options = self._entry.options
        stored = self._store.data.get("relay") or {"secret": new_secret(), "port": 0}
        port = options.get(CONF_RELAY_PORT) or stored["port"]
        random = secrets.SystemRandom()
        ports = [port] if port else random.sample(_PORTS, k=_MAX_ATTEMPTS)
        for number, port in enumerate(ports, 1):
            endpoint = Endpoint(options[CONF_RELAY_HOST], port, stored["secret"])
            try:
                self._endpoint = await self._relay.listen(endpoint)
            except OSError:
                if number == len(ports):
                    raise
                continue
            self._store.data["relay"] = {**stored, "port": port}
            await self._store.async_flush()
            return
