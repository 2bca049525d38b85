"""Window rows for tests: so many visits of a mood."""

import numpy as np

from aggregator.deltas import add_products
from aggregator.figures import Row
from contract import row as columns
from contract.labels import LABELS
from contract.row import MICRO, WIDTH

DWELL_MS = 4_000


def row_of(*moods: str, analysed_ms: int = 900_000) -> Row:
    """A window with a visit for each label: two frames, four seconds, half of them facing the camera."""
    row = [0] * WIDTH
    for mood in moods:
        m = [MICRO if label == mood else 0 for label in LABELS]
        for column, value in enumerate(m, columns.M_SUM.start):
            row[column] += value
        add_products(row, m, MICRO)
        row[columns.VISITS] += 1
        row[columns.FRAMES] += 2
        row[columns.PUBLISHED] += 2
        row[columns.FACE_FRAMES] += 2
        row[columns.DWELL_MS] += DWELL_MS
        row[columns.ATTENTION_DWELL_MS] += DWELL_MS
        row[columns.ATTENTION_MS] += DWELL_MS // 2
    row[columns.ANALYSED_MS] = analysed_ms
    return np.array(row, np.int64)
