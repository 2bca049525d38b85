"""``admin site``: what holds at a site: its clock, its opening hours, what it shows and what it keeps."""

import argparse
import re
import sys
from collections.abc import Mapping
from typing import Any, Final

from admin.database import database
from admin.errors import Refused
from admin.keeping import hold, parse_keep, rules_beyond
from contract import keys
from contract.events import NAME_PATTERN
from contract.hours import EXAMPLE, BadHours, OpeningHours
from contract.retention import FIELDS, STANDARD, Retention
from dashboard.figures.sites import Site, read_sites
from dashboard.figures.subjects import read_subjects
from dashboard.settings import DashboardSettings
from runtime.redis import Client
from runtime.settings import load_settings
from runtime.zones import named_zone

K_MAX: Final = 100
K_USUAL: Final = 5

_NAME: Final = re.compile(NAME_PATTERN)


def add_to(commands: Any) -> None:
    """Adds the command and its options."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "site",
        help="show or change what holds at a site",
        description="Shows or changes what holds at a site. Dashboards and aggregators follow in a minute.",
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("name", nargs="?", metavar="NAME", help="the site, as in SITE/CAMERA")
    which.add_argument("--list", action="store_true", help="show all sites")
    parser.add_argument(
        "--time-zone", metavar="ZONE", help="clock of the site: an IANA name, such as Europe/Berlin"
    )
    parser.add_argument(
        "--k",
        type=int,
        metavar="N",
        help=f"least visits that any figure shown rests on: 1 to {K_MAX}, usually {K_USUAL}",
    )
    parser.add_argument("--hours", metavar="HOURS", help=f"when it is open: '{EXAMPLE}'; '' is day and night")
    parser.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="WINDOWS=TIME",
        help=f"how long windows are kept, such as 1h=90d, or 1h=default; may be given again. Default, and "
        f"longest: {STANDARD}. A shorter time holds at once, also for what is stored already",
    )
    parser.add_argument(
        "--simulated",
        action=argparse.BooleanOptionalAction,
        help="whether a script makes its figures, which the dashboard then says",
    )
    parser.set_defaults(do=_do)


def _do(arguments: argparse.Namespace) -> None:
    values = changed(arguments)
    with database() as client:
        if arguments.list:
            if values:
                raise Refused("--list shows; to change a site, name it")
            for name in _known(client):
                _say(_line(_read(client, name)))
            return
        if not _NAME.fullmatch(arguments.name):
            raise Refused(f"{arguments.name!r} is no site: a-z, 0-9 and -")
        has_windows = arguments.name in read_subjects(client).sites()
        before = _read(client, arguments.name)
        _write(client, arguments.name, values)
        site = _read(client, arguments.name)
        _say(_line(site))
        said = warnings(before, site, has_windows=has_windows)
        if arguments.keep:
            said += _hold(client, site)
        for warning in (*said, *_unusable(site.retention)):
            _say(warning)


def changed(arguments: argparse.Namespace) -> dict[str, str | None]:
    """Fields of ``keys.site`` that the command line sets; None: it takes the field away.

    Raises:
        Refused, SettingsError: one of them cannot be used; says which.
    """
    values = parse_keep(arguments.keep)
    if arguments.time_zone is not None:
        values["time_zone"] = str(named_zone(arguments.time_zone))
    if arguments.k is not None:
        if not 1 <= arguments.k <= K_MAX:
            raise Refused(f"--k {arguments.k} is not between 1 and {K_MAX}")
        values["k"] = str(arguments.k)
    if arguments.hours is not None:
        try:
            values["hours"] = str(OpeningHours.parse(arguments.hours))
        except BadHours as error:
            raise Refused(f"--hours: {error}") from None
    if arguments.simulated is not None:
        values["simulated"] = str(int(arguments.simulated))
    return values


def warnings(before: Site, after: Site, *, has_windows: bool) -> list[str]:
    """What a change means that one might not expect."""
    said = []
    if after.k < min(K_USUAL, before.k):
        said.append(
            f"Note: figures may now rest on {after.k} visit{'s' * (after.k > 1)}. Who was there at that time "
            "may be recognised in them; in a real store, leave k at 5 or more."
        )
    if has_windows and str(after.time_zone) != str(before.time_zone):
        said.append(
            f"Note: hours and days that are stored stay cut by {before.time_zone}; around the change, and in "
            "what is older, they are shifted."
        )
    return said


def _known(client: Client) -> list[str]:
    """Sites that have windows."""
    return list(read_subjects(client).sites())


def _read(client: Client, name: str) -> Site:
    return read_sites(client, [name], load_settings(DashboardSettings))[name]


def _write(client: Client, name: str, values: Mapping[str, str | None]) -> None:
    words = [word for field, value in values.items() if value is not None for word in (field, value)]
    gone = [field for field, value in values.items() if value is None]
    if words:
        client.hset(keys.site(name), items=words)
    if gone:
        client.hdel(keys.site(name), *gone)


def _hold(client: Client, site: Site) -> list[str]:
    """Has what is stored go as the site keeps it now; what there is to say of that."""
    said = rules_beyond(client, read_subjects(client).of_site(site.name), site.retention)
    earlier = hold(client, site.name, site.retention, site.time_zone)
    if earlier:
        said.append(
            f"Note: what is stored goes earlier, too (chunks: {earlier:,}); what is older than that is gone."
        )
    return said


def _unusable(kept: Retention) -> list[str]:
    return [f"Note: {FIELDS[each]} is not used: {why}" for each, why in kept.unusable.items()]


def _line(site: Site) -> str:
    hours = str(site.hours) or "day and night"
    simulated = ", simulated" if site.simulated else ""
    shown = f"time zone {site.time_zone}, k {site.k}, open {hours}, keeps {site.retention}{simulated}"
    return f"{site.name}: {shown}"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
