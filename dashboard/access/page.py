"""The sign-in page: small, without scripts, and with nothing of the dashboard in it."""

import base64
import hashlib
from html import escape
from pathlib import Path
from typing import Final

from starlette.responses import HTMLResponse

from contract.labels import LABELS
from dashboard.charts.style import COLOURS
from dashboard.theme import LOGO

_STYLE: Final = Path(__file__).with_name("page.css").read_text()
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_ICON: Final = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 100 100'%3E"
    "%3Ctext y='.9em' font-size='90'%3E🙂%3C/text%3E%3C/svg%3E"
)
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
}


def password_page(next_page: str, *, name: str = "", error: str = "", status: int = 200) -> HTMLResponse:
    """Asks for name and password.

    Args:
        next_page: where to go then, a path of this server.
        name: as typed before.
        error: what was wrong with that.
        status: of the answer.
    """
    focus_name, focus_password = ("", " autofocus") if name else (" autofocus", "")
    form = f"""
    <form method="post" action="/sign-in">
      <input type="hidden" name="next" value="{escape(next_page)}">
      <label>Name
        <input name="name" value="{escape(name)}" required autocomplete="username" autocapitalize="none"
          autocorrect="off" spellcheck="false" maxlength="128"{focus_name}></label>
      <label>Password
        <input name="password" type="password" required autocomplete="current-password"
          maxlength="256"{focus_password}></label>
      <button>Sign in</button>
    </form>
    <p class="foot">Password forgotten? Whoever runs this dashboard can give you a new one.</p>"""
    return _page("Sign in to see your sites.", error, form, status)


def provider_page(links: list[tuple[str, str]], *, error: str = "", status: int = 200) -> HTMLResponse:
    """Offers to sign in with OpenID Connect.

    Args:
        links: what the buttons say, and where they lead.
        error: why one who has signed in with a provider does not come in.
        status: of the answer.
    """
    buttons = "".join(f'\n      <a href="{escape(link)}">{escape(text)}</a>' for text, link in links)
    return _page("Sign in to see your sites.", error, f"\n    <nav>{buttons}\n    </nav>", status)


def _page(lead: str, error: str, content: str, status: int) -> HTMLResponse:
    said = f'\n    <p class="error" role="alert">{escape(error)}</p>' if error else ""
    text = f"""<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="robots" content="noindex">
  <title>Sign in · MoodLens</title>
  <link rel="icon" href="{_ICON}">
  <style>{_STYLE}</style>
</head>
<body>
  <main>
    {_strip()}
    <h1>{LOGO}</h1>
    <p>{lead}</p>{said}{content}
  </main>
</body>
</html>
"""
    return HTMLResponse(text, status, _HEADERS)


def _strip() -> str:
    """The emotions' colours; as attributes, for the policy forbids styles within the page."""
    parts = "".join(
        f'<rect x="{number}" width="1" height="1" fill="{COLOURS[label]}"/>'
        for number, label in enumerate(LABELS)
    )
    return (
        f'<svg class="strip" viewBox="0 0 {len(LABELS)} 1" preserveAspectRatio="none" aria-hidden="true">'
        f"{parts}</svg>"
    )
