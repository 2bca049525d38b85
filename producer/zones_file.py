"""The file of a camera's zones: TOML, drawn with ``python -m producer zones`` or written by hand."""

import json
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Final, cast, get_args

from contract.events import NAME_PATTERN
from producer.zones import Kind, Point, Zone
from runtime.errors import MoodLensError, reason_of

ZONES_MAX: Final = 32
POINTS_MIN: Final = 3
POINTS_MAX: Final = 32
DIGITS: Final = 4
"""Of a fraction of the frame: finer than a pixel."""

AREA_MIN: Final = 1e-5
"""Of the frame: about 20 pixels of 1080p; less is a slip of the mouse."""


class ZonesUnusable(MoodLensError):
    """A file of zones that cannot be read or written, or that says what is no zone."""


def read_zones(path: Path) -> tuple[Zone, ...]:
    """The zones of a file.

    Raises:
        ZonesUnusable: names the zone and what is wrong with it.
    """
    try:
        return zones_of(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ZonesUnusable(f"{path} cannot be read: {reason_of(error)}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ZonesUnusable(f"{path} is no TOML: {error}") from None
    except ZonesUnusable as error:
        raise ZonesUnusable(f"{path}: {error}") from None


def write_zones(path: Path, zones: Sequence[Zone]) -> None:
    """Writes a file of zones, all of it or nothing.

    Raises:
        ZonesUnusable: it cannot be written.
    """
    text = "# Zones of a camera, in fractions of its picture; `python -m producer zones` draws them.\n"
    for zone in zones:
        points = ", ".join(f"[{x:.{DIGITS}g}, {y:.{DIGITS}g}]" for x, y in zone.points)
        text += f'\n[[zone]]\nname = "{zone.name}"\nkind = "{zone.kind}"\npoints = [{points}]\n'
    try:
        fresh = path.with_name(f"{path.name}.new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise ZonesUnusable(f"{path} cannot be written: {reason_of(error)}") from None


def zones_of(told: Mapping[str, Any]) -> tuple[Zone, ...]:
    """The zones that a decoded file (or form) tells of: ``{"zone": [{"name", "kind", "points"}, …]}``.

    Raises:
        ZonesUnusable: names the zone and what is wrong with it.
    """
    if unknown := told.keys() - {"zone"}:
        raise ZonesUnusable(f"{min(unknown)} is nothing that zones have: each begins with [[zone]]")
    tables = told.get("zone", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ZonesUnusable("each zone begins with [[zone]]")
    if len(tables) > ZONES_MAX:
        raise ZonesUnusable(f"{len(tables)} zones, at most {ZONES_MAX}")
    zones = tuple(_zone(table, number) for number, table in enumerate(tables, 1))
    for one, other in combinations(zones, 2):
        if one.name == other.name:
            raise ZonesUnusable(f"zone {one.name}: there are two of this name")
    return zones


def _zone(table: dict[str, Any], number: int) -> Zone:
    name = table.get("name")
    if not isinstance(name, str) or not re.fullmatch(NAME_PATTERN, name):
        raise ZonesUnusable(
            f"zone {number}: its name {json.dumps(name, default=str)} is not of a-z, 0-9 and -, as till is"
        )
    if unknown := table.keys() - {"name", "kind", "points"}:
        raise ZonesUnusable(f"zone {name}: {min(unknown)} is nothing that a zone has (name, kind, points)")
    kind = table.get("kind")
    if kind not in get_args(Kind):
        raise ZonesUnusable(f"zone {name}: its kind is none of {', '.join(get_args(Kind))}")
    points = table.get("points")
    if not isinstance(points, list) or not all(map(_is_point, points)):
        raise ZonesUnusable(f"zone {name}: its points are not pairs [x, y] of fractions from 0 to 1")
    if not POINTS_MIN <= len(points) <= POINTS_MAX:
        raise ZonesUnusable(f"zone {name}: {len(points)} points, it takes {POINTS_MIN} to {POINTS_MAX}")
    corners = tuple((float(x), float(y)) for x, y in points)
    if _crosses_itself(corners):
        raise ZonesUnusable(f"zone {name}: its outline crosses itself")
    if abs(_area(corners)) < AREA_MIN:
        raise ZonesUnusable(f"zone {name}: it has no area")
    return Zone(name, cast(Kind, kind), corners)


def _is_point(given: Any) -> bool:
    return (
        isinstance(given, list)
        and len(given) == 2
        and all(type(part) in (int, float) and math.isfinite(part) and 0 <= part <= 1 for part in given)
    )


def _area(corners: Sequence[Point]) -> float:
    """Signed area of a polygon (shoelace formula)."""
    pairs = zip(corners, (*corners[1:], corners[0]), strict=True)
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs) / 2


def _crosses_itself(corners: Sequence[Point]) -> bool:
    """Whether two edges that are no neighbours properly cross: what is inside would be anybody's guess."""
    edges = list(zip(corners, (*corners[1:], corners[0]), strict=True))
    return any(
        _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0
        for (a, b), (c, d) in combinations(edges, 2)
    )


def _turn(a: Point, b: Point, c: Point) -> float:
    """Above 0 where a → b → c turns one way, below where it turns the other."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
