"""HTML of the sign-in and consent pages; works without scripts."""

from collections.abc import Mapping
from html import escape

_STYLE = """
:root { color-scheme: light dark; --accent: #0b6bcb; }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; display: grid;
  place-items: center; min-height: 100vh; background: light-dark(#eef2f6, #14181d);
  color: light-dark(#1b2733, #e4e9ee); }
main { width: min(30rem, 94vw); padding: 2rem; border-radius: 14px;
  background: light-dark(#fff, #1e242b); box-shadow: 0 8px 30px #0002; margin: 2rem 0; }
h1 { font-size: 1.35rem; margin: 0 0 1rem; } h2 { font-size: 1.05rem; }
label { display: block; margin: .8rem 0; font-weight: 600; }
input[type=text], input[type=password], select, textarea { width: 100%;
  padding: .6rem .7rem; margin-top: .25rem; border: 1px solid #8a97a5;
  border-radius: 8px; font: inherit; }
button { padding: .6rem 1.2rem; border: 0; border-radius: 8px; font: inherit;
  font-weight: 600; background: var(--accent); color: #fff; cursor: pointer; }
button.quiet { background: none; color: inherit; border: 1px solid #8a97a5; }
.error { padding: .6rem .8rem; border-radius: 8px; background: #b3261e; color: #fff; }
.check { display: flex; gap: .5rem; font-weight: 400; margin: .2rem 0; }
code, pre { overflow-wrap: anywhere; white-space: pre-wrap; }
ul { padding-left: 1.2rem; }
 .buttons { display: flex; gap: .8rem; }
.brand { color: var(--accent); font-weight: 700; letter-spacing: .04em; }
"""
_SCOPES = {
    "read": "See the items of your account and their statistics",
    "write": "Change settings",
    "liveview": "Watch live video",
    "audiotransmit": "Speak through cameras",
    "liveview_ptz": "Move cameras",
    "liveview_light": "Switch cameras' lights",
    "liveview_audioclip": "Play audio clips on cameras",
    "recordings": "Watch and download recordings",
    "recordings_delete": "Delete recordings",
    "events": "Read events",
}


def page(title: str, body: str) -> str:
    """Return a complete page with this body."""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>"
        f'<div class="brand">SIMULATED PORTAL</div><h1>{escape(title)}</h1>{body}'
        "</main></body></html>"
    )


def hidden(fields: Mapping[str, str]) -> str:
    """Return hidden form fields."""
    return "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )


def sign_in(action: str, fields: Mapping[str, str], error: str = "") -> str:
    """Return the sign-in page; the form posts `username` and `password`."""
    warning = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    return page(
        "Sign in",
        f'{warning}<form method="post" action="{escape(action)}">{hidden(fields)}'
        '<label>User name<input type="text" name="username" autocomplete="username"'
        ' required autofocus></label><label>Password<input type="password"'
        ' name="password" autocomplete="current-password" required></label>'
        "<button>Sign in</button></form>",
    )


def consent(
    action: str,
    fields: Mapping[str, str],
    application: str,
    username: str,
    scopes: list[str],
) -> str:
    """Return the consent page; the form posts `decision`, allow or deny."""
    rights = "".join(f"<li>{escape(_SCOPES[scope])}</li>" for scope in scopes)
    return page(
        f"{application} asks for access",
        f"<p>Signed in as <b>{escape(username)}</b>. The application will be able to:"
        f'</p><ul>{rights}</ul><form method="post" action="{escape(action)}">'
        f'{hidden(fields)}<div class="buttons">'
        '<button name="decision" value="allow">Allow</button>'
        '<button class="quiet" name="decision" value="deny">Refuse</button>'
        "</div></form>",
    )


def refusal(message: str) -> str:
    """Return the error page of an authorization without a safe redirect URI."""
    return page(
        "Access cannot be granted", f'<p class="error" role="alert">{message}</p>'
    )
