"""Whether a camera's account balances: what it published, its log and its windows, to the frame.

Each published frame is in the log once, as classified or as shed, or it is missing; what is missing has to be
in the windows as dropped (by the camera), refused, or expired (published and in none of the other columns).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from contract.codec import LogEvent
from contract.events import CameraReport, FrameEmotions, FrameLoss
from contract.row import COLUMNS, MICRO
from contract.windows import GRAIN_MS, WINDOW_MS, Resolution
from runtime.windows import Windows
from tests.support.account import Account
from tests.support.cameras import Published

UNDER_WAY_MS: Final = 40_000
"""A frame that is older and not in the log will not get there: crops live for 30 s."""

SHOWN_MAX: Final = 6
_SUMMED: Final = ("frames", "face_frames", "p_sum", "published", "dropped", "shed", "refused")
_TOLD: Final = (*_SUMMED, "visits", "dwell_ms", "late")

Sums = dict[str, Counter[int]]
"""Column → 10 s window → sum."""


def balance(
    published: Published,
    logged: Sequence[LogEvent],
    windows: Mapping[Resolution, Windows],
    now_ms: int,
) -> Account:
    """The account of one camera.

    Args:
        published: by it.
        logged: all that is in the log of it.
        windows: of it, in each resolution, from before its first frame on.
        now_ms: UTC.
    """
    faces_sent = sum(len(shot.tracks) for shot in published.shots.values())
    account = Account(published.camera, len(published.shots), faces_sent, published.is_believed)
    _check_frames(account, published, logged, now_ms)
    _check_reports(account, published, logged)
    _check_windows(account, windows, _expected(logged), logged)
    if account.expired < 0 and not account.reports_missing:
        account.faults.append(
            f"{-account.expired} frames are in two columns: the sum exceeds what was published"
        )
    return account


def _check_frames(account: Account, published: Published, logged: Sequence[LogEvent], now_ms: int) -> None:
    """Each frame of the log was published so, and is there once."""
    times = Counter(
        (event.session, event.frame)
        for event in logged
        if isinstance(event, FrameEmotions) or (isinstance(event, FrameLoss) and event.reason == "shed")
    )
    _tell(account, "logged more than once", [frame for (_, frame), n in times.items() if n > 1])
    strange = [
        frame for session, frame in times if session != published.session or frame not in published.shots
    ]
    _tell(account, "logged, and never published", strange)
    frames = [event for event in logged if isinstance(event, FrameEmotions)]
    known = [event for event in frames if event.frame in published.shots]
    changed = [
        event.frame
        for event in known
        if (event.captured_at_ms, tuple(face.track for face in event.faces))
        != (published.shots[event.frame].captured_at_ms, published.shots[event.frame].tracks)
    ]
    _tell(account, "logged with other faces or at another time", changed)
    account.tracks = len({(event.session, face.track) for event in frames for face in event.faces})
    account.missing_ms = [
        shot.captured_at_ms - published.skew_ms
        for number, shot in published.shots.items()
        if (published.session, number) not in times
    ]
    if published.is_believed:
        account.under_way = sum(at_ms > now_ms - UNDER_WAY_MS for at_ms in account.missing_ms)


def _check_reports(account: Account, published: Published, logged: Sequence[LogEvent]) -> None:
    """Each report is in the log once."""
    found = [event for event in logged if isinstance(event, CameraReport)]
    times = Counter(report.seq for report in found)
    _tell(account, "reports logged more than once", [seq for seq, n in times.items() if n > 1])
    _tell(account, "reports changed", [report.seq for report in found if report not in published.reports])
    if published.is_believed:
        account.reports_missing = sum(report.seq not in times for report in published.reports)
        covered = sum(report.frames_published for report in published.reports)
        if published.reports and covered > account.sent:
            account.faults.append(f"its reports speak of {covered} frames, it published {account.sent}")


def _expected(logged: Iterable[LogEvent]) -> Sums:
    """What the log adds up to, in 10 s windows; visits where each face came in time."""
    sums: Sums = {name: Counter() for name in _TOLD}
    seen: dict[tuple[str, int], list[int]] = {}
    for event in logged:
        if isinstance(event, FrameEmotions):
            window = event.captured_at_ms // GRAIN_MS
            sums["frames"][window] += 1
            sums["face_frames"][window] += len(event.faces)
            for face in event.faces:
                sums["p_sum"][window] += sum(round(p * MICRO) for p in face.probabilities)
                seen.setdefault((event.session, face.track), []).append(event.captured_at_ms)
        elif isinstance(event, CameraReport):
            sums["published"][event.from_ms // GRAIN_MS] += event.frames_published
            sums["dropped"][event.from_ms // GRAIN_MS] += event.dropped
        else:
            sums[event.reason][event.captured_at_ms // GRAIN_MS] += 1
    for times in seen.values():
        sums["visits"][max(times) // GRAIN_MS] += 1
        sums["dwell_ms"][max(times) // GRAIN_MS] += max(times) - min(times)
    return sums


def _check_windows(
    account: Account, windows: Mapping[Resolution, Windows], expected: Sums, logged: Sequence[LogEvent]
) -> None:
    """The windows are the sum of the log, in every resolution; a track is a visit."""
    finest = _sums(windows[Resolution.TEN_SECONDS])
    for name in ("frames", "face_frames", "published", "dropped", "shed", "refused", "late", "visits"):
        setattr(account, name, finest[name].total())
    # a late face is in no visit, so where there are some the visits' bounds are not those of the log
    exact = (*_SUMMED, *(() if account.late else ("visits", "dwell_ms")))
    for name in exact:
        wrong = [
            f"{window * GRAIN_MS} has {finest[name][window]} instead of {expected[name][window]}"
            for window in sorted(finest[name].keys() | expected[name].keys())
            if finest[name][window] != expected[name][window]
        ]
        _tell(account, f"10 s windows whose {name} are not what the log says", wrong)
    if account.visits != account.tracks:
        account.faults.append(f"{account.visits} visits of {account.tracks} tracks")
    if not logged:
        return
    for resolution, coarse in windows.items():
        for name in _TOLD:
            of_coarse, of_finest = int(coarse.column(name).sum()), finest[name].total()
            if of_coarse != of_finest:
                account.faults.append(f"{name}: {of_coarse} in {resolution} windows, {of_finest} in 10 s")
            _check_grid(account, name, resolution, coarse, finest[name])


def _check_grid(
    account: Account, name: str, resolution: Resolution, coarse: Windows, finest: Counter[int]
) -> None:
    """Each coarse window is the sum of its 10 s windows."""
    length_ms = WINDOW_MS[resolution]
    sums: Counter[int] = Counter()
    for window, value in finest.items():
        sums[window * GRAIN_MS // length_ms * length_ms] += value
    column = coarse.column(name).reshape(len(coarse.start_ms), -1).sum(axis=1)
    found = {int(start): int(value) for start, value in zip(coarse.start_ms, column, strict=True) if value}
    wrong = [start for start in sorted(found.keys() | sums.keys()) if found.get(start, 0) != sums[start]]
    _tell(account, f"{resolution} windows whose {name} are not those of their 10 s windows", wrong)


def _sums(windows: Windows) -> Sums:
    """The columns of 10 s windows."""
    sums: Sums = {}
    for name in _TOLD:
        assert name in COLUMNS
        column = windows.column(name).reshape(len(windows.start_ms), -1).sum(axis=1)
        filled = np.flatnonzero(column)
        sums[name] = Counter({int(windows.start_ms[i]) // GRAIN_MS: int(column[i]) for i in filled})
    return sums


def _tell(account: Account, what: str, which: Sequence[object]) -> None:
    """Notes a fault, with the first few it concerns."""
    if which:
        more = f" and {len(which) - SHOWN_MAX} more" if len(which) > SHOWN_MAX else ""
        account.faults.append(f"{len(which)} {what}: {', '.join(map(str, which[:SHOWN_MAX]))}{more}")
