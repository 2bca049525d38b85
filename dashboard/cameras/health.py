"""Whether a camera does what it should: what is known of it today. Pure; time is a parameter."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from contract import row
from contract.events import CameraStatus
from dashboard.cameras.outages import Look, Stretch, outages
from dashboard.figures.mood import Rows
from dashboard.words.times import duration, moment

MOMENT_MS: Final = 25_000
"""Heard of so lately is heard of now: a camera reports every 10 s."""


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the frames with faces that a camera sent.

    Attributes:
        published: sent, by its own reports.
        classified: of these.
        shed: under overload.
        refused: invalid.
        dropped: given up by the camera while the broker was away.
        expired: of which nothing else is known.
        late: faces that came after their visit had closed.
        excluded: faces that the camera left out: of staff, in masked regions, on posters.
    """

    published: int
    classified: int
    shed: int
    refused: int
    dropped: int
    expired: int
    late: int
    excluded: int = 0


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """A camera today.

    Attributes:
        name: ``site/camera``.
        status: its own word; None where the broker is away or it never spoke.
        heard_ms: when it was last heard of, UTC; None: not in the last 24 hours.
        remarks: on its clock and on what of it is refused.
        coverage: of today, 0–1; None: not known.
        account: of today; None: too few visits to tell.
        seen: how it looked in the last 24 hours.
        models: versions that read its faces today.
    """

    name: str
    status: CameraStatus | None
    heard_ms: int | None
    remarks: tuple[str, ...]
    coverage: float | None
    account: Account | None
    seen: list[Stretch]
    models: tuple[str, ...] = ()


def account_of(total: Rows) -> Account | None:
    """What became of the frames of a camera; None where nothing may be told.

    Args:
        total: int64 (``row.WIDTH``,), a sum of cells that may be shown.
    """
    if not total[row.VISITS]:
        return None
    published, classified, shed, refused, dropped, late = (
        int(total[column])
        for column in (row.PUBLISHED, row.FRAMES, row.SHED, row.REFUSED, row.DROPPED, row.LATE)
    )
    # what is known of was sent, also where the camera's next report has yet to say so
    published = max(published, classified + shed + refused + dropped)
    expired = published - classified - shed - refused - dropped
    return Account(
        published, classified, shed, refused, dropped, expired, late, excluded=int(total[row.EXCLUDED])
    )


def is_online(health: CameraHealth, now_ms: int) -> bool | None:
    """By its own word or, where that is not known, by when it was heard; None: not heard of lately."""
    if health.status:
        return health.status.online
    heard_ms = health.heard_ms
    return True if heard_ms is not None and heard_ms > now_ms - MOMENT_MS else None


def heard_words(health: CameraHealth, now_ms: int, time_zone: tzinfo) -> str:
    """When it was last heard of."""
    if health.heard_ms is None:
        return "not heard of in the last 24 hours"
    if now_ms - health.heard_ms < MOMENT_MS:
        return "heard of just now"
    ago = duration(now_ms - health.heard_ms)
    return f"last heard of {ago} ago, {moment(health.heard_ms, now_ms, time_zone)}"


def outage_words(health: CameraHealth, now_ms: int, time_zone: tzinfo) -> str:
    """When it did not look though it should have, the latest first; of many the latest three."""
    gone = outages(health.seen)[::-1]
    if not gone:
        return "no outage in the last 24 hours" if any(it.look is Look.WHOLE for it in health.seen) else ""
    told = [
        f"{duration(it.missing_ms)} between {moment(it.from_ms, now_ms, time_zone)} and "
        f"{'now' if it.to_ms >= now_ms else moment(it.to_ms, now_ms, time_zone)}"
        for it in gone[:3]
    ]
    more = f" and {len(gone) - 3} more" if len(gone) > 3 else ""
    return f"did not look for {'; for '.join(told)}{more}"


def account_words(health: CameraHealth) -> str:
    """What became of the frames of today."""
    account = health.account
    if account is None:
        return "too few visits to tell more"
    lost = {
        "shed": account.shed,
        "refused": account.refused,
        "dropped": account.dropped,
        "expired": account.expired,
        "late": account.late,
    }
    some = [f"{count:,} {name}" for name, count in lost.items() if count]
    none = [name for name, count in lost.items() if not count]
    told = f"{account.classified:,} of {account.published:,} frames with faces classified"
    return ", ".join([told, *some, *([f"none {_joined(none)}"] if none else [])])


def _joined(words: list[str]) -> str:
    """Words as a list that ends with "or"."""
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def left_out_words(health: CameraHealth) -> str:
    """How many faces the camera itself left out today; empty: none, or too few visits to tell."""
    count = health.account.excluded if health.account else 0
    if not count:
        return ""
    told = "1 face" if count == 1 else f"{count:,} faces"
    return f"left out: {told} since midnight (staff, masked regions, posters)"


def run_words(health: CameraHealth, now_ms: int, time_zone: tzinfo) -> str:
    """What the camera says of its run; '' where it does not run."""
    status = health.status
    if status is None or not status.online:
        return ""
    since = moment(status.since_ms, now_ms, time_zone)
    return f"version {status.version}, {status.detector}, {status.fps:g} frames a second, since {since}"
