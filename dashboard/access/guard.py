"""The guard: stands before everything that the dashboard serves, pages, files and websockets alike."""

import asyncio
import logging
from typing import Final
from urllib.parse import quote, urlsplit

import anyio
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from dashboard.access import oidc
from dashboard.access.door import Door, is_loopback
from dashboard.access.users import BadUsersFile

SIGN_IN: Final = "/sign-in"
SIGN_IN_WITH: Final = "/sign-in/with/"
SIGN_OUT: Final = "/sign-out"
HEALTH: Final = "/_stcore/health"

_LOOK_AGAIN_S = 1.0
"""So soon after a sign-in ends, the pages that are open are told nothing more."""

_RELOAD_AFTER_S = 4.0
"""And so much later they ask for sign-in; at once, that would stop the one that is on its way to sign out."""

_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "frame-ancestors 'self'",
}
_POLICY_VIOLATION: Final = 1008

_log = logging.getLogger(__name__)


class Guard:
    """ASGI middleware that lets nobody in who has not signed in.

    Args:
        app: what it guards.
        door: knows who may come in.
        here_only: answer only to names of this machine itself, as others' pages could otherwise reach an
            unguarded dashboard through a browser that runs here (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, door: Door, *, here_only: bool) -> None:
        self._app = app
        self._door = door
        self._here_only = here_only
        self._open = {HEALTH, SIGN_IN, SIGN_OUT, *(SIGN_IN_WITH + provider for provider in door.providers)}
        if door.providers:
            self._open |= oidc.PATHS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or answers it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        send = _with_headers(send)
        connection = HTTPConnection(scope)
        if self._here_only and scope["path"] != HEALTH and not is_loopback(_asked_for(connection)):
            here = "This dashboard has no sign-in: it answers on the machine it runs on only."
            await _refuse(PlainTextResponse(here, 403), scope, receive, send)
            return
        is_open = scope["type"] == "http" and scope["path"] in self._open
        if is_open or not self._door.users_file:
            await self._app(scope, receive, send)
            return
        try:
            visitor = self._door.visitor(connection.cookies)
        except BadUsersFile as error:
            await _refuse(out_of_order(connection, error), scope, receive, send)
            return
        if not visitor:
            await _refuse(_ask_to_sign_in(connection), scope, receive, send)
        elif scope["type"] == "websocket":
            await self._serve_while_signed_in(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _serve_while_signed_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a websocket on, and ends it when its sign-in ends."""
        with anyio.CancelScope() as signed_in:
            watch = asyncio.create_task(self._watch(HTTPConnection(scope), signed_in))
            try:
                await self._app(scope, receive, send)
            finally:
                watch.cancel()
        if signed_in.cancel_called:
            await asyncio.sleep(_RELOAD_AFTER_S)
            await send({"type": "websocket.send", "bytes": _reload()})
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})

    async def _watch(self, connection: HTTPConnection, signed_in: anyio.CancelScope) -> None:
        is_signed_in = True
        while is_signed_in:
            await asyncio.sleep(_LOOK_AGAIN_S)
            is_signed_in = self._is_signed_in(connection)
        signed_in.cancel()

    def _is_signed_in(self, connection: HTTPConnection) -> bool:
        try:
            return self._door.visitor(connection.cookies) is not None
        except BadUsersFile:
            return False


def out_of_order(_connection: HTTPConnection, error: Exception) -> Response:
    """The answer while the users file cannot be used, for ``error``."""
    _log.error("nobody can come in: %s", error)
    text = "Sign-in is out of order. Whoever runs this dashboard finds the reason in its log."
    return PlainTextResponse(text, 503)


def _ask_to_sign_in(connection: HTTPConnection) -> Response:
    """Sends a person to the sign-in page, and from there back; anything else is told no."""
    if "text/html" not in connection.headers.get("accept", "") or connection.scope.get("method") != "GET":
        return PlainTextResponse("sign in first", 401)
    path, query = connection.scope["path"], connection.scope["query_string"].decode("latin-1")
    wanted = quote(path) + (f"?{query}" if query else "")
    query = "" if wanted == "/" else f"?next={quote(wanted, safe='/')}"
    return RedirectResponse(f"{SIGN_IN}{query}", 303, {"Cache-Control": "no-store"})


def _asked_for(connection: HTTPConnection) -> str:
    """The host of the ``Host`` header; where Starlette finds it odd, it puts the server's own instead."""
    try:
        return urlsplit(f"//{connection.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


async def _refuse(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
    else:
        await response(scope, receive, send)


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers


def _reload() -> bytes:
    """Makes Streamlit's page load itself anew (an empty address is its own), and so ask for sign-in."""
    message = ForwardMsg()
    message.auth_redirect.url = ""
    return bytes(message.SerializeToString())
