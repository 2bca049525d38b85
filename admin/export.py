"""``admin export``: the figures of cameras as a file, under the same rule of k as on the dashboard."""

import argparse
import sys
import time
from typing import Any, Final

from admin.database import database
from admin.errors import Refused
from admin.moments import EXAMPLE, parse_moment
from admin.sink import STANDARD_OUTPUT, open_sink
from admin.tables import (
    RESOLUTIONS,
    Subject,
    Written,
    check_kept,
    read_pieces,
    write_csv,
    write_parquet,
)
from contract.windows import Resolution
from dashboard.figures.downloads import CSV, PARQUET
from dashboard.figures.periods import Span
from dashboard.figures.sites import Site, read_sites
from dashboard.figures.store import WindowStore
from dashboard.figures.subjects import Subjects, read_subjects, site_of
from dashboard.settings import DashboardSettings
from runtime.redis import Client
from runtime.settings import load_settings

CONTENT_TYPES: Final = {"csv": CSV, "parquet": PARQUET}


def add_to(commands: Any) -> None:
    """Adds the command and its options."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "export",
        help="write figures to a file, as CSV or Parquet",
        description="Writes the figures of cameras to a file: what the dashboard's downloads hold, over any "
        "time. Neighbouring windows with less than the site's k are joined; a rest below k is left out.",
    )
    whom = parser.add_mutually_exclusive_group(required=True)
    whom.add_argument("--camera", metavar="SITE/CAMERA", help="write the figures of one camera")
    whom.add_argument("--site", metavar="SITE", help="of all cameras of a site")
    whom.add_argument("--all", action="store_true", help="of all cameras")
    parser.add_argument("--zone", default="", metavar="NAME", help="of this zone of the camera alone")
    parser.add_argument(
        "--from",
        dest="begin",
        metavar="TIME",
        required=True,
        help=f"beginning, by the site's clock: {EXAMPLE}",
    )
    parser.add_argument("--to", dest="end", metavar="TIME", required=True, help="end, which is not included")
    parser.add_argument(
        "--resolution",
        choices=tuple(RESOLUTIONS),
        default="1h",
        help="width of the windows (default: %(default)s)",
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        required=True,
        help="where to: a file, s3://BUCKET/KEY, or - for standard output",
    )
    parser.add_argument(
        "--format",
        choices=tuple(CONTENT_TYPES),
        help="format of the file (default: as its name ends, else csv)",
    )
    parser.add_argument("--replace", action="store_true", help="write over a file or object that is there")
    parser.set_defaults(do=_do)


def _do(arguments: argparse.Namespace) -> None:
    kind = format_of(arguments.output, arguments.format)
    with database() as client:
        written = export(client, arguments, kind, time.time_ns() // 1_000_000)
    where = "standard output" if arguments.output == STANDARD_OUTPUT else arguments.output
    joined = f", {written.merged:,} of them of several windows, to reach k visits" if written.merged else ""
    sys.stderr.write(f"{written.lines:,} lines written to {where}{joined}.\n")


def export(client: Client, arguments: argparse.Namespace, kind: str, now_ms: int) -> Written:
    """Writes the file.

    Args:
        client: Redis.
        arguments: of the command line.
        kind: of ``CONTENT_TYPES``.
        now_ms: UTC.

    Raises:
        Refused, BadMoment, NotKept: what is asked for cannot be had, or not be written.
    """
    subjects = read_subjects(client)
    wanted = choose(client, subjects, arguments)
    resolution = RESOLUTIONS[arguments.resolution]
    spans = [_span(arguments, subject.site, resolution, now_ms) for subject in wanted]
    pieces = read_pieces(WindowStore(client, lambda: now_ms), subjects, wanted, resolution, spans, now_ms)
    with open_sink(arguments.output, CONTENT_TYPES[kind], replace=arguments.replace) as out:
        if kind == "csv":
            return write_csv(pieces, out)
        return write_parquet(pieces, out, [subject.site.time_zone for subject in wanted])


def choose(client: Client, subjects: Subjects, arguments: argparse.Namespace) -> list[Subject]:
    """Of whom there shall be figures.

    Raises:
        Refused: there are no figures of them.
    """
    if arguments.zone and not arguments.camera:
        raise Refused("--zone needs --camera")
    cameras = subjects.cameras
    if arguments.camera:
        cameras = tuple(camera for camera in cameras if camera == arguments.camera)
    elif arguments.site:
        cameras = subjects.of_site(arguments.site)
    if not cameras:
        raise Refused(f"there are no figures of {arguments.camera or arguments.site or 'any camera'}")
    if arguments.zone and arguments.zone not in subjects.zones(arguments.camera):
        raise Refused(f"there are no figures of a zone {arguments.zone} of {arguments.camera}")
    sites = read_sites(client, sorted(set(map(site_of, cameras))), load_settings(DashboardSettings))
    return [Subject(sites[site_of(camera)], camera, arguments.zone) for camera in cameras]


def format_of(output: str, given: str | None) -> str:
    """The format that is asked for, or that a name ends with.

    Raises:
        Refused: the two are not the same.
    """
    ending = output.rpartition(".")[2].lower()
    named = ending if ending in CONTENT_TYPES else None
    if given and named and given != named:
        raise Refused(f"--format {given} and a name that ends with .{named} are not the same")
    return given or named or "csv"


def _span(arguments: argparse.Namespace, site: Site, resolution: Resolution, now_ms: int) -> Span:
    begin, end = (parse_moment(text, site.time_zone) for text in (arguments.begin, arguments.end))
    if not begin < min(end, now_ms):
        raise Refused("--to must be later than --from, and --from must have been")
    check_kept(resolution, begin, now_ms, site.time_zone, site.retention)
    return Span(begin, min(end, now_ms))
