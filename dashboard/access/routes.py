"""Signing in and out."""

import ipaddress
import logging
import math
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs, urlsplit

import anyio
import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dashboard.access import oidc
from dashboard.access.door import COOKIE, Door
from dashboard.access.guard import SIGN_IN, SIGN_IN_WITH, SIGN_OUT
from dashboard.access.page import password_page, provider_page
from dashboard.access.passwords import LENGTH_MAX, is_password_of, nobodys_hash
from dashboard.access.sessions import HOUR_MS
from dashboard.access.throttle import Throttle
from dashboard.access.users import NAME_LENGTH_MAX, User, key_of

FREE_OF_A_NAME = 5
FREE_OF_AN_ADDRESS = 50
"""Wrong passwords in a row that cost no wait: one name's from one address, and all names' from it."""

FORM_BYTES_MAX = 8_192
_WRONG: Final = "The name or the password is not right."

_log = logging.getLogger(__name__)


class SignIn:
    """The sign-in page and what its form does.

    Args:
        door: knows who may come in.
        now_s: a clock that only goes forward, seconds.
    """

    def __init__(self, door: Door, now_s: Callable[[], float] = time.monotonic) -> None:
        self._door = door
        self._of_name = Throttle(FREE_OF_A_NAME, now_s)
        self._of_address = Throttle(FREE_OF_AN_ADDRESS, now_s)
        # one at a time: each takes memory
        self._checks = anyio.CapacityLimiter(1)
        self._nobodys = nobodys_hash()

    def routes(self) -> list[Route]:
        """What Streamlit's application is to serve besides its own."""
        return [
            Route(SIGN_IN, self.show, methods=["GET"]),
            Route(SIGN_IN, self.check, methods=["POST"]),
            Route(SIGN_IN_WITH + "{provider}", self.to_provider, methods=["GET"]),
            Route(SIGN_OUT, self.leave, methods=["GET"]),
        ]

    async def show(self, request: Request) -> Response:
        """The page; one who has signed in is sent on."""
        next_page = _safe(request.query_params.get("next", ""))
        if not self._door.users_file or self._door.visitor(request.cookies):
            return RedirectResponse(next_page, 303)
        if not self._door.providers:
            return password_page(next_page)
        if stranger := self._door.stranger(request.cookies):
            error = f"{stranger} has no access here. Whoever runs this dashboard can grant it."
            return provider_page([("Sign in as somebody else", oidc.SIGN_OUT)], error=error, status=403)
        return provider_page(
            [(oidc.invitation(provider), f"{SIGN_IN_WITH}{provider}") for provider in self._door.providers]
        )

    async def to_provider(self, request: Request) -> Response:
        """Sends the browser to an OpenID Connect provider."""
        provider = request.path_params["provider"]
        if provider not in self._door.providers:
            return RedirectResponse(SIGN_IN, 303)
        return RedirectResponse(oidc.sign_in_link(provider), 303)

    async def check(self, request: Request) -> Response:
        """Takes name and password."""
        users_file = self._door.users_file
        if not users_file or self._door.providers:
            return RedirectResponse(SIGN_IN, 303)
        _require_own_page(request)
        name, password, next_page = await _read_form(request)
        address = _address(request)
        of_name = (key_of(name), address)
        wait_s = max(self._of_name.wait_s(of_name), self._of_address.wait_s(address))
        if wait_s > 0:
            _log.warning("%s must wait for %.0f s after too many wrong passwords", address, wait_s)
            error = f"Too many wrong passwords. Try again in {_in_words(wait_s)}."
            page = password_page(next_page, name=name, error=error, status=429)
            page.headers["Retry-After"] = str(math.ceil(wait_s))
            return page
        self._of_name.count(of_name)
        self._of_address.count(address)
        users = users_file.users()
        user = users.find(name)
        if not await self._knows(user, password) or not user:
            # not the name that was typed: it may be a password
            _log.warning(
                "wrong password for %s, from %s", user.name if user else "a name that is none", address
            )
            return password_page(next_page, name=name, error=_WRONG, status=401)
        self._of_name.forget(of_name)
        self._of_address.take_back(address)
        _log.info("%s has signed in, from %s", user.name, address)
        response = RedirectResponse(next_page, 303, {"Cache-Control": "no-store"})
        response.set_cookie(
            COOKIE,
            self._door.sessions.begin(users, user),
            max_age=self._door.sessions.hours * HOUR_MS // 1000,
            httponly=True,
            samesite="lax",
            secure=_is_tls(request),
        )
        return response

    async def leave(self, request: Request) -> Response:
        """Ends a sign-in on all tabs; only a link that this server has made does so."""
        visitor = self._door.visitor(request.cookies)
        if visitor and request.query_params.get("session") != visitor.session:
            return RedirectResponse("/", 303)
        if visitor:
            self._door.sessions.end(visitor)
            _log.info("%s has signed out", visitor.name)
        response = RedirectResponse(oidc.SIGN_OUT if self._door.providers else SIGN_IN, 303)
        response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=_is_tls(request))
        return response

    async def _knows(self, user: User | None, password: str) -> bool:
        """Takes as long for a name that is none."""
        stored = user.password if user and user.password else self._nobodys
        return await anyio.to_thread.run_sync(is_password_of, password, stored, limiter=self._checks)


async def _read_form(request: Request) -> tuple[str, str, str]:
    """Name, password and the page to go to."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > FORM_BYTES_MAX:
            raise HTTPException(413)
    fields = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    name, password, next_page = (fields.get(field, [""])[0] for field in ("name", "password", "next"))
    if len(name) > NAME_LENGTH_MAX or len(password) > LENGTH_MAX:
        raise HTTPException(413)
    return name, password, _safe(next_page)


def _require_own_page(request: Request) -> None:
    """Refuses a form of another site; a browser tells in one header at least."""
    fetch_site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if fetch_site:
        is_own = fetch_site in ("same-origin", "none")
    else:
        is_own = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not is_own:
        raise HTTPException(403, "sign in on this server's own page")


def _is_tls(request: Request) -> bool:
    return request.url.scheme == "https"


def _safe(wanted: str) -> str:
    """``wanted`` if it is a path of this server, else the first page."""
    is_path = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted
    return wanted if is_path and wanted.isprintable() and " " not in wanted else "/"


def _address(request: Request) -> str:
    """Whose guesses are counted together: an address, of IPv6 the network of one household (64 bits)."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return host if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))


def _in_words(wait_s: float) -> str:
    seconds = math.ceil(wait_s)
    if seconds < 60:
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    minutes = math.ceil(seconds / 60)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
