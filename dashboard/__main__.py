"""``python -m dashboard``."""

import argparse
import os
import sys
from importlib.metadata import version
from pathlib import Path

from dashboard.settings import DashboardSettings
from runtime.process import run
from runtime.settings import MqttSettings, RedisSettings, load_settings


def main() -> None:
    """Reads arguments, checks the settings, and becomes Streamlit."""
    parser = argparse.ArgumentParser(
        prog="python -m dashboard",
        description="Serves the dashboard.",
        epilog="Settings are environment variables: docs/settings.md lists them.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to serve on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8501, help="port to serve on (default: %(default)s)")
    parser.add_argument("--version", action="version", version=f"moodlens {version('moodlens')}")
    arguments = parser.parse_args()
    for kind in (DashboardSettings, RedisSettings, MqttSettings):
        load_settings(kind)  # so that a bad one is told here, in one line, and not on the page
    options = {
        "server.address": arguments.host,
        "server.port": arguments.port,
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "runner.magicEnabled": "false",  # else docstrings appear on the page
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "logger.level": "warning",
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    app = Path(__file__).with_name("app.py")
    command = [sys.executable, "-m", "streamlit", "run", str(app), *flags]
    os.execv(sys.executable, command)  # noqa: S606 - no shell, and nothing of it is a person's input


if __name__ == "__main__":
    run(main, "dashboard")
