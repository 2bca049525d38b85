"""Which cells of a camera are summed before anything of its zones is shown. Pure.

Whoever sees a camera and its zones can take away from what the camera saw in a stretch of time all cells of
zones that lie within it: of one zone, or of any set of them. What is left must be nobody, or at least k
visits. A visit may be in several zones, so zones together can also have more visits than their camera: of two
that are all it sees, by as many as went from one to the other. So this must be nobody or k visits, too.

Cells of different zones need not end together: one that few people come to does not hold up the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dashboard.figures.cells import HIDDEN, Ints

Stretch = tuple[int, int]
"""First and end (exclusive) of neighbouring cells."""


@dataclass(slots=True)
class _Waiting:
    """A zone's cells that are in none of its own yet: since ``first``, with so many visits."""

    first: int
    visits: int = 0


def join_for_zones(everyone: Ints, inside: Ints, groups: Ints, k: int) -> Ints:
    """Joins a camera's cells into cells of its zones, forward: what is told does not depend on what comes.

    A zone's cell ends as soon as it has k visits and may be told beside all that is told already; where
    several could end, the one with most visits goes first. What is left of a group is hidden.

    Args:
        everyone: int64 (n,), visits of the camera's cells, at least k each.
        inside: int64 (zones, n), visits of its zones.
        groups: int64 (n,); only cells of one group are joined, and only they can be subtracted together.
        k: least visits.

    Returns:
        int64 (zones, n), the number of the zone's cell, counted from 0, or ``HIDDEN``.
    """
    cell = np.full(inside.shape, HIDDEN)
    numbers = [0] * len(inside)
    for begin, end in stretches_of(groups):
        found = _join_group(everyone[begin:end].tolist(), inside[:, begin:end].tolist(), k)
        for zone, stretches in enumerate(found):
            for first, last in stretches:
                cell[zone, begin + first : begin + last] = numbers[zone]
                numbers[zone] += 1
    return cell


def _join_group(everyone: list[int], inside: list[list[int]], k: int) -> list[list[Stretch]]:
    """The cells of each zone within one group."""
    found: list[list[Stretch]] = [[] for _ in inside]
    waiting = [_Waiting(0) for _ in inside]
    seen: list[int] = []  # by the camera, from each cell up to the one that is looked at
    told: list[list[int]] = []  # of each zone, within these
    for at, visits in enumerate(everyone):
        seen = [earlier + visits for earlier in (*seen, 0)]
        told.append([0] * len(inside))
        for zone, one in enumerate(waiting):
            one.visits += inside[zone][at]
        enough = [zone for zone, one in enumerate(waiting) if one.visits >= k]
        for zone in sorted(enough, key=lambda zone: -waiting[zone].visits):
            one = waiting[zone]
            within = range(one.first + 1)
            if all(_may_be_told(seen[i], told[i], zone, told[i][zone] + one.visits, k) for i in within):
                found[zone].append((one.first, at + 1))
                for i in within:
                    told[i][zone] += one.visits
                waiting[zone] = _Waiting(at + 1)
    return found


def split_for_zones(everyone: Ints, inside: Ints, groups: Ints, whole: Ints, k: int) -> Ints:
    """Splits cells of zones into their camera's finer cells, or sums of these.

    Cells of zones that are not their camera's, too, stay whole: so no stretch of finer cells has to do with
    what is told of other cells.

    Args:
        everyone: int64 (n,), visits of the camera's finer cells, at least k each.
        inside: int64 (zones, n), visits of its zones.
        groups: int64 (n,), numbers of the camera's cells that they lie in.
        whole: int64 (zones, n), numbers of the zones' cells that they lie in, or ``HIDDEN``.
        k: least visits.

    Returns:
        int64 (zones, n), the number of the zone's finer cell, counted from 0, or ``HIDDEN``.
    """
    first_of_zone = np.diff(whole, prepend=HIDDEN, axis=1) != 0
    is_cut = first_of_zone.copy()
    for begin, end in stretches_of(groups):
        # a zone's cell is the camera's if both begin here and end here
        begins = first_of_zone[:, begin] & (whole[:, begin] != HIDDEN)
        ends = first_of_zone[:, end] if end < len(groups) else np.ones(len(whole), np.bool_)
        zones = np.flatnonzero(begins & ends)
        found = _split_one(everyone[begin:end].tolist(), inside[zones, begin:end].tolist(), k)
        for zone, cuts in zip(zones.tolist(), found, strict=True):
            is_cut[zone, [begin + cut for cut in cuts[1:-1]]] = True
    shown = whole != HIDDEN
    return np.where(shown, np.cumsum(is_cut & shown, axis=1) - 1, HIDDEN)


def stretches_of(groups: Ints) -> list[Stretch]:
    """Neighbours of the same group, those of ``HIDDEN`` left out."""
    edges = [*np.flatnonzero(np.diff(groups, prepend=HIDDEN - 1)).tolist(), len(groups)]
    return [(begin, end) for begin, end in pairwise(edges) if groups[begin] != HIDDEN]


def _split_one(everyone: list[int], inside: list[list[int]], k: int) -> list[list[int]]:
    """Where each zone's cell is cut, its ends included; as it is, it may be told."""
    count = len(everyone)
    cuts = [[0, count] for _ in inside]
    for zone in sorted(range(len(inside)), key=lambda zone: -sum(inside[zone])):
        for at in range(1, count):
            before = cuts[zone]
            cuts[zone] = sorted([*before, at])
            least = min(sum(inside[zone][first:end]) for first, end in pairwise(cuts[zone]))
            if least < k or not _is_safe(everyone, inside, cuts, zone, k):
                cuts[zone] = before
    return cuts


def _is_safe(everyone: list[int], inside: list[list[int]], cuts: list[list[int]], zone: int, k: int) -> bool:
    """Whether cells of a zone may be told beside those of others, in whatever stretch one looks at them."""
    for first in range(len(everyone)):
        for end in range(first + 1, len(everyone) + 1):
            told = [
                sum(sum(visits[a:b]) for a, b in pairwise(edges) if first <= a and b <= end)
                for visits, edges in zip(inside, cuts, strict=True)
            ]
            if told[zone] and not _may_be_told(sum(everyone[first:end]), told, zone, told[zone], k):
                return False
    return True


def _may_be_told(seen: int, told: Sequence[int], zone: int, visits: int, k: int) -> bool:
    """Whether no set of zones that has this one comes nearer to what the camera saw than k, or equals it.

    Args:
        seen: visits of the camera, in a stretch of time.
        told: visits of each zone, within that.
        zone: number of one.
        visits: what would be told of it.
        k: least visits.
    """
    sums = 1 << visits  # the bit of each sum that is possible
    most = (1 << (seen + k)) - 1
    for other, count in enumerate(told):
        if other != zone and count:
            sums = (sums | sums << count) & most
    few = (1 << (k - 1)) - 1
    return not sums & (few << (seen + 1) | few << (seen - k + 1))
