"""Authorization codes and tokens: OAuth2 as the portal documents it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..state import State
from ..world.model import OAUTH_SCOPES, Grant, OAuthClient, Scope, Token

_CODE_GRANTS = {"authorization_code", "auth_code"}


class TokenRefusedError(Exception):
    """The token endpoint refuses a request; the text is its `error`."""


@dataclass(frozen=True, slots=True)
class _Code:
    client_id: str
    redirect_uri: str
    username: str
    scopes: frozenset[Scope]
    issued_at: float


class OAuth:
    """Issues and revokes the tokens of the API."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._codes: dict[str, _Code] = {}

    def scopes(self, text: str) -> frozenset[Scope]:
        """Parse comma-separated scopes. Raises ValueError if one is unknown."""
        if self._state.switches.scope_space:
            text = text.replace(" ", ",")
        wanted = frozenset(Scope(name.strip()) for name in text.split(",") if name)
        if not wanted or wanted - OAUTH_SCOPES:
            raise ValueError("no such scope")
        return wanted

    def authorize(
        self,
        client: OAuthClient,
        redirect_uri: str,
        username: str,
        scopes: frozenset[Scope],
    ) -> str:
        """Return a new authorization code."""
        code = self._state.secrets.issue()
        self._codes[code] = _Code(
            client.client_id, redirect_uri, username, scopes, self._now()
        )
        return code

    def account(self, parameters: Mapping[str, str]) -> str | None:
        """Return the user that a token or revocation request concerns, if known."""
        world = self._state.world
        found = (
            self._codes.get(parameters.get("code", ""))
            or world.grants.get(parameters.get("refresh_token", ""))
            or world.tokens.get(parameters.get("access_token", ""))
        )
        return found.username if found else None

    def token(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        """Answer a token request. Raises TokenRefusedError."""
        client = self._state.world.client(parameters.get("client_id", ""))
        if client is None:
            raise TokenRefusedError("Unknown client_id.")
        secret = parameters.get("client_secret")
        if secret is not None and secret != client.client_secret:
            raise TokenRefusedError("Invalid client_secret.")
        grant_type = parameters.get("grant_type", "")
        if grant_type in _CODE_GRANTS:
            return self._exchange(client, parameters, permanent=secret is not None)
        if grant_type == "refresh_token":
            if secret is None:
                raise TokenRefusedError("Missing client_secret.")
            return self._refresh(client, parameters.get("refresh_token", ""))
        raise TokenRefusedError("Unsupported grant_type.")

    def _exchange(
        self, client: OAuthClient, parameters: Mapping[str, str], *, permanent: bool
    ) -> dict[str, Any]:
        # A code is used up by the first attempt, successful or not.
        code = self._codes.pop(parameters.get("code", ""), None)
        lifetime = self._state.switches.code_lifetime
        if (
            code is None
            or code.client_id != client.client_id
            or self._now() - code.issued_at >= lifetime
        ):
            raise TokenRefusedError("Invalid or expired authorization code.")
        if parameters.get("redirect_uri") != code.redirect_uri:
            raise TokenRefusedError("Invalid redirect_uri.")
        grant = Grant("", code.username, code.client_id, code.scopes, self._now())
        answer = self._access(grant)
        if permanent:
            answer["refresh_token"] = self._remember(grant)
            self._state.world.tokens[
                answer["access_token"]
            ].refresh_token = grant.refresh_token
        return answer

    def _refresh(self, client: OAuthClient, refresh_token: str) -> dict[str, Any]:
        switches = self._state.switches
        grant = self._state.world.grants.get(refresh_token)
        lifetime = switches.refresh_token_lifetime
        if (
            grant is None
            or grant.client_id != client.client_id
            or (lifetime and self._now() - grant.issued_at >= lifetime)
        ):
            raise TokenRefusedError("Invalid or expired refresh token.")
        if switches.refresh_rotates:
            del self._state.world.grants[refresh_token]
            old = grant.refresh_token
            grant.issued_at = self._now()
            self._remember(grant)
            for token in self._state.world.tokens.values():
                if token.refresh_token == old:
                    token.refresh_token = grant.refresh_token
        answer = self._access(grant)
        if switches.refresh_rotates or switches.refresh_repeats:
            answer["refresh_token"] = grant.refresh_token
        return answer

    def _remember(self, grant: Grant) -> str:
        grant.refresh_token = self._state.secrets.issue()
        self._state.world.grants[grant.refresh_token] = grant
        return grant.refresh_token

    def _access(self, grant: Grant) -> dict[str, Any]:
        lifetime = self._state.switches.access_token_lifetime
        access_token = self._state.secrets.issue()
        self._state.world.tokens[access_token] = Token(
            access_token,
            grant.username,
            grant.scopes,
            self._now() + lifetime,
            grant.client_id,
            grant.refresh_token or None,
        )
        return {"access_token": access_token, "expires_in": lifetime}

    def revoke(self, access_token: str) -> bool:
        """Revoke an access token and its refresh token; False if it is unknown."""
        world = self._state.world
        token = world.tokens.pop(access_token, None)
        if token is None:
            return False
        if token.refresh_token is not None:
            world.grants.pop(token.refresh_token, None)
            world.tokens = {
                name: other
                for name, other in world.tokens.items()
                if other.refresh_token != token.refresh_token
            }
        return True

    def revoke_all(self, username: str | None = None) -> int:
        """Revoke all tokens, or all of one user; return how many."""
        gone = [
            name
            for name, token in self._state.world.tokens.items()
            if username is None or token.username == username
        ]
        return sum(self.revoke(name) for name in gone)

    def api_token(
        self, username: str, scopes: frozenset[Scope], expires_in: float | None
    ) -> str:
        """Create an API token; `expires_in` in seconds, None for no expiry."""
        text = self._state.secrets.issue()
        expires = None if expires_in is None else self._now() + expires_in
        self._state.world.tokens[text] = Token(text, username, scopes, expires)
        return text

    def _now(self) -> float:
        return self._state.clock.now()
