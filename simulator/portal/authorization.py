"""The OAuth2 endpoints: sign-in, consent, tokens, and revocation."""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from aiohttp import web
from yarl import URL

from ..limiter import Limiter
from ..state import State
from ..world.model import OAuthClient, Scope
from . import pages
from .oauth import OAuth, TokenRefusedError

_AUTH_PATH = "/oauth2/auth/"
_COOKIE = "portal_session"
# Fields that the sign-in and consent forms add to the request's parameters.
_FORM_FIELDS = {"username", "password", "decision"}


class _DeadEndError(Exception):
    """The request has no redirect URI that is safe to redirect to."""


class AuthorizationServer:
    """Handles /oauth2/ and the sessions of signed-in users.

    Args:
        state: The cloud's state.
        oauth: Issues the tokens.
        limiter: Counts the requests if the switch `oauth_counts` is on.
        limited: Returns the answer to a request over the limit.
    """

    def __init__(
        self,
        state: State,
        oauth: OAuth,
        limiter: Limiter,
        limited: Callable[[], web.Response],
    ) -> None:
        self._state = state
        self._oauth = oauth
        self._limiter = limiter
        self._limited = limited
        self._sessions: dict[str, str] = {}

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the endpoints."""
        return [
            *(web.get(path, self._authorize) for path in _spellings(_AUTH_PATH)),
            *(web.post(path, self._authorize) for path in _spellings(_AUTH_PATH)),
            *(web.post(path, self._token) for path in _spellings("/oauth2/token/")),
            *(web.post(path, self._revoke) for path in _spellings("/oauth2/revoke/")),
        ]

    def user(self, request: web.Request) -> str | None:
        """Return the name of the signed-in user, None without a session."""
        return self._sessions.get(request.cookies.get(_COOKIE, ""))

    def sign_in(self, form: Mapping[str, str]) -> str | None:
        """Open a session; return its cookie, or None for a wrong name or password."""
        user = self._state.world.users.get(form.get("username", ""))
        if user is None or form.get("password") != user.password:
            return None
        session = self._state.secrets.issue()
        self._sessions[session] = user.username
        return session

    def sign_out(self, request: web.Request) -> None:
        """End the browser's session, if it has one."""
        self._sessions.pop(request.cookies.get(_COOKIE, ""), None)

    @staticmethod
    def keep(response: web.Response, session: str) -> None:
        """Add the session's cookie to a response."""
        response.set_cookie(_COOKIE, session, httponly=True, samesite="Lax", path="/")

    async def _authorize(self, request: web.Request) -> web.Response:
        """Show the sign-in page, then the consent page, then redirect to the client."""
        form = await _form(request)
        given = {**request.query, **form}
        parameters = {k: v for k, v in given.items() if k not in _FORM_FIELDS}
        try:
            client = self._client(parameters)
        except _DeadEndError as err:
            return _html(pages.refusal(str(err)), status=400)
        try:
            scopes = self._oauth.scopes(parameters.get("scope", ""))
        except ValueError:
            return _back(parameters, error="invalid_scope")
        if parameters.get("response_type") != "code":
            return _back(parameters, error="unsupported_response_type")
        username = self.user(request)
        if "username" in form or username is None:
            return self._signing_in(form, parameters)
        return self._decide(form.get("decision"), client, parameters, username, scopes)

    def _signing_in(
        self, form: Mapping[str, str], parameters: Mapping[str, str]
    ) -> web.Response:
        if "username" not in form:
            return _html(pages.sign_in(_AUTH_PATH, parameters))
        session = self.sign_in(form)
        if session is None:
            message = "The user name or the password is wrong."
            return _html(pages.sign_in(_AUTH_PATH, parameters, message))
        onward = URL(_AUTH_PATH).with_query(dict(parameters))
        response = web.Response(status=303, headers={"Location": str(onward)})
        self.keep(response, session)
        return response

    def _decide(
        self,
        decision: str | None,
        client: OAuthClient,
        parameters: Mapping[str, str],
        username: str,
        scopes: frozenset[Scope],
    ) -> web.Response:
        if decision == "allow":
            redirect_uri = parameters["redirect_uri"]
            code = self._oauth.authorize(client, redirect_uri, username, scopes)
            return _back(parameters, code=code)
        if decision == "deny":
            return _back(parameters, error="access_denied")
        names = [scope.value for scope in Scope if scope in scopes]
        return _html(
            pages.consent(_AUTH_PATH, parameters, client.name, username, names)
        )

    def _client(self, parameters: Mapping[str, str]) -> OAuthClient:
        client = self._state.world.client(parameters.get("client_id", ""))
        if client is None:
            raise _DeadEndError("The application is unknown.")
        if parameters.get("redirect_uri") not in client.redirect_uris:
            raise _DeadEndError("The redirect URI is not registered.")
        return client

    async def _token(self, request: web.Request) -> web.Response:
        place = self._state.switches.token_parameters
        parameters: dict[str, str] = {}
        if place != "body":
            parameters |= dict(request.query)
        if place != "query":
            parameters |= await _form(request)
        if not self._admit(parameters):
            return self._limited()
        try:
            answer = self._oauth.token(parameters)
        except TokenRefusedError as err:
            status = self._state.switches.token_error_status
            return web.json_response({"error": str(err)}, status=status)
        return web.json_response(answer)

    async def _revoke(self, request: web.Request) -> web.Response:
        parameters = {**request.query, **await _form(request)}
        if not self._admit(parameters):
            return self._limited()
        if self._oauth.revoke(parameters.get("access_token", "")):
            return web.json_response(
                {"success": True, "message": "Access token was canceled."}
            )
        return web.json_response(
            {"success": False, "message": "Access token was not found."}
        )

    def _admit(self, parameters: Mapping[str, str]) -> bool:
        """Count a request; return whether it is answered."""
        account = self._oauth.account(parameters)
        counts = self._state.switches.oauth_counts and account is not None
        return not counts or self._limiter.admit(account or "")


def _spellings(path: str) -> tuple[str, str]:
    """Return a path with and without its trailing slash."""
    return path, path.rstrip("/")


async def _form(request: web.Request) -> dict[str, str]:
    if request.content_type != "application/x-www-form-urlencoded":
        return {}
    return dict(parse_qsl(await request.text(), keep_blank_values=True))


def _html(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html")


def _back(parameters: Mapping[str, str], **result: str) -> web.Response:
    """Redirect the browser to the application, with `state` unchanged."""
    if "state" in parameters:
        result["state"] = parameters["state"]
    target = URL(parameters["redirect_uri"]).update_query(result)
    return web.Response(status=302, headers={"Location": str(target)})
