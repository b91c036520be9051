"""The relay's address for other machines of the local network, if a person wants it."""

import asyncio
import contextlib
from datetime import datetime
import secrets

from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.event import async_call_later

from ..const import CONF_RELAY_ACCESS, CONF_RELAY_HOST, CONF_RELAY_PORT, DOMAIN
from ..issues import Issue, async_create_issue, async_delete_issue
from ..models import NetrexConfigEntry
from ..relay.endpoint import Endpoint, ListenProblem, new_secret
from ..relay.server import Relay
from ..store import NetrexStore

# Below what systems lend to outgoing connections (from 32768 or 49152 on): one of
# those could have taken our port while Home Assistant restarted.
_PORTS = range(20_000, 30_000)
_PORTS_TO_TRY = 10
# Seconds. After a start of the machine its address may come later than we.
RETRY_INTERVAL = 60.0


class RelayAccess:
    """Keeps the relay listening at the address that the options name.

    Port and secret are stored, so the addresses of cameras survive restarts.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: NetrexConfigEntry,
        relay: Relay,
        store: NetrexStore,
    ) -> None:
        """Prepare; `async_start` listens."""
        self._hass = hass
        self._entry = entry
        self._relay = relay
        self._store = store
        self._wanted: bool = entry.options.get(CONF_RELAY_ACCESS, False)
        self._endpoint: Endpoint | None = None
        self._cancel_retry: CALLBACK_TYPE | None = None
        self._lock = asyncio.Lock()

    async def async_start(self, _now: datetime | None = None) -> None:
        """Listen, if the options say so; where it fails, tell and try again."""
        async with self._lock:
            # A retry that was due may have waited for a renewal, which listens, too.
            if self._wanted and self._endpoint is None:
                with contextlib.suppress(OSError):
                    await self._async_open()

    async def async_stop(self) -> None:
        """Do not try again; the relay itself closes its ports."""
        async with self._lock:
            self._wanted = False
            self._endpoint = None
            self._stop_retry()
        async_delete_issue(self._hass, self._entry, Issue.RELAY_ACCESS)

    async def async_renew_secret(self) -> None:
        """Make all addresses given out so far useless, and end who watches by them.

        Raises OSError if nobody can watch by the new ones yet, such as when the port
        was taken by somebody meanwhile; it is tried again.
        """
        async with self._lock:
            if (stored := self._store.data.get("relay")) is None:
                return
            stored["secret"] = new_secret()
            await self._store.async_flush()
            if self._endpoint is not None:
                await self._relay.close(self._endpoint)
                self._endpoint = None
            if self._wanted:
                await self._async_open()

    def url(self, stream_key: str) -> str:
        """Return the address of a stream.

        Raises a translated error if there is none.
        """
        if not self._wanted:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="relay_access_off"
            )
        if self._endpoint is None:
            raise HomeAssistantError(
                translation_domain=DOMAIN, translation_key="relay_access_fails"
            )
        return self._endpoint.url(stream_key)

    async def _async_open(self) -> None:
        """Listen; where it fails, tell, have it tried again and raise OSError."""
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
                self._hass, RETRY_INTERVAL, self.async_start
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
        kept = options.get(CONF_RELAY_PORT) or stored["port"]
        ports = (
            [kept] if kept else secrets.SystemRandom().sample(_PORTS, k=_PORTS_TO_TRY)
        )
        problem = OSError()
        for port in ports:
            endpoint = Endpoint(options[CONF_RELAY_HOST], port, stored["secret"])
            try:
                self._endpoint = await self._relay.listen(endpoint)
            except OSError as err:
                problem = err
                continue
            stored["port"] = port
            self._store.data["relay"] = stored
            await self._store.async_flush()
            return
        raise problem
