"""What is wrong with a value that lies in Redis. Pure; what is said never holds any of it.

A crop that is hidden among packed rows is no row, and one among bits has pixels; everything else is text.
"""

from typing import Final

import numpy as np

from admin.inventory import ROW_BYTES, Form, Kind
from admin.pictures import has_pixels, is_raw, pictures
from contract.row import COLUMNS, STORED, WIDTH

NO_TEXT_FROM: Final = 256
"""Bytes of which a quarter are no text: the smallest picture of anything is longer."""

SUM_MAX: Final = 2**48
"""Of a stored sum: a day of 50 faces in each of 30 frames a second has 2**47 millionths of probability."""


def suspicions(kind: Kind | None, value: bytes) -> list[str]:
    """What is wrong with a value.

    Args:
        kind: of its key; None: a key that nobody knows.
        value: a string, or all that a hash, set or stream holds, one by one or in a row.

    Returns:
        a phrase for each thing; none: it is what it should be.
    """
    form = kind.form if kind else Form.TEXT
    if kind and kind.bytes_max is not None and len(value) > kind.bytes_max:
        return [f"{len(value):,} bytes, where at most {kind.bytes_max:,} belong", *pictures(value)]
    if form is Form.ROWS:
        fault = rows_fault(value)
        return [fault, *pictures(value)] if fault else []
    if form is Form.BITMAP:
        return ["pixels among its bits"] if has_pixels(value) else pictures(value)
    found = pictures(value)
    if is_raw(value, NO_TEXT_FROM):
        found.append("bytes that are no text")
    return found


def rows_fault(value: bytes) -> str:
    """Why these are no packed window rows; '' where they are."""
    if len(value) % STORED.itemsize:
        return "no packed rows: not a whole number of sums"
    sums = np.zeros(-(-len(value) // ROW_BYTES) * WIDTH, np.int64)
    stored = np.frombuffer(value, STORED)
    sums[: stored.size] = stored
    if sums.size and not 0 <= sums.min() <= sums.max() < SUM_MAX:
        return "no packed rows: sums that no window can have"
    if sums.reshape(-1, WIDTH)[:, _named() :].any():
        return "no packed rows: something in columns without a name"
    return ""


def _named() -> int:
    """How many columns of a row have a name; they come first."""
    return max(column.stop if isinstance(column, slice) else column + 1 for column in COLUMNS.values())
