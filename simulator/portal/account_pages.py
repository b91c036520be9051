"""HTML of the API page (tokens, applications, external IDs) and the API Explorer."""

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape

from ..world.model import Node, OAuthClient, Scope, Token, User
from .pages import page

ACCOUNT_PATH = "/"
EXPLORER_PATH = "/api/explorer/index.html"
_EXPIRIES = {"": "never", "3600": "in an hour", "2592000": "in 30 days"}


def account(
    user: User,
    tokens: Iterable[Token],
    clients: Iterable[OAuthClient],
    nodes: Iterable[Node],
    notice: str = "",
) -> str:
    """Return the account's API page; `notice` names what was just created."""
    shown = f'<p role="status"><code>{escape(notice)}</code></p>' if notice else ""
    body = f"<p>Signed in as <b>{escape(user.username)}</b>.</p>{shown}"
    if user.full_access:
        body += _tokens(tokens) + _clients(clients) + _external_ids(nodes)
    else:
        body += "<p>The API section needs full access to the account.</p>"
    return page(
        "API",
        f'{body}<p><a href="{EXPLORER_PATH}">API Explorer</a></p>'
        f"{_form('sign_out', '', 'Sign out')}",
    )


def explorer(query: str, answer: str) -> str:
    """Return the API Explorer with the last query and its answer."""
    return page(
        "API Explorer",
        f'<form method="post" action="{EXPLORER_PATH}"><label>Query'
        f'<textarea name="query" rows="10" required>{escape(query)}</textarea></label>'
        f"<button>Run</button></form><pre>{escape(answer)}</pre>"
        f'<p><a href="{ACCOUNT_PATH}">API</a></p>',
    )


def _form(action: str, inputs: str, button: str) -> str:
    return (
        f'<form method="post" action="{ACCOUNT_PATH}">{inputs}'
        f'<button name="action" value="{action}">{button}</button></form>'
    )


def _text(name: str, label: str, *, required: bool = True) -> str:
    return (
        f'<label>{label}<input type="text" name="{name}"'
        f"{' required' if required else ''}></label>"
    )


def _tokens(tokens: Iterable[Token]) -> str:
    rows = "".join(f"<li>{_token(token)}</li>" for token in tokens)
    rights = "".join(
        f'<label class="check"><input type="checkbox" name="scope" value="{scope}"'
        f"{'' if scope is Scope.CONFIGURATION else ' checked'}>{scope}</label>"
        for scope in Scope
    )
    expiry = "".join(
        f'<option value="{value}">{text}</option>' for value, text in _EXPIRIES.items()
    )
    inputs = (
        f'{_text("name", "Token name")}<label>Expires<select name="expires_in">'
        f"{expiry}</select></label>{rights}"
    )
    form = _form("create_token", inputs, "Create an API token")
    return f"<h2>API tokens</h2><ul>{rows}</ul>{form}"


def _token(token: Token) -> str:
    """Describe a token without showing it."""
    if token.expires_at is None:
        end = "never expires"
    else:
        end = (
            f"until {datetime.fromtimestamp(token.expires_at, UTC):%Y-%m-%d %H:%M} UTC"
        )
    kind = token.client_id or "API token"
    return escape(f"{kind} of {token.username}, …{token.token[-4:]}, {end}")


def _clients(clients: Iterable[OAuthClient]) -> str:
    rows = "".join(
        f"<li>{escape(client.name)}: <code>{escape(client.client_id)}</code></li>"
        for client in clients
    )
    inputs = (
        f"{_text('name', 'Name')}{_text('description', 'Description', required=False)}"
        '<label>List of redirect URLs<textarea name="redirect_uris" rows="3" required>'
        "</textarea></label>"
    )
    form = _form("create_client", inputs, "Create an OAuth2 application")
    return f"<h2>OAuth2 applications</h2><ul>{rows}</ul>{form}"


def _external_ids(nodes: Iterable[Node]) -> str:
    nodes = list(nodes)
    rows = "".join(
        f"<li><code>{escape(node.external_id)}</code> {escape(node.name or '')}</li>"
        for node in nodes
        if node.external_id
    )
    options = "".join(
        f'<option value="{node.node_id}">{escape(node.name or "?")}'
        f" ({escape(node.type)})</option>"
        for node in nodes
    )
    inputs = (
        f'<label>Item<select name="node_id">{options}</select></label>'
        f"{_text('external_id', 'Identifier (empty: none)', required=False)}"
    )
    form = _form("set_external_id", inputs, "Save")
    return f"<h2>External IDs</h2><ul>{rows}</ul>{form}"
