"""The figures that people read, of cells."""

from contract import row
from contract.labels import LABELS
from dashboard.figures.cells import Cells, Ints
from dashboard.figures.intervals import index_intervals
from runtime import figures
from runtime.figures import Floats


def columns_of(cells: Cells) -> dict[str, Floats | Ints]:
    """Columns of what people read, a value a cell."""
    rows = cells.rows
    index, low, high = index_intervals(rows)
    named = {f"share_{label}": share for label, share in zip(LABELS, figures.shares(rows).T, strict=True)}
    return {
        "visits": cells.visits,
        "index": index,
        "index_low": low,
        "index_high": high,
        **named,
        "dwell_s": figures.dwell_s(rows),
        "attention": figures.attention(rows),
        "watchers": figures.watchers(rows),
        "uncertain": figures.uncertain(rows),
        "coverage": cells.coverage(),
        "face_frames": rows[:, row.FACE_FRAMES],
    }
