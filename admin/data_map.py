"""``admin data-map``: what is stored where, for how long, and whether anything lies there that should not."""

import argparse
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from admin.database import database
from admin.errors import Refused
from admin.inventory import kinds
from admin.misfits import Misfit
from admin.retained import Retained, look
from admin.survey import Survey, survey
from admin.traces import Traces, look_through_folder, look_through_log
from admin.words import Language, Words, read_words
from contract.retention import Retention
from contract.windows import Resolution
from runtime.errors import BrokerFailure, reason_of
from runtime.redis import server_ms
from runtime.settings import MqttSettings, load_settings

STDIN: Final = "-"


@dataclass(slots=True)
class DataMap:
    """All that was looked at.

    Attributes:
        redis: every key.
        broker: what it keeps; None: it was not asked, or did not answer.
        logs, folders: name → what was looked through.
        misfits: what should not be there, wherever.
    """

    redis: Survey
    broker: Retained | None = None
    logs: dict[str, Traces] = field(default_factory=dict)
    folders: dict[str, Traces] = field(default_factory=dict)
    misfits: list[Misfit] = field(default_factory=list)


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Adds the command to the command line."""
    parser = commands.add_parser(
        "data-map",
        help="show what is stored, where and how long, and prove that no picture is",
        description="Looks at every key in Redis, at what the broker keeps, and at logs and folders that are "
        "named. Shows what is stored and how long; finds what is like a picture, keys that nobody knows, and "
        "what stays longer than it should. Names the place, never the content. Exit status 1 if "
        "anything is found.",
        epilog="For example: docker compose logs | docker compose run --rm -T admin data-map --logs -",
    )
    parser.add_argument("--json", action="store_true", help="print the map as JSON")
    parser.add_argument(
        "--logs",
        action="append",
        default=[],
        metavar="FILE",
        help="look through a log, too; - is standard input; may be given again",
    )
    parser.add_argument(
        "--scan",
        action="append",
        default=[],
        metavar="FOLDER",
        help="look through the files of a folder, too; may be given again",
    )
    parser.add_argument("--no-broker", action="store_true", help="leave the broker out")
    parser.set_defaults(do=_do)


def _do(arguments: argparse.Namespace) -> int:
    found = look_everywhere(arguments.logs, arguments.scan, broker=not arguments.no_broker)
    if arguments.json:
        sys.stdout.write(as_json(found))
    else:
        show(found, read_words(Language.ENGLISH))
    return 1 if found.misfits else 0


def look_everywhere(logs: Iterable[str], folders: Iterable[str], *, broker: bool) -> DataMap:
    """Looks at Redis, and at whatever else is asked for.

    Raises:
        RedisUnavailable, LayoutMismatch: it cannot be looked at.
        Refused: a log or folder cannot be read.
    """
    seen = DataMap(Survey())
    for name in logs:
        with ExitStack() as stack:
            seen.logs[name] = look_through_log(_open(name, stack), "log" if name == STDIN else name)
    for name in folders:
        seen.folders[name] = look_through_folder(Path(name))
    with database() as client:
        seen.redis = survey(client, server_ms(client))
    seen.misfits = list(seen.redis.misfits)
    if broker:
        try:
            seen.broker = look(load_settings(MqttSettings))
            seen.misfits += seen.broker.misfits
        except BrokerFailure as error:
            seen.misfits.append(Misfit("broker", f"it was not looked at: {error}"))
    for traces in (*seen.logs.values(), *seen.folders.values()):
        seen.misfits += traces.misfits
    return seen


def as_json(found: DataMap) -> str:
    """The map for machines, without any content of what it found."""
    tallies = [
        {
            "kind": name,
            "pattern": tally.kind.pattern.pattern,
            "type": tally.kind.type,
            "keys": tally.keys,
            "bytes": tally.bytes,
            "kept_ms": tally.kind.kept_ms,
            "entries_max": tally.kind.entries,
            "expires": tally.kind.expires,
            "longest_to_live_ms": tally.longest_ms,
            "oldest_entry_ms": tally.oldest_ms,
        }
        for name, tally in found.redis.tallies.items()
    ]
    looked = {
        name: {"files": traces.files, "bytes": traces.bytes}
        for name, traces in (*found.logs.items(), *found.folders.items())
    }
    broker = found.broker and {"retained": sorted(found.broker.messages), "hidden": found.broker.hidden}
    sites = {name: {"kept_ms": {**kept.own}} for name, kept in _own(found).items()}
    whole = {
        "redis": {"kinds": tallies, "unknown_keys": found.redis.foreign, "sites": sites},
        "broker": broker,
        "looked_through": looked,
        "misfits": found.misfits,
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"


def show(found: DataMap, words: Words) -> None:
    """The map for people."""
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("in Redis", "keys", "bytes", "kept", "oldest entry", "gone by itself in"):
        table.add_column(name, justify="right" if name in {"keys", "bytes"} else "left")
    for kind in kinds():
        tally = found.redis.tallies.get(kind.name)
        if tally:
            table.add_row(
                Text(words.stored[kind.name]),
                f"{tally.keys:,}",
                f"{tally.bytes:,}",
                words.kept(kind),
                "" if tally.oldest_ms is None else words.duration(tally.oldest_ms),
                "" if tally.longest_ms is None else words.duration(tally.longest_ms),
            )
    console.print(table)
    for line in (*_kept_shorter(found, words), *_other_places(found)):
        console.print(Text(line))
    if not found.misfits:
        console.print(
            Text("\nNothing like a picture, no unknown key, nothing older than it should be.", "green")
        )
        return
    console.print(Text(f"\n{len(found.misfits):,} found:", "bold red"))
    for misfit in found.misfits:
        console.print(Text(f"  {misfit.where}: {misfit.what}"), soft_wrap=True)


def _own(found: DataMap) -> dict[str, Retention]:
    """Sites that say themselves how long they keep windows, by name."""
    return {name: kept for name, kept in sorted(found.redis.kept.items()) if kept.own}


def _kept_shorter(found: DataMap, words: Words) -> Iterable[str]:
    for name, kept in _own(found).items():
        spans = ", ".join(
            f"{words.stored[f'windows_{each}'].lower()} {words.duration(kept.kept_ms(each))}"
            for each in Resolution
            if each in kept.own
        )
        yield f"\n{name} keeps {spans}"


def _other_places(found: DataMap) -> Iterable[str]:
    if found.broker:
        yield f"\nbroker: keeps {len(found.broker.messages):,} messages, the status of cameras"
    for name, traces in found.logs.items():
        yield f"log {name}: {traces.bytes:,} bytes looked through"
    for name, traces in found.folders.items():
        yield f"folder {name}: {traces.files:,} files, {traces.bytes:,} bytes looked through"


def _open(name: str, stack: ExitStack) -> BinaryIO:
    if name == STDIN:
        return sys.stdin.buffer
    try:
        return stack.enter_context(Path(name).open("rb"))
    except OSError as error:
        raise Refused(f"{name}: {reason_of(error)}") from None
