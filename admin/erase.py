"""``admin erase``: what was counted of a camera in a stretch of time is gone, and a record says so."""

import argparse
import getpass
import os
import sys
from collections.abc import Iterable
from datetime import UTC
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from admin.cuts import NotErasable
from admin.database import database
from admin.eraser import Amounts, Eraser, Wanted
from admin.moments import EXAMPLE, moment_words, parse_moment
from contract import keys
from contract.erasures import FIELD, REASON_MAX, Erasure, decode_erasure
from contract.topics import is_camera_name
from dashboard.figures.sites import read_sites
from dashboard.figures.subjects import site_of
from dashboard.settings import DashboardSettings
from runtime.redis import Client
from runtime.settings import load_settings


def add_to(commands: Any) -> None:
    """Adds the command and its options."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "erase",
        help="erase what was counted of a camera in a stretch of time",
        description="Erases the windows of a camera in whole hours, in every resolution, with its past "
        "alerts; days lose what their erased hours held. Aggregators may run, dashboards follow at once.",
        epilog="What was already told to others (MQTT, webhook, downloads) is not within reach.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--camera", metavar="SITE/CAMERA", help="camera whose windows are erased")
    what.add_argument("--list", action="store_true", help="show what was erased so far")
    parser.add_argument(
        "--zone", default="", metavar="NAME", help="erase this zone alone; the camera's own windows stay"
    )
    parser.add_argument(
        "--from", dest="begin", metavar="TIME", help=f"beginning, by the site's clock: {EXAMPLE}"
    )
    parser.add_argument("--to", dest="end", metavar="TIME", help="end, which is not included")
    parser.add_argument("--by", default="", metavar="NAME", help="who erases (default: the system's user)")
    parser.add_argument("--reason", default="", metavar="WORDS", help="why, for the record")
    parser.add_argument("--yes", action="store_true", help="erase without asking")
    parser.set_defaults(do=_do)


def _do(arguments: argparse.Namespace) -> None:
    with database() as client:
        if arguments.list:
            show_records(read_records(client))
            return
        _erase(client, arguments)


def _erase(client: Client, arguments: argparse.Namespace) -> None:
    if not is_camera_name(arguments.camera):
        raise NotErasable(f"{arguments.camera!r} is no camera: site/camera, of a-z, 0-9 and -")
    if not (arguments.begin and arguments.end):
        raise NotErasable("say what with --from and --to")
    if len(arguments.reason) > REASON_MAX or len(arguments.by) > 254:
        raise NotErasable(f"--reason is longer than {REASON_MAX} characters, or --by than 254")
    site = site_of(arguments.camera)
    zone = read_sites(client, [site], load_settings(DashboardSettings))[site].time_zone
    begin, end = (parse_moment(text, zone) for text in (arguments.begin, arguments.end))
    eraser = Eraser(client, Wanted(arguments.camera, arguments.zone, begin, end, zone))
    found = eraser.preview()
    _say(
        f"{' and '.join(eraser.subjects)}, {moment_words(begin, zone)} to {moment_words(end, zone)} "
        f"({zone}): {_in_words(found)}"
    )
    if not (arguments.yes or _is_sure()):
        _say("Nothing was erased.")
        return
    done = eraser.erase(arguments.by or _system_user(), arguments.reason)
    _say(f"Erased: {_in_words(Amounts(done.visits, done.frames, done.alerts))}. Record {done.id}.")


def read_records(client: Client) -> list[Erasure]:
    """The erasures, oldest first; of one that was finished the record of its end."""
    entries: Any = client.xrange(keys.ERASURES)
    records: dict[str, Erasure] = {}
    for entry_id, fields in entries:
        try:
            record = decode_erasure(fields[FIELD.encode()])
        except (KeyError, msgspec.DecodeError):
            raise NotErasable(f"the record {entry_id.decode()} in {keys.ERASURES} cannot be read") from None
        records[record.id] = record
    return list(records.values())


def show_records(records: Iterable[Erasure]) -> None:
    """A line an erasure."""
    table = Table(box=None, header_style="bold")
    for name in ("erased at (UTC)", "by", "of", "from (UTC)", "to (UTC)", "visits", "frames", "alerts"):
        table.add_column(name, justify="right" if name in {"visits", "frames", "alerts"} else "left")
    table.add_column("reason", overflow="fold")
    for record in records:
        times = (moment_words(at_ms, UTC) for at_ms in (record.at_ms, record.from_ms, record.to_ms))
        at, begin, end = times
        unfinished = "" if record.state == "done" else "NOT FINISHED: erase it again. "
        table.add_row(
            at,
            record.by,
            keys.subject_of(record.camera, record.zone),
            begin,
            end,
            *(f"{count:,}" for count in (record.visits, record.frames, record.alerts)),
            f"{unfinished}{record.reason}",
        )
    Console(markup=False, emoji=False, width=None if sys.stdout.isatty() else 200).print(
        table if table.rows else "Nothing was erased."
    )


def _in_words(amounts: Amounts) -> str:
    counted = (
        (amounts.visits, "visits"),
        (amounts.frames, "frames with faces"),
        (amounts.alerts, "past alerts"),
    )
    return ", ".join(f"{count:,} {noun}" for count, noun in counted)


def _is_sure() -> bool:
    if not sys.stdin.isatty():
        raise NotErasable("nobody is there to be asked: --yes erases without asking")
    try:
        return input("Erase this for good? Type yes: ").strip().lower() == "yes"
    except EOFError:
        return False


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container its number has no name
        return f"uid {os.getuid()}"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
