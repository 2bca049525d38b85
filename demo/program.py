"""The command line of the demo."""

import argparse
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from demo.folder import temporary_folder
from demo.history import DAYS_MAX
from demo.options import Options
from demo.ports import DASHBOARD_PORT
from demo.story import DEFAULT, FOLDER
from demo.system import System
from runtime.arguments import read_port
from runtime.stop import stop_on_signals


def main() -> None:
    """Reads the arguments and runs the system until a signal comes or its time is over."""
    options = parse(sys.argv[1:])
    stop = stop_on_signals()
    with temporary_folder() as folder:
        System(options, folder, say, stop).run()


def say(line: str) -> None:
    """Writes a line to the terminal, at once, if somebody still reads."""
    with suppress(BrokenPipeError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def parse(arguments: list[str]) -> Options:
    """The options that command line arguments ask for; ends the program where they are wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m demo",
        description="Runs the whole of MoodLens on this machine: cameras, a broker, a worker, Redis, an "
        "aggregator and the dashboard. Nothing is kept: all of it is gone when it ends.",
        epilog="A broker and a Redis that are installed here (mosquitto, redis-server or valkey-server) are "
        "used as programs, with the demo's own settings, ports and data; a server that already runs is left "
        "alone. MOODLENS_PRODUCER_... variables, such as MOODLENS_PRODUCER_FPS, reach the cameras.",
    )
    parser.add_argument(
        "--source",
        metavar="SOURCE",
        default="",
        help="webcam number, rtsp:// or http:// URL, video file or folder of pictures (again and again), "
        "which the dashboard's live view shows for 10 minutes; without it, a store of synthetic shoppers "
        "whose moods are scripted",
    )
    parser.add_argument(
        "--story",
        metavar="STORY",
        default=DEFAULT,
        help="what happens in that store: a TOML file, or one of "
        + ", ".join(sorted(file.stem for file in FOLDER.glob("*.toml")))
        + " (default: %(default)s)",
    )
    parser.add_argument(
        "--history",
        type=_days,
        default=0,
        metavar="DAYS",
        help="give that store a simulated past of so many days first, which takes about two seconds a day",
    )
    parser.add_argument(
        "--port",
        type=read_port,
        metavar="N",
        help=f"port of the dashboard (default: {DASHBOARD_PORT}, or a free one if that is taken)",
    )
    parser.add_argument(
        "--embedded", action="store_true", help="use the broker and Redis that come as Python packages"
    )
    parser.add_argument("--headless", action="store_true", help="run without the dashboard")
    parser.add_argument(
        "--seconds", type=_seconds, metavar="N", help="end N seconds after all is up (default: at Ctrl-C)"
    )
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        help="at the end, write as JSON what was counted and, of a story, how near that is to the truth",
    )
    parser.add_argument(
        "--verbose", action="store_true", help="show what every part logs, and where the servers are"
    )
    parser.add_argument("--version", action="version", version=f"moodlens {version('moodlens')}")
    given = parser.parse_args(arguments)
    if given.source and given.story != DEFAULT:
        parser.error("--story plays before synthetic cameras, which --source leaves out")
    if given.source and given.history:
        parser.error("--history is the past of synthetic cameras, which --source leaves out")
    if given.headless and given.port:
        parser.error("--port is for the dashboard, which --headless leaves out")
    return Options(**vars(given))


def _days(text: str) -> int:
    if not text.isdecimal() or int(text) > DAYS_MAX:
        raise argparse.ArgumentTypeError(f"{text} is no number of days: 0 to {DAYS_MAX}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds")
    return seconds
