"""``python -m producer badge``: a badge to print, as SVG in true millimetres."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from producer.badges import DICTIONARY, IDS
from runtime.errors import MoodLensError, reason_of

MODULES: Final = 6
"""A marker is 4×4 modules in a black border of one."""

QUIET: Final = 1
"""White modules around it: without them it is not found on dark cloth."""

READ_FROM_PX: Final = 36
"""Height of a face in the camera's picture from which a badge of 80 mm is read (docs/zones.md)."""

READ_AT_MM: Final = 80
LABEL_MM: Final = 5


class BadgeUnusable(MoodLensError):
    """The badge cannot be written."""


def main(arguments: Sequence[str]) -> None:
    """Writes a badge and says from where it is read.

    Raises:
        BadgeUnusable: the file cannot be written.
    """
    given = _parser().parse_args(arguments)
    path: Path = given.to
    try:
        path.write_text(badge_svg(given.id, given.size_mm), encoding="utf-8")
    except OSError as error:
        raise BadgeUnusable(f"{path} cannot be written: {reason_of(error)}") from None
    face_px = READ_FROM_PX * READ_AT_MM / given.size_mm
    sys.stdout.write(
        f"{path}: badge {given.id}, {given.size_mm:g} mm; print it at 100% on matt paper. It is read where "
        f"faces are at least {face_px:.0f} pixels high in the camera's picture.\n"
    )


def badge_svg(number: int, size_mm: float) -> str:
    """A badge as an SVG page.

    Args:
        number: 0 … 49.
        size_mm: side of the marker, without its white border.
    """
    marker = cv2.aruco.generateImageMarker(cv2.aruco.getPredefinedDictionary(DICTIONARY), number, MODULES)
    module_mm = size_mm / MODULES
    side_mm = size_mm + 2 * QUIET * module_mm
    black = "".join(f"M{x + QUIET},{y + QUIET}h1v1h-1z" for y, x in np.argwhere(marker == 0))
    modules = MODULES + 2 * QUIET
    label = LABEL_MM / module_mm
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side_mm:g}mm" height="{side_mm + LABEL_MM:g}mm" '
        f'viewBox="0 0 {modules} {modules + label:g}">'
        f'<rect width="100%" height="100%" fill="#fff"/>'
        f'<path d="{black}" fill="#000" shape-rendering="crispEdges"/>'
        f'<text x="{modules / 2:g}" y="{modules + label / 3:g}" font-size="{0.7 * label:g}" '
        f'font-family="sans-serif" text-anchor="middle">MoodLens staff {number}</text></svg>\n'
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m producer badge",
        description="Draws a badge for staff: who wears it below the face is left out for the whole visit.",
    )
    parser.add_argument(
        "--id", type=_number, required=True, metavar="N", help=f"number of the badge, 0 to {IDS - 1}"
    )
    parser.add_argument(
        "--size-mm",
        type=_size_mm,
        default=80.0,
        metavar="MM",
        help="side of the marker in millimetres, 20 to 200 (default: %(default)g)",
    )
    parser.add_argument("--to", type=Path, required=True, metavar="FILE", help="SVG file to write")
    return parser


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) >= IDS:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to {IDS - 1}")
    return int(text)


def _size_mm(text: str) -> float:
    try:
        size_mm = float(text)
    except ValueError:
        size_mm = 0.0
    if not 20 <= size_mm <= 200:
        raise argparse.ArgumentTypeError(f"{text} is not from 20 to 200")
    return size_mm
