"""Figures as files: what is downloaded is what is shown, so few visits are hidden there, too."""

import re
from dataclasses import replace
from io import BytesIO
from typing import Final

import pandas as pd

from dashboard.figures.queries import Answer

CSV: Final = "text/csv"
PARQUET: Final = "application/vnd.apache.parquet"


def table_of(answer: Answer) -> pd.DataFrame:
    """The cells of an answer: a line a cell of each camera, or zone, named in ``place``."""
    parts = [replace(answer, cells=part.cells).frame().assign(place=part.subject) for part in answer.parts]
    table = pd.concat(parts, ignore_index=True)
    return table[["place", *table.columns.drop("place")]]


def to_csv(frame: pd.DataFrame) -> bytes:
    """UTF-8, a header, times with their offset from UTC; what is not known is empty."""
    text: str = frame.to_csv(index=False, float_format="%.6g", date_format="%Y-%m-%dT%H:%M:%S%z")
    return text.encode()


def to_parquet(frame: pd.DataFrame) -> bytes:
    """Times keep their zone, what is not known is NaN."""
    file = BytesIO()
    frame.to_parquet(file, index=False)
    return file.getvalue()


def file_name(*about: str) -> str:
    """A name without an ending that every system takes: ``moodlens-downtown-queue-last-7-days``."""
    return "-".join(
        ("moodlens", *filter(None, (re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") for word in about)))
    )
