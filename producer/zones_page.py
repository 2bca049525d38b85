"""``python -m producer zones``: a page on this machine on which to draw the zones of a camera.

One picture is taken, held in memory and shown to whoever has the address with its random token, which nobody
else on the machine can guess. The page is a single file without anything from elsewhere.
"""

import argparse
import http.server
import json
import secrets
import sys
import threading
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Final

import cv2

from producer.errors import SourceUnusable
from producer.frames import Frame, Image, Source, wall_clock
from producer.sources import open_source
from producer.zones_file import ZonesUnusable, read_zones, write_zones, zones_of
from runtime.arguments import read_port
from runtime.errors import reason_of
from runtime.stop import stop_on_signals

PAGE: Final = Path(__file__).with_name("zones.html")
FORM_BYTES_MAX: Final = 200_000
WARM_UP_MS: Final = 1000
"""The first pictures of a webcam are dark."""

FPS: Final = 5.0
STREAM_TIMEOUT_S: Final = 10.0
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; connect-src 'self'; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
}


def main(arguments: Sequence[str]) -> None:
    """Takes a picture and serves the page until a signal comes; call it from the main thread.

    Raises:
        MoodLensError: the source gives no picture, or the file of zones cannot be read.
    """
    given = _parser().parse_args(arguments)
    stop = stop_on_signals()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    if given.zones.exists():
        read_zones(given.zones)
    source = open_source(given.source, FPS, wall_clock(stop), loop=False, timeout_s=STREAM_TIMEOUT_S)
    picture = take_picture(source)
    page = ZonesPage(picture, given.zones, given.port)
    sys.stdout.write(f"draw the zones at {page.address} and end with Ctrl-C\n")
    sys.stdout.flush()
    page.serve_until(stop)


def take_picture(source: Source) -> Image:
    """One picture of a source, which is closed; of a live one, after a moment.

    Raises:
        SourceUnusable: it ended without one.
    """
    first_ms: int | None = None
    newest: Image | None = None
    try:
        for moment in source.moments():
            if not isinstance(moment, Frame):
                continue
            newest = moment.image
            first_ms = moment.captured_at_ms if first_ms is None else first_ms
            if not source.live or moment.captured_at_ms - first_ms >= WARM_UP_MS:
                break
    finally:
        source.close()
    if newest is None:
        raise SourceUnusable(f"{source.name}: no picture came")
    return newest


class ZonesPage:
    """The page and what it asks for.

    Args:
        picture: to draw on, uint8 BGR.
        file: of the zones.
        port: of 127.0.0.1; 0: any.

    Raises:
        ZonesUnusable: the port is taken.
    """

    def __init__(self, picture: Image, file: Path, port: int = 0) -> None:
        token = secrets.token_urlsafe(24)
        jpeg = cv2.imencode(".jpg", picture)[1].tobytes()

        class Handler(_Handler):
            at, zones_file, picture_jpeg = f"/{token}/", file, jpeg

        try:
            self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        except OSError as error:
            raise ZonesUnusable(f"port {port}: {reason_of(error)}") from None
        self.address = f"http://127.0.0.1:{self._server.server_port}/{token}/"

    def serve_until(self, stop: threading.Event) -> None:
        """Answers until then."""
        thread = threading.Thread(target=self._server.serve_forever, name="page", daemon=True)
        thread.start()
        stop.wait()
        self._server.shutdown()
        self._server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    at: str
    zones_file: Path
    picture_jpeg: bytes

    def do_GET(self) -> None:
        if self.path == self.at:
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", PAGE.read_bytes())
        elif self.path == f"{self.at}picture.jpg":
            self._answer(HTTPStatus.OK, "image/jpeg", self.picture_jpeg)
        elif self.path == f"{self.at}zones":
            try:
                zones = read_zones(self.zones_file) if self.zones_file.exists() else ()
            except ZonesUnusable as error:
                self._say(HTTPStatus.CONFLICT, str(error))
                return
            told = [{"name": zone.name, "kind": zone.kind, "points": zone.points} for zone in zones]
            self._answer(HTTPStatus.OK, "application/json", json.dumps({"zone": told}).encode())
        else:
            self._say(HTTPStatus.NOT_FOUND, "there is nothing here: open the address that was printed")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path != f"{self.at}zones":
            self._say(HTTPStatus.NOT_FOUND, "there is nothing here")
        elif not length.isdecimal() or int(length) > FORM_BYTES_MAX:
            self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too large")
        else:
            try:
                told = json.loads(self.rfile.read(int(length)))
                zones = zones_of(told if isinstance(told, dict) else {"zone": told})
                write_zones(self.zones_file, zones)
            except (ValueError, RecursionError):
                self._say(HTTPStatus.BAD_REQUEST, "that is no JSON")
            except ZonesUnusable as error:
                self._say(HTTPStatus.BAD_REQUEST, str(error))
            else:
                self._say(HTTPStatus.OK, f"saved to {self.zones_file}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: the token stands in every path."""

    def _say(self, status: HTTPStatus, text: str) -> None:
        self._answer(status, "text/plain; charset=utf-8", text.encode())

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, "Content-Type": kind, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m producer zones",
        description="Takes one picture into memory and serves a page on this machine, on which you draw the "
        "zones of the camera and save them to a file for `python -m producer --zones FILE`.",
    )
    parser.add_argument(
        "--source",
        required=True,
        metavar="SOURCE",
        help="what the camera looks at: webcam number, URL, video file or folder",
    )
    parser.add_argument(
        "--zones", type=Path, required=True, metavar="FILE", help="TOML file of zones, to change or to write"
    )
    parser.add_argument(
        "--port",
        type=read_port,
        default=0,
        metavar="N",
        help="port of 127.0.0.1 to serve the page on (default: any that is free)",
    )
    return parser
