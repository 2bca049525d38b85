"""Whether a process is well (``/healthz``) and what it has counted (``/metrics``), over HTTP."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import msgspec
from prometheus_client import make_wsgi_app

from runtime.errors import MoodLensError, reason_of
from runtime.settings import ProcessSettings

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


class Health:
    """What each part of a process last said of itself; a part that falls silent is not well.

    Args:
        max_silence_s: for each part, how long it may say nothing.
        clock: monotonic seconds.
    """

    def __init__(self, max_silence_s: dict[str, float], clock: Callable[[], float] = time.monotonic) -> None:
        self._max_silence_s = max_silence_s
        self._clock = clock
        self._said: dict[str, tuple[float, str]] = {part: (clock(), "starting") for part in max_silence_s}

    def well(self, part: str) -> None:
        """The part works."""
        self._said[part] = (self._clock(), "")

    def unwell(self, part: str, why: str) -> None:
        """The part does not work."""
        self._said[part] = (self._clock(), why)

    def faults(self) -> dict[str, str]:
        """Part → what is wrong with it; empty when all is well."""
        now_s = self._clock()
        faults = {}
        for part, (said_s, why) in self._said.items():
            silence_s = now_s - said_s
            if why:
                faults[part] = why
            elif silence_s > self._max_silence_s[part]:
                faults[part] = f"silent for {silence_s:.0f} s"
        return faults


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Requests are polls of a monitor: not worth a line each."""


@contextmanager
def serve_health(settings: ProcessSettings, health: Health) -> Iterator[None]:
    """Serves both pages while the context lasts, unless the port is 0.

    Raises:
        MoodLensError: the address cannot be used.
    """
    if settings.health_port == 0:
        yield
        return
    metrics = make_wsgi_app()

    def page(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/metrics":
            pages: Iterable[bytes] = metrics(environ, start)
            return pages
        if environ["PATH_INFO"] != "/healthz":
            start("404 Not Found", [])
            return []
        faults = health.faults()
        start("503 Service Unavailable" if faults else "200 OK", [("Content-Type", "application/json")])
        return [msgspec.json.encode({"well": not faults, "faults": faults})]

    address = (settings.health_host, settings.health_port)
    try:
        server = make_server(*address, page, server_class=_Server, handler_class=_QuietHandler)
    except OSError as error:
        raise MoodLensError(f"cannot serve health on {address[0]}:{address[1]}: {reason_of(error)}") from None
    with server:
        thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
