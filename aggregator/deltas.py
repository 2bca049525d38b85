"""What a batch of events adds to the windows: summed in the finest grain first, then in every resolution."""

from collections import defaultdict
from collections.abc import ItemsView
from datetime import tzinfo
from typing import Final

from contract.row import MM_SUM, PAIRS, WIDTH
from contract.windows import GRAIN_MS, Chunk, Resolution, chunk_at

Sums = list[int]
"""A window row while it is added to (``contract.row.WIDTH`` numbers)."""

# Slices into a plain list; a third of a fold's time would go into creating them anew.
_MM_START: Final = MM_SUM.start


class Deltas:
    """Additions to window rows, by subject and 10 s grain."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, int], Sums] = defaultdict(lambda: [0] * WIDTH)

    def __bool__(self) -> bool:
        return bool(self._rows)

    def at(self, subject: str, at_ms: int) -> Sums:
        """The row to add to, for the window of ``subject`` that holds ``at_ms``."""
        return self._rows[subject, at_ms // GRAIN_MS]

    def rows(self) -> ItemsView[tuple[str, int], Sums]:
        """Every (subject, number of the 10 s grain) and what is added to it."""
        return self._rows.items()

    def subjects(self) -> set[str]:
        """Every subject that has additions."""
        return {subject for subject, _ in self._rows}

    def earliest_ms(self) -> int:
        """Start of the first window that has additions (UTC); there must be one."""
        return min(grain for _, grain in self._rows) * GRAIN_MS

    def chunks(self, time_zone: tzinfo) -> dict[tuple[str, Chunk], dict[int, int]]:
        """The additions in all resolutions.

        Args:
            time_zone: the site's.

        Returns:
            (subject, chunk) → {position in the packed chunk: addition}, without zeros.
        """
        packed: dict[tuple[str, Chunk], dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for (subject, grain), row in self.rows():
            additions = [(column, value) for column, value in enumerate(row) if value]
            for resolution in Resolution:
                chunk = chunk_at(resolution, grain * GRAIN_MS, time_zone)
                start = chunk.row_of(grain * GRAIN_MS) * WIDTH
                positions = packed[subject, chunk]
                for column, value in additions:
                    positions[start + column] += value
        return packed


def add_products(row: Sums, m: list[int], scale: int) -> None:
    """Adds the upper triangle of m·mᵀ, in micro-units (``scale``), to ``row``."""
    for offset, (i, j) in enumerate(PAIRS):
        row[_MM_START + offset] += (m[i] * m[j] + scale // 2) // scale
