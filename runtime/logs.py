"""Log lines: plain for people, JSON on request."""

import logging
import sys

from pythonjsonlogger.json import JsonFormatter

from runtime.settings import ProcessSettings


def configure_logs(settings: ProcessSettings, program: str) -> None:
    """Sends all log lines of the process to standard error, in the format of ``settings``."""
    handler = logging.StreamHandler(sys.stderr)
    if settings.log_format == "json":
        handler.setFormatter(
            JsonFormatter(
                "%(levelname)s %(name)s %(message)s",
                rename_fields={"levelname": "level", "name": "logger"},
                static_fields={"program": program},
                timestamp="at",
            )
        )
    else:
        handler.setFormatter(
            logging.Formatter(f"%(asctime)s {program} %(levelname)s %(message)s", "%H:%M:%S")
        )
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
