"""The simulated cloud as a whole."""

from collections.abc import Iterable
from types import TracebackType
from typing import Self

from aiohttp import web

from .camera.camera import SimulatedCamera
from .camera.gateway import SimulatedGateway
from .clock import Clock
from .control import Control
from .fault_middleware import fault_middleware
from .faults import Faults
from .graphql.http import GraphQLEndpoint
from .limiter import Limiter
from .media.download import Downloads
from .media.recordings import RecordingStore
from .media.studio import Studio
from .portal.account import Account
from .portal.authorization import AuthorizationServer
from .portal.oauth import OAuth
from .records import CallRecord, LinkRecord, QueryRecord, Secrets
from .rtsp.server import RtspServer
from .rtsp.tunnels import Tunnels
from .state import State
from .switches import Switches
from .world.kpi import Kpi
from .world.model import ALL_SCOPES, Column, OAuthClient, Scope, World
from .world.scenarios import build_world
from .world.shop_days import quarter_floor


class Simulator:
    """A Netrex cloud on free ports of one IP address.

    Use it as an asynchronous context manager, or `start` and `stop` it.
    """

    def __init__(  # noqa: PLR0913 - each has a sensible default
        self,
        scenario: str = "chain",
        *,
        seed: int = 1,
        switches: Switches | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
    ) -> None:
        """Build the world; nothing listens before `start`.

        Raises ValueError for an unknown scenario.
        """
        self.state = State(
            world=build_world(scenario, seed),
            clock=clock or Clock(),
            switches=switches or Switches(),
        )
        for client in self.world.clients:
            self.secrets.add(client.client_secret)
        self._host = host
        self._port = port
        self.kpi = Kpi(self.state)
        self.limiter = Limiter(self.clock, self.switches)
        self.oauth = OAuth(self.state)
        self.studio = Studio(self.clock, self.switches.time_zone)
        self.rtsp = RtspServer(self.state, self.studio)
        self.tunnels = Tunnels(self.rtsp, self.switches)
        self.recordings = RecordingStore(self.state, self.studio)
        self.gateway = SimulatedGateway(self.state, self.studio, self.limiter)
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        """Start the servers."""
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the servers."""
        await self.stop()

    async def start(self) -> None:
        """Start all servers. Raises OSError if a port is in use."""
        await self.rtsp.start(self._host)
        self.rtsp.announce("local", f"rtsp://{self._host}:{self.rtsp.port}")
        await self.tunnels.start(self._host)
        app = web.Application(middlewares=[fault_middleware(self.state)])
        endpoint = GraphQLEndpoint(
            self.state, self.kpi, self.limiter, self.rtsp, self.recordings
        )
        app.router.add_post("/api/graphql.php", endpoint.handle)
        authorization = AuthorizationServer(
            self.state, self.oauth, self.limiter, endpoint.limited
        )
        account = Account(self.state, self.oauth, authorization, endpoint)
        downloads = Downloads(self.state, self.recordings)
        for part in (authorization, account, downloads):
            app.router.add_routes(part.routes())
        self.gateway.setup(app)
        app.router.add_routes(Control(self).routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self._port = self._runner.addresses[0][1]
        self.recordings.base_url = self.url

    async def stop(self) -> None:
        """Stop all servers, sessions, and background work."""
        await self.tunnels.stop()
        await self.rtsp.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        await self.recordings.close()
        await self.studio.close()

    @property
    def url(self) -> str:
        """Return the portal's base address."""
        return f"http://{self._host}:{self._port}"

    @property
    def rtsp_port(self) -> int:
        """Return the port of the plain RTSP server."""
        return self.rtsp.port

    @property
    def authority(self) -> str:
        """Return the certificate (PEM) of the encrypted transports' authority."""
        return self.tunnels.authority

    @property
    def world(self) -> World:
        """Return the contents of the account."""
        return self.state.world

    @property
    def switches(self) -> Switches:
        """Return the switches; they may be set at any time."""
        return self.state.switches

    @property
    def clock(self) -> Clock:
        """Return the cloud's clock."""
        return self.state.clock

    @property
    def faults(self) -> Faults:
        """Return the pending faults."""
        return self.state.faults

    @property
    def queries(self) -> list[QueryRecord]:
        """Return the GraphQL requests so far."""
        return self.state.queries

    @property
    def links(self) -> list[LinkRecord]:
        """Return the live view links so far."""
        return self.state.links

    @property
    def calls(self) -> list[CallRecord]:
        """Return the requests to the gateway so far."""
        return self.state.calls

    @property
    def secrets(self) -> Secrets:
        """Return every secret that was issued."""
        return self.state.secrets

    def create_api_token(
        self,
        user: str = "owner",
        scopes: Iterable[str] | None = None,
        expires_in: float | None = None,
    ) -> str:
        """Return a new API token with these scopes; None for all.

        `expires_in` in seconds. Raises KeyError for an unknown user, ValueError for
        an unknown scope.
        """
        rights = ALL_SCOPES if scopes is None else frozenset(map(Scope, scopes))
        return self.oauth.api_token(self.world.users[user].username, rights, expires_in)

    def add_client(
        self, redirect_uris: Iterable[str], name: str = "Home Assistant"
    ) -> OAuthClient:
        """Register a client application."""
        client = OAuthClient(
            self.secrets.issue(20).lower(),
            self.secrets.issue(),
            name or "Application",
            list(redirect_uris),
        )
        self.world.clients.append(client)
        return client

    def truth(
        self, node_id: int, metric: str, start: float, end: float
    ) -> float | None:
        """Return the true number of the quarter hours that have ended."""
        return self.kpi.truth(node_id, metric, start, end)

    def correct(self, node_id: int, start: float, columns: dict[Column, int]) -> None:
        """Replace a source's numbers of the quarter hour that contains `start`."""
        quarters = self.world.corrections.setdefault(node_id, {})
        quarters.setdefault(quarter_floor(start), {}).update(columns)

    def camera(self, node_id: int) -> SimulatedCamera:
        """Return a camera behind the gateway. Raises KeyError for an unknown camera."""
        return self.gateway.camera(self.world.cameras[node_id])

    def drop_sessions(self, node_id: int | None = None) -> int:
        """Close the live views of one camera, or all; return how many."""
        return self.rtsp.drop(node_id)
