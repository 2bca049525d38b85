"""``admin notice``: signs for visitors and papers for a store's duties, with this system's own figures."""

import argparse
import io
import re
import sys
import zipfile
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from admin.database import looking
from admin.errors import Refused
from admin.keeping import read_retentions
from admin.paper import draw_paper
from admin.particulars import UNKNOWN, Keeping, Shop, particulars
from admin.prose import Block, blocks, filled
from admin.sign import draw_sign
from admin.words import PAPERS, Language, read_words
from contract.events import NAME_PATTERN
from dashboard.figures.sites import read_sites
from dashboard.figures.subjects import read_subjects
from dashboard.settings import DashboardSettings
from runtime.errors import RedisUnavailable, reason_of
from runtime.settings import load_settings

SIGN: Final = "visitor-sign"
TEXTS: Final = ("transparency", "dpia", "processing-record", "works-council")
STDOUT: Final = "-"
TEXT_MAX: Final = 160
"""Characters of a name, a contact, a purpose."""


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Adds the command to the command line."""
    parser = commands.add_parser(
        "notice",
        help="make signs for visitors and papers on data protection, as PDFs",
        description="Makes PDFs: a sign for visitors (A4 and A5), the information that Article 50 of the AI "
        "Act asks for, a data protection impact assessment, a record of processing activities and a summary "
        "for the works council. What the system does is filled in, what only you know is marked. "
        "Not legal advice.",
        epilog='For example: docker compose run --rm -T admin notice --store "…" --contact … --output - '
        "> notice.zip",
    )
    parser.add_argument(
        "--store", required=True, metavar="NAME", help="name of the store, as its visitors know it"
    )
    parser.add_argument(
        "--contact", required=True, metavar="ADDRESS", help="whom visitors can ask: e-mail, telephone"
    )
    parser.add_argument(
        "--controller", default="", metavar="NAME", help="who is responsible: company and address"
    )
    parser.add_argument(
        "--purpose", default="", metavar="WORDS", help="what the figures are for, as it goes on in a sentence"
    )
    parser.add_argument(
        "--site",
        metavar="NAME",
        help="the site as in SITE/CAMERA: its own k, and how long its figures are kept; without it, what all "
        "sites have in common",
    )
    parser.add_argument(
        "--k", type=int, metavar="N", help="least visits that figures rest on (default: as set up)"
    )
    parser.add_argument(
        "--language",
        choices=[*Language, "both"],
        default="both",
        help="English, German, or both (default: %(default)s)",
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--folder", type=Path, metavar="FOLDER", help="write the PDFs there")
    where.add_argument("--output", metavar="FILE", help="write one zip of all; - is standard output")
    parser.set_defaults(do=_do)


def _do(arguments: argparse.Namespace) -> None:
    k, keeping = _as_set_up(arguments.site)
    shop = Shop(
        arguments.store,
        arguments.contact,
        arguments.controller,
        arguments.purpose,
        arguments.k if arguments.k is not None else k,
        keeping,
    )
    languages = list(Language) if arguments.language == "both" else [Language(arguments.language)]
    papers = make_papers(shop, languages, version("moodlens"), datetime.now(UTC).date())
    if arguments.folder:
        _write(arguments.folder, papers)
        sys.stdout.write("".join(f"{arguments.folder / name}\n" for name in papers))
    elif arguments.output == STDOUT:
        if sys.stdout.isatty():
            raise Refused("a zip is nothing for a terminal: redirect it, > notice.zip")
        sys.stdout.buffer.write(zipped(papers))
    else:
        _write(Path(arguments.output).parent, {Path(arguments.output).name: zipped(papers)})


def _as_set_up(site: str | None) -> tuple[int, Keeping]:
    """Least visits that figures rest on, and how long they are kept: at a site, or as it is everywhere.

    Raises:
        Refused: that is no name of a site.
        RedisUnavailable: a site is named, and Redis cannot be asked about it.
    """
    settings = load_settings(DashboardSettings)
    if site and not re.fullmatch(NAME_PATTERN, site):
        raise Refused(f"{site!r} is no site: a-z, 0-9 and -")
    try:
        with looking() as client:
            names = [site] if site else list(read_subjects(client).sites())
            keeping = Keeping.of(read_retentions(client, names).values())
            least = min((it.k for it in read_sites(client, names, settings).values()), default=settings.k)
            return least, keeping
    except RedisUnavailable as error:
        if site:
            raise
        sys.stderr.write(f"{error}\nPapers say the longest that figures can be kept.\n")
        return settings.k, UNKNOWN


def make_papers(shop: Shop, languages: Iterable[Language], release: str, today: date) -> dict[str, bytes]:
    """All signs and papers: file name → PDF.

    Args:
        shop: what is told about the store.
        languages: to write them in.
        release: version of MoodLens.
        today: the date on them.

    Raises:
        Refused: what is told cannot be printed, or is too long.
    """
    _check(shop)
    papers = {}
    for language in languages:
        words = read_words(language)
        known = particulars(shop, words, release, today)
        foot = f"{shop.store} · MoodLens {release}, {words.day(today)} · {words.notice.advice}"
        sign = text_of(SIGN, language, known)
        for size in ("A4", "A5"):
            papers[f"{SIGN}-{size.lower()}.{language}.pdf"] = draw_sign(sign, size, language, foot)
        for name in TEXTS:
            papers[f"{name}.{language}.pdf"] = draw_paper(
                text_of(name, language, known), words, language, foot
            )
    return papers


def text_of(name: str, language: Language, known: Mapping[str, str]) -> list[Block]:
    """The text of a paper, filled in."""
    template = PAPERS.joinpath(f"{name}.{language}.md").read_text(encoding="utf-8")
    return blocks(filled(template, known))


def zipped(papers: Mapping[str, bytes]) -> bytes:
    """One zip of all."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in papers.items():
            archive.writestr(name, content)
    return whole.getvalue()


def _check(shop: Shop) -> None:
    for name, text in (("store", shop.store), ("contact", shop.contact)):
        if not text.strip():
            raise Refused(f"--{name} is empty")
    for text in (shop.store, shop.contact, shop.controller, shop.purpose):
        if len(text) > TEXT_MAX or not (text.isprintable()):
            raise Refused(f"names, contact and purpose are one line of at most {TEXT_MAX} characters")
    if shop.k < 2:
        raise Refused(
            "figures of single visits (k = 1) are nothing for real visitors: say --k 5, and set it up so"
        )


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise Refused(f"{error.filename}: {reason_of(error)}") from None
