"""``admin doctor``: examines a running server, and says what to do."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final, TypeVar

from rich import box
from rich.console import Console
from rich.table import Table

from admin.cameras import TLS_PORT
from admin.database import LOOK_TIMEOUT_S
from admin.facts import Facts, Unknown
from admin.finding import Finding, Level, worst
from admin.findings import findings
from admin.probe_broker import probe_broker
from admin.probe_cameras import probe_cameras
from admin.probe_machine import probe_certificates, probe_disk
from admin.probe_redis import probe_flow, probe_redis
from admin.settings import AdminSettings
from dashboard.settings import DashboardSettings
from runtime.arguments import read_port
from runtime.errors import RedisUnavailable
from runtime.redis import REDIS_ERRORS, Client, connect
from runtime.settings import MqttSettings, RedisSettings, load_settings

_STYLE: Final = {Level.OK: "green", Level.LOOK: "yellow", Level.ACT: "bold red"}

T = TypeVar("T")


def add_to(commands: Any) -> None:
    """Adds the command and its options."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "doctor",
        help="examine the server and say what to do",
        description="Examines broker, Redis, certificates, clocks, disk, queues and cameras. Each finding is "
        "ok, look (not as it should be) or act (something is lost, or soon will be). "
        "Exit status 1 if there is one to act on.",
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument(
        "--tls-port",
        type=read_port,
        default=TLS_PORT,
        metavar="N",
        help="port at which the broker speaks TLS (default: %(default)s)",
    )
    parser.set_defaults(do=_do)


def _do(arguments: argparse.Namespace) -> int:
    found = findings(gather(arguments.tls_port))
    if arguments.json:
        sys.stdout.write(as_json(found))
    else:
        show(found)
    return int(worst(found) is Level.ACT)


def gather(tls_port: int) -> Facts:
    """Everything that can be found out; what cannot is said in its place."""
    admin, mqtt = load_settings(AdminSettings), load_settings(MqttSettings)
    site_settings = load_settings(DashboardSettings)
    now_ms = _now_ms()
    client = _open(load_settings(RedisSettings))

    def ask(probe: Callable[[Client], T]) -> T | Unknown:
        if isinstance(client, Unknown):
            return client
        try:
            return probe(client)
        except (*REDIS_ERRORS, OSError) as error:
            return Unknown(f"does not answer: {error}")
        except ValueError as error:  # what stands there is of no version that this one can read
            return Unknown(f"holds what cannot be read: {error}")

    facts = Facts(
        now_ms=now_ms,
        broker=probe_broker(mqtt),
        redis=ask(probe_redis),
        certificates=probe_certificates(admin, mqtt.host, mqtt.port if mqtt.tls else tls_port),
        disk=probe_disk(admin.secrets_dir),
        flow=ask(lambda client: probe_flow(client, _now_ms())),
        cameras=ask(lambda client: probe_cameras(client, site_settings, now_ms)),
    )
    if not isinstance(client, Unknown):
        client.close()
    return facts


def show(found: list[Finding]) -> None:
    """A calm table."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, ratio in (("", 1), ("what", 2), ("how it is", 7), ("what to do", 6)):
        table.add_column(name, overflow="fold", ratio=ratio)
    for finding in found:
        table.add_row(
            f"[{_STYLE[finding.level]}]{finding.level}[/]",
            *map(_plain, (finding.about, finding.says, finding.advice)),
        )
    Console(width=None if sys.stdout.isatty() else 140).print(table)


def as_json(found: list[Finding]) -> str:
    """For machines: the gravest level, and every finding."""
    content = {"level": worst(found), "findings": [asdict(finding) for finding in found]}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _open(settings: RedisSettings) -> Client | Unknown:
    try:
        return connect(settings, LOOK_TIMEOUT_S)
    except RedisUnavailable as error:
        return Unknown(str(error))


def _plain(text: str) -> str:
    """Text that Rich shows as it is."""
    return text.replace("[", r"\[")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
