"""The portal's API, one method per use."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import batched

import aiohttp

from . import documents
from .archive import Archive
from .enums import Metric, RawMetric
from .errors import (
    NetrexError,
    NetrexNotFoundError,
    NetrexPermissionError,
    NetrexQueryError,
    NetrexResponseError,
)
from .models import (
    Camera,
    CameraStatus,
    Inventory,
    LinkRequest,
    LiveLink,
    SeriesRequest,
    SeriesValue,
    ValueRequest,
)
from .paced_transport import PacedTransport, read
from .pacer import Lane, Pacer
from .parsing import (
    parse_camera,
    parse_inventory,
    parse_live_link,
    parse_slots,
    parse_statuses,
)
from .schema import INTROSPECTION, Schema
from .transport import GraphQLResponse, GraphQLTransport
from .values import as_float, as_mapping, parse_each

# Cameras by one operation where `cameraList` gives too little.
_CAMERAS_PER_QUERY = 50


class NetrexClient:
    """The portal's API for one account.

    Every method raises NetrexError, of which NetrexAuthError, NetrexConnectionError
    and NetrexRateLimitedError can happen at any time.

    Args:
        session: Not closed by the client.
        url: The portal's address, such as `https://system2.netrex.cz`.
        get_token: Gives a token that is valid now; may raise NetrexAuthError.
        renew_token: Replaces a token that has expired early; False if it can't.
        pacer: All requests pass it.
        schema: What is known of the portal's schema; only the documented part
            by default.

    Attributes:
        archive: The recordings.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        get_token: Callable[[], Awaitable[str]],
        *,
        pacer: Pacer,
        renew_token: Callable[[str], Awaitable[bool]] | None = None,
        schema: Schema | None = None,
    ) -> None:
        """Remember the parts; nothing is asked yet."""
        self.pacer = pacer
        transport = GraphQLTransport(session, url, get_token, renew_token=renew_token)
        self._door = PacedTransport(transport, pacer)
        self.archive = Archive(session, url, transport, self._door)
        self.schema = schema or Schema.documented()

    @property
    def schema(self) -> Schema:
        """What is known of the portal's schema."""
        return self._schema

    @schema.setter
    def schema(self, schema: Schema) -> None:
        self._schema = schema
        # What to ask of all cameras at once, from the most to the least.
        self._selections = [schema, Schema.documented()]
        if schema.video_channels is None:
            del self._selections[0]
        # What the last inventory got; None is less than what is documented.
        self._selection: Schema | None = self._selections[0]
        self._camera_ids: tuple[int, ...] = ()

    async def execute(
        self,
        query: str,
        variables: Mapping[str, object] | None = None,
        *,
        lane: Lane = Lane.COMMAND,
    ) -> GraphQLResponse:
        """Run any document and return what came back, also if a part of it failed."""
        return await self._door.ask(lane, query, variables)

    async def inventory(self, *, lane: Lane = Lane.STATUS) -> Inventory:
        """Return all nodes and cameras by one operation.

        Where `cameraList` gives less than the documented type of a camera, more
        operations ask for the cameras one by one. Each inventory tries all anew: a
        refusal need not be for ever.
        """
        for selection in self._selections:
            with suppress(NetrexQueryError):
                return await self._inventory(selection, lane)
        return await self._inventory(None, lane)

    async def _inventory(self, selection: Schema | None, lane: Lane) -> Inventory:
        query = documents.inventory(selection)
        answer = await self._door.ask(lane, query, shared=True)
        self._selection = selection
        _require(answer, "nodeList", list)
        _require(answer, "cameraList", list)
        inventory = await read(answer, parse_inventory)
        if answer.refusals:
            inventory = replace(inventory, complete=False)
        if selection is None:
            self._camera_ids = tuple(camera.node_id for camera in inventory.cameras)
            inventory = await self._with_details(inventory, lane)
        return inventory

    async def camera_statuses(
        self, *, lane: Lane = Lane.STATUS
    ) -> dict[int, CameraStatus]:
        """Return the status of all cameras by one operation."""
        if self._selection is not None:
            query = documents.statuses()
            try:
                answer = await self._door.ask(lane, query, shared=True)
            except NetrexQueryError:
                self._selection = None
            else:
                _require(answer, "cameraList", list)
                return await read(answer, parse_statuses)
        if not self._camera_ids:
            inventory = await self._inventory(None, lane)
            return {
                camera.node_id: CameraStatus(camera.is_connected, camera.source_ip)
                for camera in inventory.cameras
            }
        return {
            node_id: status
            for answer in await self._each_camera(lane, status_only=True)
            for node_id, status in parse_statuses(answer.data).items()
        }

    async def fetch_schema(self, *, lane: Lane = Lane.STATUS) -> Schema:
        """Learn the schema by one operation.

        If the portal refuses, the documented one stands: nothing undocumented may
        break the documented path. The client goes on with its own until `schema` is
        set.

        Raises:
            NetrexResponseError: The answer cannot be used; another one may tell more.
        """
        try:
            answer = await self._door.ask(lane, INTROSPECTION, shared=True)
            _require(answer, "__schema", dict)
        except NetrexQueryError, NetrexPermissionError, NetrexNotFoundError:
            return Schema.documented()
        schema = await read(answer, Schema.from_introspection)
        if not schema.introspected:
            raise NetrexResponseError("The portal's answer has no schema")
        return schema

    async def kpi_results(
        self, requests: Sequence[SeriesRequest], *, lane: Lane = Lane.KPI
    ) -> dict[SeriesRequest, tuple[SeriesValue, ...] | NetrexError]:
        """Return series, five by one operation, or the reason why there is none.

        A series may cover more time than asked for: slots begin and end where the
        portal's do. If an operation fails as a whole, those before it still count.

        Raises:
            NetrexError: The token is refused, or not one answer could be used.
        """
        unique = tuple(dict.fromkeys(requests))
        return await self._door.each(
            lane,
            partial(documents.series, schema=self.schema),
            _read_series,
            list(batched(unique, documents.MAX_SERIES_PER_QUERY, strict=False)),
        )

    async def kpi_series(
        self, requests: Sequence[SeriesRequest], *, lane: Lane = Lane.KPI
    ) -> dict[SeriesRequest, tuple[SeriesValue, ...]]:
        """Return those of `kpi_results` that there are; raises as that does."""
        results = await self.kpi_results(requests, lane=lane)
        return {
            request: result
            for request, result in results.items()
            if not isinstance(result, NetrexError)
        }

    async def kpi_value_results(
        self, requests: Sequence[ValueRequest], *, lane: Lane = Lane.KPI
    ) -> dict[ValueRequest, float | NetrexError]:
        """Return KPIs of whole times, five by one operation.

        Raises as `kpi_results` does. Where there is no number the reason is
        NetrexNoDataError.
        """
        parts = batched(
            dict.fromkeys(requests), documents.MAX_SERIES_PER_QUERY, strict=False
        )
        return await self._door.each(
            lane, documents.values, lambda _, value: as_float(value), list(parts)
        )

    async def kpi_values(
        self, requests: Sequence[ValueRequest], *, lane: Lane = Lane.KPI
    ) -> dict[ValueRequest, float]:
        """Return those of `kpi_value_results` that there are; raises as that does."""
        results = await self.kpi_value_results(requests, lane=lane)
        return {
            request: result
            for request, result in results.items()
            if not isinstance(result, NetrexError)
        }

    async def kpi_value(
        self,
        node_id: int,
        metric: Metric | RawMetric,
        start: int,
        end: int,
        *,
        lane: Lane = Lane.KPI,
    ) -> float | None:
        """Return one KPI of a whole time; None if the portal has no number.

        Args:
            node_id: A camera, a location or a folder; the latter give sums.
            metric: Which figure.
            start: Unix seconds.
            end: Unix seconds, at most a year later.
            lane: Priority.
        """
        query = documents.values([ValueRequest(node_id, metric, start, end)])
        return as_float(await self._door.value(lane, query, documents.alias(0)))

    async def live_links(
        self, requests: Sequence[LinkRequest], *, lane: Lane = Lane.INTERACTIVE
    ) -> dict[LinkRequest, LiveLink | NetrexError]:
        """Return links by one operation, or the reason why there is none.

        A link lives for 30 s and serves one connection, so nobody shares it.
        """
        return await self._door.each(
            lane,
            partial(documents.live_links, schema=self.schema),
            partial(_read_link, self.schema),
            [tuple(dict.fromkeys(requests))],
            shared=False,
        )

    async def _each_camera(
        self, lane: Lane, *, status_only: bool
    ) -> list[GraphQLResponse]:
        """Ask for the cameras of the last inventory one by one."""
        queries = [
            documents.cameras(node_ids, status_only=status_only)
            for node_ids in batched(self._camera_ids, _CAMERAS_PER_QUERY, strict=False)
        ]
        return [await self._door.ask(lane, query, shared=True) for query in queries]

    async def _with_details(self, inventory: Inventory, lane: Lane) -> Inventory:
        """Return the inventory with what single queries for its cameras tell."""
        answers = await self._each_camera(lane, status_only=False)
        details: dict[int, Camera] = {}
        for answer in answers:
            for camera in parse_each(list(answer.data.values()), parse_camera):
                details[camera.node_id] = camera
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


def _require(answer: GraphQLResponse, name: str, kind: type) -> None:
    """Raise unless a field is there: nothing may look as if all were gone."""
    if isinstance(answer.data.get(name), kind):
        return
    for refusal in answer.refusals:
        if refusal.path[:1] in ((name,), ()):
            raise refusal.error
    raise NetrexResponseError(f"The portal's answer has no {name}")


def _read_series(_: SeriesRequest, value: object) -> tuple[SeriesValue, ...] | None:
    return parse_slots(value) if isinstance(value, list) else None


def _read_link(schema: Schema, request: LinkRequest, value: object) -> LiveLink | None:
    for key in ("live_view", *(schema.link_path(request.transport) or ())):
        value = as_mapping(value).get(key)
    return parse_live_link(value)
