"""The window row: what is known of one subject in one window, as int64 sums.

Everything is a sum, so rows merge by addition: windows into a range, cameras into a site. Probabilities are
in millionths (``MICRO``), times in milliseconds, so sums are exact and shares are ratios of sums.
"""

from typing import Final

import numpy as np

from contract.labels import LABELS

MICRO = 1_000_000
"""Probabilities are stored as round(p × MICRO)."""

DWELL_EDGES_MS = (5_000, 15_000, 30_000, 60_000)
"""Upper edges (exclusive) of the dwell histogram; the last bin is open."""

UNCERTAIN_BELOW = 0.5
"""A visit whose largest mean probability is below this counts as uncertain: no label has a majority."""

WIDTH = 64
"""int64 values a row. Wider than what is named, so that a column can be added without moving stored data."""

N = len(LABELS)
PAIRS: Final = tuple((i, j) for i in range(N) for j in range(i, N))
"""Order of the upper triangle of m·mᵀ."""

# frame-weighted, known at once
FRAMES = 0
"""Frames with at least one face of the subject that were classified."""
FACE_FRAMES = 1
"""Faces in them: a face on ten frames counts ten."""
P_SUM = slice(2, 2 + N)
"""Σ p over face-frames, micro-units, by label."""

# visit-weighted, known when a visit closes; it belongs to the window of its last face
VISITS = 9
M_SUM = slice(10, 10 + N)
"""Σ m over visits (m: a visit's mean probabilities), micro-units, by label."""
MM_SUM = slice(17, 17 + len(PAIRS))
"""Σ mᵢ·mⱼ over visits, micro-units, in the order of ``PAIRS``: the variance of any linear index."""
DWELL_MS = 45
DWELL_BINS = slice(46, 51)
ATTENTION_MS = 51
"""Σ dwell × the share of seen time facing the camera, over visits whose detector tells."""
ATTENTION_DWELL_MS = 52
"""Σ dwell of the visits that ATTENTION_MS covers: its denominator."""
WATCHERS = 53
"""Visits that faced the camera at least once."""
UNCERTAIN = 54

# accounting, so that nothing missing is silent
LATE = 55
"""Face-frames that arrived after their visit had closed (counted in FACE_FRAMES, in no visit)."""
PUBLISHED = 56
"""Frames with faces that the camera sent, by its own reports."""
DROPPED = 57
"""Frames that the camera's outbox gave up."""
SHED = 58
REFUSED = 59
EXCLUDED = 60
"""Faces left out on the camera (masked, staff)."""
ANALYSED_MS = 61
"""Time covered by analysed frames."""

COLUMNS: Final[dict[str, int | slice]] = {
    "frames": FRAMES,
    "face_frames": FACE_FRAMES,
    "p_sum": P_SUM,
    "visits": VISITS,
    "m_sum": M_SUM,
    "mm_sum": MM_SUM,
    "dwell_ms": DWELL_MS,
    "dwell_bins": DWELL_BINS,
    "attention_ms": ATTENTION_MS,
    "attention_dwell_ms": ATTENTION_DWELL_MS,
    "watchers": WATCHERS,
    "uncertain": UNCERTAIN,
    "late": LATE,
    "published": PUBLISHED,
    "dropped": DROPPED,
    "shed": SHED,
    "refused": REFUSED,
    "excluded": EXCLUDED,
    "analysed_ms": ANALYSED_MS,
}
"""Name → column or columns; the order is the stored order."""

STORED = np.dtype(">i8")
"""How Redis' BITFIELD keeps an i64."""


def unpack(chunk: bytes, rows: int) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
    """The rows of a stored chunk.

    Args:
        chunk: the packed rows; may be short (rows never written are not stored), even in mid-row. It may hold
            one more than the chunk has: a day that was cut by the clock of another time zone.
        rows: how many rows the chunk has.

    Returns:
        int64 array of shape (rows, WIDTH); rows never written are zero.
    """
    values = np.zeros(rows * WIDTH, dtype=np.int64)
    stored = np.frombuffer(chunk, dtype=STORED)[: values.size]
    values[: stored.size] = stored
    return values.reshape(rows, WIDTH)
