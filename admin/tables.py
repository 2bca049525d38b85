"""Figures of many cameras over a long time: the dashboard's own tables, under its rule of k, in pieces."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import IO, Final

import numpy as np
import pandas as pd

from admin.words import Language, read_words
from contract.retention import Retention
from contract.windows import Resolution, chunk_at, chunks_between
from dashboard.figures.downloads import table_of, to_csv
from dashboard.figures.periods import Span
from dashboard.figures.queries import Question, answer
from dashboard.figures.selection import Selection
from dashboard.figures.sites import Site
from dashboard.figures.store import WindowStore
from dashboard.figures.subjects import Subjects
from runtime.errors import MoodLensError

PIECE_DAYS: Final = 28
"""Of a camera are read at once."""

RESOLUTIONS: Final = {
    resolution.value.removesuffix("in"): resolution
    for resolution in (Resolution.QUARTER, Resolution.HOUR, Resolution.DAY)
}
"""As they are asked for: ``15m``, ``1h``, ``1d``."""


class NotKept(MoodLensError):
    """What is asked for is kept no more."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Of what there is a table.

    Attributes:
        site: whose clock and k hold.
        camera: ``site/camera``.
        zone: of it; '': all that it sees.
    """

    site: Site
    camera: str
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines of one subject.

    Attributes:
        frame: as ``dashboard.figures.downloads.table_of`` makes it.
        merged: lines that stand for several windows, because one alone has too few visits.
    """

    frame: pd.DataFrame
    merged: int


@dataclass(slots=True)
class Written:
    """What an export holds.

    Attributes:
        lines: a line a cell.
        merged: as ``Piece.merged``.
    """

    lines: int = 0
    merged: int = 0


def read_pieces(
    store: WindowStore,
    subjects: Subjects,
    wanted: Sequence[Subject],
    resolution: Resolution,
    spans: Sequence[Span],
    now_ms: int,
) -> Iterator[Piece]:
    """The tables of subjects, one after another, each in the order of time.

    Args:
        store: of windows.
        subjects: what there is.
        wanted: of whom.
        resolution: 15 minutes, an hour or a day.
        spans: of each of ``wanted``.
        now_ms: UTC.
    """
    for subject, whole in zip(wanted, spans, strict=True):
        for span in cut(whole, subject.site.time_zone):
            selection = Selection(subject.site.name, subject.camera, subject.zone)
            given = answer(store, subjects, subject.site, Question(selection, resolution, span), now_ms)
            starts = given.grid_ms
            windows = np.searchsorted(starts, given.cells.to_ms) - np.searchsorted(
                starts, given.cells.from_ms
            )
            yield Piece(table_of(given), int((windows > 1).sum()))


def cut(span: Span, time_zone: tzinfo) -> Iterator[Span]:
    """A long span in pieces that end with local days: cells never reach beyond one."""
    days = chunks_between(Resolution.DAY, span.from_ms, span.to_ms, time_zone)
    for first in range(0, len(days), PIECE_DAYS):
        some = days[first : first + PIECE_DAYS]
        yield Span(max(span.from_ms, some[0].start_ms), min(span.to_ms, some[-1].end_ms))


def check_kept(resolution: Resolution, from_ms: int, now_ms: int, time_zone: tzinfo, kept: Retention) -> None:
    """Says no to a time of which there are no such windows any more (days are made of hours).

    Args:
        resolution: of the windows.
        from_ms: UTC.
        now_ms: UTC.
        time_zone: the site's.
        kept: how long the site keeps them.

    Raises:
        NotKept: says how long they are kept.
    """
    made_of = Resolution.HOUR if resolution is Resolution.DAY else resolution
    if kept.expires_at_ms(chunk_at(made_of, from_ms, time_zone)) <= now_ms:
        span = read_words(Language.ENGLISH).duration(kept.kept_ms(made_of))
        coarser = "; ask for 1h or 1d" if made_of is Resolution.QUARTER else ""
        raise NotKept(f"--from lies too far back: these figures are kept for {span}{coarser}")


def write_csv(pieces: Iterator[Piece], out: IO[bytes]) -> Written:
    """UTF-8, one header, times with their offset from UTC; what is not known is empty."""
    written = Written()
    for number, piece in enumerate(pieces):
        text = to_csv(piece.frame)
        out.write(text if number == 0 else text.partition(b"\n")[2])
        _count(written, piece)
    return written


def write_parquet(pieces: Iterator[Piece], out: IO[bytes], time_zones: Sequence[tzinfo]) -> Written:
    """Times keep the site's zone, or are in UTC where there are several; what is not known is NaN."""
    import pyarrow as pa  # noqa: PLC0415 - slow, and needed here alone
    from pyarrow import parquet  # noqa: PLC0415

    zone = time_zones[0] if len(set(map(str, time_zones))) == 1 else UTC
    written = Written()
    writer = None
    for piece in pieces:
        frame = piece.frame.assign(**{name: piece.frame[name].dt.tz_convert(zone) for name in ("from", "to")})
        table = pa.Table.from_pandas(frame, schema=writer.schema if writer else None, preserve_index=False)
        writer = writer or parquet.ParquetWriter(out, table.schema)
        writer.write_table(table)
        _count(written, piece)
    if writer:
        writer.close()
    return written


def _count(written: Written, piece: Piece) -> None:
    written.lines += len(piece.frame)
    written.merged += piece.merged
