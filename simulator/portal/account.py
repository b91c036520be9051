"""The API page and the API Explorer of a signed-in user."""

from collections.abc import Awaitable, Callable
import json
from urllib.parse import parse_qs

from aiohttp import web

from ..graphql.http import GraphQLEndpoint
from ..state import State
from ..world.model import ALL_SCOPES, OAuthClient, Scope, Token, User
from . import account_pages, pages
from .account_pages import ACCOUNT_PATH, EXPLORER_PATH
from .authorization import AuthorizationServer
from .oauth import OAuth

type _Form = dict[str, list[str]]

_EXAMPLE = (
    "{\n  nodeList {\n    parent_node_id\n    node_id\n    type\n    name\n  }\n}"
)


class Account:
    """Handles the requests of both pages."""

    def __init__(
        self,
        state: State,
        oauth: OAuth,
        authorization: AuthorizationServer,
        endpoint: GraphQLEndpoint,
    ) -> None:
        """Serve the users that `authorization` has signed in."""
        self._state = state
        self._oauth = oauth
        self._authorization = authorization
        self._endpoint = endpoint
        self._actions: dict[str, Callable[[_Form], str]] = {
            "create_token": self._create_token,
            "create_client": self._create_client,
            "set_external_id": self._set_external_id,
        }

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the pages."""
        return [
            web.get(ACCOUNT_PATH, self._signed_in(self._show)),
            web.post(ACCOUNT_PATH, self._act),
            web.get(EXPLORER_PATH, self._signed_in(self._explorer)),
            web.post(EXPLORER_PATH, self._signed_in(self._run)),
        ]

    def _signed_in(
        self, handler: Callable[[web.Request, User], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def guarded(request: web.Request) -> web.Response:
            username = self._authorization.user(request)
            if username is None:
                return _html(pages.sign_in(ACCOUNT_PATH, {}))
            return await handler(request, self._state.world.users[username])

        return guarded

    async def _show(self, _request: web.Request, user: User) -> web.Response:
        return self._page(user)

    def _page(self, user: User, notice: str = "") -> web.Response:
        world = self._state.world
        return _html(
            account_pages.account(
                user, world.tokens.values(), world.clients, world.nodes, notice
            )
        )

    async def _act(self, request: web.Request) -> web.Response:
        form = parse_qs(await request.text(), keep_blank_values=True)
        if "username" in form:
            return self._open(form)
        action = form.get("action", [""])[0]
        username = self._authorization.user(request)
        if action == "sign_out" or username is None:
            self._authorization.sign_out(request)
            return _html(pages.sign_in(ACCOUNT_PATH, {}))
        user = self._state.world.users[username]
        if not user.full_access or action not in self._actions:
            raise web.HTTPForbidden
        try:
            notice = self._actions[action]({"user": [username], **form})
        except (KeyError, ValueError) as err:
            raise web.HTTPBadRequest from err
        return self._page(user, notice)

    def _open(self, form: _Form) -> web.Response:
        session = self._authorization.sign_in({k: v[0] for k, v in form.items()})
        if session is None:
            message = "The user name or the password is wrong."
            return _html(pages.sign_in(ACCOUNT_PATH, {}, message))
        response = web.Response(status=303, headers={"Location": ACCOUNT_PATH})
        self._authorization.keep(response, session)
        return response

    def _create_token(self, form: _Form) -> str:
        scopes = frozenset(Scope(name) for name in form.get("scope", []))
        expires = form.get("expires_in", [""])[0]
        token = self._oauth.api_token(
            form["user"][0], scopes, float(expires) if expires else None
        )
        return f"New API token: {token}"

    def _create_client(self, form: _Form) -> str:
        client = OAuthClient(
            self._state.secrets.issue(20).lower(),
            self._state.secrets.issue(),
            form["name"][0],
            form["redirect_uris"][0].split(),
            form.get("description", [""])[0],
        )
        self._state.world.clients.append(client)
        return f"client_id: {client.client_id} client_secret: {client.client_secret}"

    def _set_external_id(self, form: _Form) -> str:
        node = self._state.world.node(int(form["node_id"][0]))
        if node is None:
            raise KeyError(form["node_id"][0])
        node.external_id = form["external_id"][0] or None
        return f"External ID of {node.name}: {node.external_id}"

    async def _explorer(self, _request: web.Request, _user: User) -> web.Response:
        return _html(account_pages.explorer(_EXAMPLE, ""))

    async def _run(self, request: web.Request, user: User) -> web.Response:
        """Run a query as the signed-in user; it counts toward the account's limit."""
        form = parse_qs(await request.text(), keep_blank_values=True)
        query = form.get("query", [""])[0]
        token = Token("", user.username, ALL_SCOPES)
        answer = await self._endpoint.answer(query, token)
        text = (
            "API limit exceeded."
            if answer is None
            else json.dumps(answer, indent=1, ensure_ascii=False)
        )
        return _html(account_pages.explorer(query, text))


def _html(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html")
