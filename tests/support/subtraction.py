"""What somebody can work out who adds and subtracts figures that they saw."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

Group = TypeVar("Group", bound=Hashable)


def fewest_singled_out(figures: Iterable[frozenset[Group]], groups: Mapping[Group, int]) -> int | None:
    """The fewest visits, of those that are any, that some sum and difference of figures is the number of.

    A mixed-integer program looks for factors of the figures, such that each group of visits comes out once or
    not at all, and some visits do.

    Args:
        figures: each the groups that it counts.
        groups: all that there might be, disjoint, and how many visits each has; also those of none, which one
            who subtracts must allow for.

    Returns:
        None: nothing can be worked out.
    """
    seen = list(set(figures))
    visits: Counter[tuple[bool, ...]] = Counter()
    for group, count in groups.items():  # what is in the same figures cannot be told apart
        visits[tuple(group in figure for figure in seen)] += count
    visits.pop((False,) * len(seen), None)
    counts = np.array(list(visits.values()), np.float64)
    if not counts.any():
        return None
    member = np.array(list(visits), np.float64)
    factors, chosen = len(seen), len(counts)
    found = milp(
        c=np.concatenate([np.zeros(factors), counts]),
        constraints=[
            LinearConstraint(np.hstack([member, -np.eye(chosen)]), 0, 0),
            LinearConstraint(np.concatenate([np.zeros(factors), counts])[np.newaxis], 1, np.inf),
        ],
        integrality=np.concatenate([np.zeros(factors), np.ones(chosen)]),
        bounds=Bounds(
            np.concatenate([np.full(factors, -np.inf), np.zeros(chosen)]),
            np.concatenate([np.full(factors, np.inf), np.ones(chosen)]),
        ),
    )
    return round(found.fun) if found.success else None
