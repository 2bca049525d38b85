"""``python -m dashboard``."""

import argparse
import logging
import signal
import sys
from importlib.metadata import version
from pathlib import Path
from types import FrameType

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from streamlit.web.bootstrap import load_config_options

from dashboard.access.door import is_loopback, refuse_open_door
from dashboard.access.guard import Guard, out_of_order
from dashboard.access.routes import SignIn
from dashboard.access.users import BadUsersFile
from dashboard.access.visitor import the_door
from dashboard.closing import closes_in_time
from dashboard.departure import Departure
from dashboard.settings import DashboardSettings
from dashboard.theme import PRIMARY_DARK, PRIMARY_LIGHT
from dashboard.tls import check_certificate
from runtime.arguments import read_port
from runtime.logs import configure_logs
from runtime.process import run
from runtime.settings import MqttSettings, ProcessSettings, RedisSettings, load_settings

APP = Path(__file__).with_name("script") / "run.py"

_log = logging.getLogger("dashboard")


def main() -> None:
    """Reads arguments, checks the settings, and serves."""
    arguments = _parser().parse_args()
    process = load_settings(ProcessSettings)
    configure_logs(process, "dashboard")
    settings = load_settings(DashboardSettings)
    for kind in (RedisSettings, MqttSettings):
        load_settings(kind)  # so that a bad one is told here, in one line, and not on the page
    cert_file = arguments.tls_cert or settings.tls_cert_file
    key_file = arguments.tls_key or settings.tls_key_file
    is_tls = check_certificate(cert_file, key_file)
    options = _streamlit_options(arguments.host, arguments.port, cert_file, key_file)
    # the door asks Streamlit for its secrets, and that must not find other options than ``run`` does
    load_config_options(options)
    door = the_door()
    refuse_open_door(door, settings, arguments.host)
    is_here = is_loopback(arguments.host)
    if door.users_file and not is_tls and not is_here:
        _log.warning("without --tls-cert, passwords cross the network unencrypted unless a proxy adds TLS")
    here_only = not door.users_file and not settings.open and is_here
    app = st.App(
        APP,
        lifespan=closes_in_time,
        routes=[*SignIn(door).routes(), Route("/now", to_first_page)],
        middleware=[Middleware(Departure), Middleware(Guard, door=door, here_only=here_only)],
        exception_handlers={BadUsersFile: out_of_order},
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    _log.info("serving %s://%s:%d", "https" if is_tls else "http", arguments.host, arguments.port)
    app.run(config=options)


def to_first_page(request: Request) -> Response:
    """The menu calls the first page Now; Streamlit serves it at ``/`` alone."""
    return RedirectResponse(f"/?{request.url.query}")


def _streamlit_options(
    host: str, port: int, cert_file: Path | None, key_file: Path | None
) -> dict[str, str | int | bool | None]:
    return {
        "server.address": host,
        "server.port": port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        # Browsers would keep large elements and be sent only their names, also of some that they have just
        # dropped, where parts of a page are drawn often: an error box. And pictures are not to be kept.
        "global.minCachedMessageSize": 1_000_000_000,
        "server.sslCertFile": str(cert_file) if cert_file else None,
        "server.sslKeyFile": str(key_file) if key_file else None,
        "runner.magicEnabled": False,  # else docstrings appear on the page
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "theme.light.primaryColor": PRIMARY_LIGHT,
        "theme.dark.primaryColor": PRIMARY_DARK,
        "logger.level": "warning",
        "logger.hideWelcomeMessage": True,  # it would ask a server far away for this machine's address
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dashboard",
        description="Serves the dashboard: what store managers see, in their browsers.",
        epilog="Settings are environment variables: docs/settings.md lists them. Sign-in: docs/sign-in.md.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to serve on (default: %(default)s)")
    parser.add_argument(
        "--port", type=read_port, default=8501, metavar="N", help="port to serve on (default: %(default)s)"
    )
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="certificate (PEM): serve HTTPS")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="private key of that certificate (PEM)")
    parser.add_argument("--version", action="version", version=f"moodlens {version('moodlens')}")
    return parser


def _end(_number: int, _frame: FrameType | None) -> None:
    """Before there is a server, and after it has closed all connections: it raises the signal again then."""
    sys.exit(0)


if __name__ == "__main__":
    run(main, "dashboard")
