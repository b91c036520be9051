"""The portal's API, one method per use case."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import batched

import aiohttp

from . import documents
from .archive import Archive
from .camera_pages import CameraPages
from .days import HOUR, QUARTER
from .enums import Granularity
from .errors import (
    NetrexError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexQueryError,
    NetrexResponseError,
)
from .lanes import Lane
from .models import (
    CameraStatus,
    Inventory,
    LinkRequest,
    LiveLink,
    SeriesRequest,
    SeriesValue,
    ValueRequest,
)
from .paced_transport import PacedTransport, read
from .pacer import Pacer
from .parsing import (
    parse_camera,
    parse_inventory,
    parse_live_link,
    parse_slots,
    parse_status,
    parse_statuses,
)
from .schema import INTROSPECTION, Schema
from .transport import MAX_SERIES_BYTES, GraphQLResponse, GraphQLTransport
from .values import as_float, as_int, as_mapping, is_list

# Limits the memory for a response; five hourly series of one year have 44,000.
MAX_SLOTS_PER_QUERY = 60_000


class NetrexClient:
    """The portal's API for one account.

    Every method raises NetrexError. Its subclasses NetrexAuthError,
    NetrexConnectionError and NetrexRateLimitedError can occur at any time.

    Args:
        session: HTTP session, not closed by the client.
        url: The portal's address, such as `https://system2.netrex.cz`.
        get_token: Returns a valid token; may raise NetrexAuthError.
        renew_token: Replaces a token that expired early; returns False if it cannot.
        pacer: Schedules all queries.

    Attributes:
        pacer: As given.
        get_token: The function that returns a valid token.
        archive: The account's recordings.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        get_token: Callable[[], Awaitable[str]],
        *,
        pacer: Pacer,
        renew_token: Callable[[str], Awaitable[bool]] | None = None,
    ) -> None:
        self.pacer = pacer
        self.get_token = get_token
        transport = GraphQLTransport(session, url, get_token, renew_token=renew_token)
        self._paced = PacedTransport(transport, pacer)
        self.archive = Archive(session, url, transport, self._paced)
        self._detail_pages = self._camera_pages(parse_camera, status_only=False)
        self._status_pages = self._camera_pages(_parse_status, status_only=True)
        self.schema = Schema.documented()

    @property
    def schema(self) -> Schema:
        """The known part of the portal's schema; the documented part by default."""
        return self._schema

    @schema.setter
    def schema(self, schema: Schema) -> None:
        self._schema = schema
        # Schemas that inventories try in turn, the richest first.
        self._selections = [schema, Schema.documented()]
        if schema.video_channels is None:
            del self._selections[0]
        # The schema that worked for the last inventory; None if the portal refused even
        # the documented fields.
        self._selection: Schema | None = self._selections[0]
        self._camera_ids: tuple[int, ...] = ()

    async def execute(
        self,
        query: str,
        variables: Mapping[str, object] | None = None,
        *,
        lane: Lane = Lane.COMMAND,
    ) -> GraphQLResponse:
        """Execute any document; fields may have failed in the returned response."""
        return await self._paced.execute(
            lane, query, variables, max_bytes=MAX_SERIES_BYTES
        )

    async def inventory(self, *, lane: Lane = Lane.STATUS) -> Inventory:
        """Return all nodes and cameras in one operation.

        If `cameraList` refuses documented fields, further operations query cameras by
        id. Each inventory starts with the richest selection again, because a refusal
        may be temporary.
        """
        for selection in self._selections:
            with suppress(NetrexQueryError):
                return await self._inventory(selection, lane)
        return await self._inventory(None, lane)

    async def _inventory(self, selection: Schema | None, lane: Lane) -> Inventory:
        query = documents.inventory(selection)
        response = await self._paced.execute(lane, query, shared=True)
        self._selection = selection
        _require(response, "nodeList", list)
        _require(response, "cameraList", list)
        inventory = await read(response, parse_inventory)
        if response.errors:
            inventory = replace(inventory, complete=False)
        if selection is None:
            self._camera_ids = tuple(camera.node_id for camera in inventory.cameras)
            inventory = await self._with_details(inventory)
        return inventory

    async def camera_statuses(self) -> dict[int, CameraStatus]:
        """Return the status of all cameras in one operation."""
        if self._selection is not None:
            query = documents.statuses()
            try:
                response = await self._paced.execute(Lane.STATUS, query, shared=True)
            except NetrexQueryError:
                self._selection = None
            else:
                _require(response, "cameraList", list)
                return await read(response, parse_statuses)
        if not self._camera_ids:
            inventory = await self._inventory(None, Lane.STATUS)
            return {
                camera.node_id: CameraStatus(camera.is_connected, camera.source_ip)
                for camera in inventory.cameras
            }
        return await self._status_pages.read(self._camera_ids)

    @property
    def accepted_at(self) -> float:
        """The time of the event loop at which the portal last accepted a query."""
        return self._paced.accepted_at

    async def fetch_schema(self) -> Schema:
        """Introspect the schema in one operation; does not set `schema`.

        Returns the documented schema if the portal refuses: introspection is not
        documented, and documented features must work without it.

        Raises:
            NetrexResponseError: The response cannot be used; a retry may succeed.
        """
        try:
            response = await self._paced.execute(
                Lane.STATUS, INTROSPECTION, shared=True
            )
            _require(response, "__schema", dict)
        except NetrexQueryError, NetrexPermissionError, NetrexNotFoundError:
            return Schema.documented()
        schema = await read(response, Schema.from_introspection)
        if not schema.introspected:
            raise NetrexResponseError("The portal's response has no schema")
        return schema

    async def kpi_results(
        self, requests: Sequence[SeriesRequest], *, lane: Lane = Lane.KPI
    ) -> dict[SeriesRequest, tuple[SeriesValue, ...] | NetrexError]:
        """Return each series or the error that it failed with, five per operation.

        A series may start earlier and end later than requested, at the boundaries of
        the portal's slots. If an operation fails as a whole, earlier results are kept.

        Raises:
            NetrexError: The token is refused, or no response was usable.
        """
        return await self._paced.execute_each(
            lane,
            partial(documents.series, schema=self.schema),
            _read_series,
            _series_operations(requests),
            max_bytes=MAX_SERIES_BYTES,
        )

    async def kpi_series(
        self, requests: Sequence[SeriesRequest], *, lane: Lane = Lane.KPI
    ) -> dict[SeriesRequest, tuple[SeriesValue, ...]]:
        """Return the results of `kpi_results` without the errors; raises the same."""
        return _without_errors(await self.kpi_results(requests, lane=lane))

    async def kpi_value_results(
        self, requests: Sequence[ValueRequest], *, lane: Lane = Lane.KPI
    ) -> dict[ValueRequest, float | NetrexError]:
        """Return each KPI of a whole period or its error, five per operation.

        The error is NetrexNoDataError if the portal has no value. Raises the same
        errors as `kpi_results`.
        """
        return await self._paced.execute_each(
            lane,
            documents.values,
            lambda _, value: as_float(value),
            _operations(requests),
        )

    async def kpi_values(
        self, requests: Sequence[ValueRequest], *, lane: Lane = Lane.KPI
    ) -> dict[ValueRequest, float]:
        """Return the results of `kpi_value_results` without the errors."""
        return _without_errors(await self.kpi_value_results(requests, lane=lane))

    async def live_links(
        self, requests: Sequence[LinkRequest], *, lane: Lane = Lane.INTERACTIVE
    ) -> dict[LinkRequest, LiveLink | NetrexError]:
        """Return each link or the error that it failed with, in one operation.

        A link is valid for 30 s and for one connection, so callers never share one.
        """
        return await self._paced.execute_each(
            lane,
            partial(documents.live_links, schema=self.schema),
            partial(_read_link, self.schema),
            [tuple(dict.fromkeys(requests))],
            shared=False,
        )

    def _camera_pages[T](
        self, parse: Callable[[Mapping[str, object]], T | None], *, status_only: bool
    ) -> CameraPages[T]:
        """Return what queries the cameras of the last inventory by id."""

        async def send(node_ids: Sequence[int]) -> Mapping[str, object]:
            query = documents.cameras(node_ids, status_only=status_only)
            response = await self._paced.execute(Lane.STATUS, query, shared=True)
            names = map(documents.alias, range(len(node_ids)))
            return {name: response.data.get(name) for name in names}

        return CameraPages(send, parse)

    async def _with_details(self, inventory: Inventory) -> Inventory:
        """Return the inventory with its cameras' fields queried by id."""
        details = await self._detail_pages.read(self._camera_ids)
        return replace(
            inventory,
            cameras=tuple(
                replace(details[camera.node_id], video_channels=camera.video_channels)
                if camera.node_id in details
                else camera
                for camera in inventory.cameras
            ),
            complete=inventory.complete and len(details) == len(inventory.cameras),
        )


def _parse_status(item: Mapping[str, object]) -> CameraStatus | None:
    return None if as_int(item.get("node_id")) is None else parse_status(item)


def _require(response: GraphQLResponse, name: str, kind: type) -> None:
    """Raise if a field is missing: a failure must not look like an empty list."""
    if isinstance(response.data.get(name), kind):
        return
    for entry in response.errors:
        if entry.path[:1] in ((name,), ()):
            raise entry.error
    raise NetrexResponseError(f"The portal's response has no {name}")


def _operations[R](requests: Sequence[R]) -> list[tuple[R, ...]]:
    """Split the distinct requests into operations."""
    unique = dict.fromkeys(requests)
    return list(batched(unique, documents.MAX_SERIES_PER_QUERY, strict=False))


def _series_operations(
    requests: Sequence[SeriesRequest],
) -> list[tuple[SeriesRequest, ...]]:
    """Split the distinct requests into operations with a limited number of slots."""
    result: list[tuple[SeriesRequest, ...]] = []
    for operation in _operations(requests):
        part: tuple[SeriesRequest, ...] = ()
        for request in operation:
            if part and sum(map(_slots, (*part, request))) > MAX_SLOTS_PER_QUERY:
                result.append(part)
                part = ()
            part = (*part, request)
        result.append(part)
    return result


def _slots(request: SeriesRequest) -> int:
    """Return an upper limit for the number of slots in a series."""
    seconds = QUARTER if request.granularity is Granularity.HQ else HOUR
    return (request.end - request.start) // seconds


def _without_errors[R, V](results: Mapping[R, V | NetrexError]) -> dict[R, V]:
    return {
        request: result
        for request, result in results.items()
        if not isinstance(result, NetrexError)
    }


def _read_series(_: SeriesRequest, value: object) -> tuple[SeriesValue, ...] | None:
    return parse_slots(value) if is_list(value) else None


def _read_link(schema: Schema, request: LinkRequest, value: object) -> LiveLink | None:
    for key in ("live_view", *(schema.link_path(request.transport) or ())):
        value = as_mapping(value).get(key)
    return parse_live_link(value)
