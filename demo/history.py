"""``python -m demo.history --days 28 --seed 7``: gives a simulated store a past."""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Final

from pydantic import SecretStr
from rich.console import Console
from rich.progress import Progress

from contract.topics import is_camera_name
from demo.backfill import require_unseen, write_history
from demo.habits import CAMERAS, Camera, Role
from runtime.errors import RedisUnavailable, SettingsError
from runtime.process import run
from runtime.redis import REDIS_ERRORS, open_redis
from runtime.settings import RedisSettings, load_settings
from runtime.stop import stop_on_signals
from runtime.zones import named_zone

DAYS: Final = 28
DAYS_MAX: Final = 400
SEED: Final = 7


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line's ``redis_url``, ``days``, ``seed`` and ``cameras``; ends the program where wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m demo.history",
        description="Writes the past of a simulated store, so that there is something to look at. "
        "An aggregator must be running. The sites are marked as simulated.",
    )
    parser.add_argument("--redis-url", metavar="URL", help="Redis to write to (default: MOODLENS_REDIS_URL)")
    parser.add_argument(
        "--days",
        type=_days,
        default=DAYS,
        metavar="N",
        help=f"days to write, today included: 1 to {DAYS_MAX} (default: %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=_seed,
        default=SEED,
        metavar="N",
        help="number that decides what happens (default: %(default)s)",
    )
    parser.add_argument(
        "--site",
        action="append",
        type=_site,
        metavar="NAME",
        dest="sites",
        help="a site with an entrance, a promotion and a queue; may be given again (default: "
        f"{', '.join(camera.name for camera in CAMERAS)})",
    )
    parser.add_argument(
        "--time-zone",
        type=_time_zone,
        default="UTC",
        metavar="NAME",
        help="IANA name, for sites that have none (default: %(default)s)",
    )
    given = parser.parse_args(arguments)
    cameras = [Camera(f"{site}/{role}", role) for site in given.sites or () for role in Role] or CAMERAS
    given.cameras = [replace(camera, time_zone=given.time_zone) for camera in cameras]
    return given


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= DAYS_MAX:
        raise argparse.ArgumentTypeError(f"{text} is no number of days: 1 to {DAYS_MAX}")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 0 on")
    return int(text)


def _site(text: str) -> str:
    if not is_camera_name(f"{text}/entrance"):
        raise argparse.ArgumentTypeError(f"{text} is no name of a site: a-z, 0-9 and -")
    return text


def _time_zone(text: str) -> tzinfo:
    try:
        return named_zone(text)
    except SettingsError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def main() -> None:
    """Reads the arguments and writes the history."""
    given = parse()
    settings = load_settings(RedisSettings)
    if given.redis_url:
        settings = settings.model_copy(update={"url": SecretStr(given.redis_url)})
    stop = stop_on_signals()
    console = Console(stderr=True)
    client = open_redis(settings)
    began_s = time.monotonic()
    try:
        require_unseen(client, given.cameras)
        with Progress(console=console) as progress:
            task = progress.add_task("days written")

            def show(done: int, of: int) -> None:
                progress.update(task, completed=done, total=of)

            until_ms = time.time_ns() // 1_000_000
            written = write_history(client, given.cameras, until_ms, given.days, given.seed, show, stop=stop)
    except REDIS_ERRORS as error:
        raise RedisUnavailable(f"Redis does not answer any more: {error}") from None
    console.print(
        f"{written.visits} visits, {written.frames} frames and {written.reports} reports in "
        f"{time.monotonic() - began_s:.0f} s"
    )


if __name__ == "__main__":
    run(main, "demo.history")
