"""What each subject has to an answer: its windows, read and made into cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from contract import row
from contract.keys import subject_of
from contract.windows import WINDOW_MS, Resolution, chunk_at
from dashboard.figures.cells import Cells, Flags, Ints, form_cells, sum_by_day
from dashboard.figures.grid import Grid, make_grid
from dashboard.figures.partition import SETTLED_AFTER_MS, are_kept, is_settled, join_hours, join_quarters
from dashboard.figures.periods import Span
from dashboard.figures.sites import Site
from dashboard.figures.store import SEALED_AFTER_MS, WindowStore
from dashboard.figures.subjects import Subjects, camera_of

_HOUR_MS: Final = WINDOW_MS[Resolution.HOUR]


@dataclass(frozen=True, slots=True)
class Grids:
    """The windows of an answer, up to now.

    Attributes:
        hours: n hours, from the beginning of the span's first day on.
        shown: m windows of the resolution asked for, likewise.
        resolution: of these.
        span: that was asked for.
        now_ms: UTC.
        kept_from_ms: what is older may have been forgotten, UTC.
    """

    hours: Grid
    shown: Grid
    resolution: Resolution
    span: Span
    now_ms: int
    kept_from_ms: int


@dataclass(frozen=True, slots=True)
class Part:
    """What one subject has to an answer.

    Attributes:
        subject: ``site/camera`` or ``site/camera@zone``.
        cells: of the resolution asked for, within the span.
        hour_cells: of hours, within the span or not.
        cell_of_hour: int64 (n,), which of these each hour belongs to, or ``HIDDEN``.
        looked_ms: int64 (n,), how much of each hour's open time the camera looked.
        counted: bool (n,), hours of the span in which the camera looked and whose visits are all known.
        gaps: bool (m,), windows of the resolution asked for in which it did not look; none that may have
            been forgotten.
    """

    subject: str
    cells: Cells
    hour_cells: Cells
    cell_of_hour: Ints
    looked_ms: Ints
    counted: Flags
    gaps: Flags


def make_grids(resolution: Resolution, span: Span, site: Site, now_ms: int) -> Grids:
    """The windows that an answer needs.

    Args:
        resolution: a quarter of an hour, an hour or a day.
        span: when.
        site: whose clock holds.
        now_ms: UTC.
    """
    day_ms = chunk_at(Resolution.DAY, span.from_ms, site.time_zone).start_ms
    # whether an hour's visits are all known may only show in the hours after it
    recent = span.to_ms > now_ms - SEALED_AFTER_MS - _HOUR_MS
    hours = make_grid(Resolution.HOUR, day_ms, now_ms if recent else span.to_ms, site, now_ms)
    # whole hours, because what is left of a cell of hours joins its last quarters
    to_ms = int(hours.end_ms[-1]) if len(hours) else day_ms
    shown = make_grid(resolution, day_ms, to_ms, site, now_ms)
    return Grids(hours, shown, resolution, span, now_ms, site.kept_from_ms(read_as(resolution), now_ms))


def read_as(resolution: Resolution) -> Resolution:
    """The windows that an answer is read from: days are sums of hours."""
    return Resolution.HOUR if resolution is Resolution.DAY else resolution


def read_parts(
    store: WindowStore, wanted: Sequence[str], subjects: Subjects, grids: Grids, site: Site
) -> tuple[Part, ...]:
    """The parts of subjects, in their order.

    Args:
        store: of windows.
        wanted: subjects of one site.
        subjects: what there is: which cells of a zone may be shown depends on the camera's other zones.
        grids: the windows that are needed.
        site: theirs.
    """
    of_cameras: dict[str, tuple[str, ...]] = {camera_of(subject): (camera_of(subject),) for subject in wanted}
    for subject in wanted:
        if subject not in of_cameras:
            camera = camera_of(subject)
            of_cameras[camera] = (camera, *(subject_of(camera, zone) for zone in subjects.zones(camera)))
    needed = [subject for of_camera in of_cameras.values() for subject in of_camera]
    hours = _read(store, needed, Resolution.HOUR, grids.hours, site)
    finer = grids.resolution is Resolution.QUARTER
    quarters = _read(store, needed, Resolution.QUARTER, grids.shown, site) if finer else {}
    parts = {}
    for of_camera in of_cameras.values():
        joined = _join(of_camera, hours, quarters, grids, site.k)
        for subject in of_camera:
            if subject in wanted:
                parts[subject] = _form_part(subject, hours, quarters, joined, grids)
    return tuple(parts[subject] for subject in wanted)


def _read(
    store: WindowStore, subjects: Sequence[str], resolution: Resolution, grid: Grid, site: Site
) -> dict[str, Ints]:
    """The rows of a grid's windows, int64 (n, ``row.WIDTH``), by subject."""
    if not len(grid):
        return {subject: np.zeros((0, row.WIDTH), np.int64) for subject in subjects}
    from_ms, to_ms = int(grid.start_ms[0]), int(grid.start_ms[-1]) + 1
    read = store.read(subjects, resolution, from_ms, to_ms, site.time_zone)
    return {subject: windows.rows for subject, windows in read.items()}


@dataclass(frozen=True, slots=True)
class _Cut:
    """Cells of a camera and of its zones, by subject: of hours, of quarters; and which hours are whole."""

    hours: dict[str, Ints]
    quarters: dict[str, Ints]
    settled: Flags


def _join(
    subjects: Sequence[str], by_hour: dict[str, Ints], by_quarter: dict[str, Ints], grids: Grids, k: int
) -> _Cut:
    """The cells of a camera, which comes first, and of its zones."""
    hours, (camera, *zones) = grids.hours, [by_hour[subject] for subject in subjects]
    settled = is_settled(hours, camera[:, row.ANALYSED_MS], grids.now_ms) | (k <= 1)
    of_hours = join_hours(hours, camera, zones, settled, k)
    cut = _Cut(dict(zip(subjects, (of_hours.camera, *of_hours.zones), strict=True)), {}, settled)
    if by_quarter:
        fine, *zones = (by_quarter[subject] for subject in subjects)
        kept = are_kept(grids.shown, hours, fine, camera)
        of_quarters = join_quarters(grids.shown, hours, fine, zones, of_hours, kept, k)
        cut.quarters.update(zip(subjects, (of_quarters.camera, *of_quarters.zones), strict=True))
    return cut


def _form_part(
    subject: str, by_hour: dict[str, Ints], by_quarter: dict[str, Ints], cut: _Cut, grids: Grids
) -> Part:
    hours, shown, span = grids.hours, grids.shown, grids.span
    camera, rows = by_hour[camera_of(subject)], by_hour[subject]
    analysed_ms = camera[:, row.ANALYSED_MS]
    hour_cells = form_cells(hours, cut.hours[subject], rows, camera)
    looked_ms = np.minimum(analysed_ms, hours.open_ms)
    cells = hour_cells.within(span.from_ms, span.to_ms)
    shown_ms = analysed_ms
    if grids.resolution is Resolution.DAY:
        cells = sum_by_day(cells, hours, looked_ms, shown)
        shown_ms = np.bincount(hours.day, analysed_ms, len(shown)).astype(np.int64)
    if grids.resolution is Resolution.QUARTER:
        camera, rows = by_quarter[camera_of(subject)], by_quarter[subject]
        shown_ms = camera[:, row.ANALYSED_MS]
        cells = form_cells(shown, cut.quarters[subject], rows, camera).within(span.from_ms, span.to_ms)
    in_span = (hours.start_ms >= span.from_ms) & (hours.end_ms <= span.to_ms)
    return Part(
        subject,
        cells,
        hour_cells,
        cut.hours[subject],
        looked_ms,
        counted=in_span & cut.settled & (looked_ms > 0),
        gaps=(shown_ms == 0)
        & (shown.start_ms >= grids.kept_from_ms)
        & (shown.start_ms <= grids.now_ms - SETTLED_AFTER_MS),
    )
