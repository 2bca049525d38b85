"""Erases windows of a camera in Redis, beside running aggregators and dashboards."""

import secrets
from dataclasses import dataclass, replace
from datetime import tzinfo
from importlib.resources import files
from typing import Any, Final

import msgspec

from admin.cuts import ROW_BYTES, DayPart, NotErasable, Stored, day_parts, make_step
from admin.sealing import read_unsettled
from admin.told import forget_told, past_alerts
from contract import keys, row
from contract.erasures import FIELD, Erasure, encode_erasure
from contract.windows import Resolution
from runtime.redis import Client

_MARK_MS: Final = 600_000
"""A call whose reply was lost is sent again within seconds."""

_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be erased.

    Attributes:
        camera: ``site/camera``.
        zone: that alone; '': the camera and all its zones.
        from_ms, to_ms: UTC; the end is exclusive.
        time_zone: the site's.
    """

    camera: str
    zone: str
    from_ms: int
    to_ms: int
    time_zone: tzinfo


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much is erased.

    Attributes:
        visits, frames: of the camera, or of the zone if that alone is erased.
        alerts: past alerts.
    """

    visits: int = 0
    frames: int = 0
    alerts: int = 0


class Eraser:
    """Erases one stretch of time of one camera.

    A local day is erased at once, or not at all; what breaks off between two days is finished by erasing the
    same again, and takes nothing away twice.

    Args:
        client: Redis.
        wanted: what is to be erased.

    Raises:
        NotErasable: there is no such camera or zone, the time is not whole hours, or it may still change.
    """

    def __init__(self, client: Client, wanted: Wanted) -> None:
        self._client = client
        self._wanted = wanted
        self.subjects = _find_subjects(client, wanted)
        unsettled = read_unsettled(client, wanted.camera)
        unsettled.check(wanted.to_ms, wanted.time_zone)
        self._parts = day_parts(wanted.from_ms, wanted.to_ms, wanted.time_zone)
        self._now_ms = unsettled.now_ms
        self._script = client.register_script(files(__package__).joinpath("erase.lua").read_text())

    def preview(self) -> Amounts:
        """What would go.

        Raises:
            NotErasable: a part of a day whose hours are kept no more.
        """
        amounts = Amounts()
        for part in self._parts:
            amounts = self._plus(amounts, part, self._read(part))
        wanted = self._wanted
        past = [] if wanted.zone else past_alerts(self._client, wanted.camera, wanted.from_ms, wanted.to_ms)
        return replace(amounts, alerts=len(past))

    def erase(self, by: str, reason: str) -> Erasure:
        """Erases, and records that it begins and what went.

        Args:
            by: who erases.
            reason: why.

        Raises:
            NotErasable: as ``preview``, before anything is changed.
        """
        found = self.preview()
        wanted = self._wanted
        begun = Erasure(
            id=secrets.token_hex(8),
            state="begun",
            at_ms=self._now_ms,
            camera=wanted.camera,
            zone=wanted.zone,
            from_ms=wanted.from_ms,
            to_ms=wanted.to_ms,
            visits=found.visits,
            frames=found.frames,
            alerts=found.alerts,
            by=by,
            reason=reason,
        )
        self._record(begun)
        gone = Amounts()
        try:
            for part in self._parts:
                gone = self._plus(gone, part, self._erase_part(part, begun.id))
            if not wanted.zone:  # alerts, and what is told, are about cameras
                alerts = forget_told(self._client, wanted.camera, wanted.from_ms, wanted.to_ms)
                gone = replace(gone, alerts=alerts)
        finally:
            # by its name: redis-py's own sends INCRBY, which the operator's user may not
            self._client.execute_command("INCR", keys.ERASURES_GENERATION)  # type: ignore[no-untyped-call]
        done = msgspec.structs.replace(
            begun, state="done", visits=gone.visits, frames=gone.frames, alerts=gone.alerts
        )
        self._record(done)
        return done

    def _erase_part(self, part: DayPart, erasure_id: str) -> list[Stored]:
        """Erases a day, or a part of it; what was stored of it before."""
        token = f"{erasure_id}:{part.day.name}"
        for _ in range(_TRIES):
            found = self._read(part)
            mark = keys.erasing(self._wanted.camera)
            step = make_step(mark, part, found, self._now_ms, self._wanted.time_zone)
            if int(self._script(keys=step.keys, args=[token, _MARK_MS, *step.operations])):
                return found
        raise NotErasable("somebody else changes the same windows; try again, what is gone stays gone")

    def _read(self, part: DayPart) -> list[Stored]:
        first, end = part.hour_bytes()
        with self._client.pipeline(transaction=False) as pipe:
            for subject in self.subjects:
                hours_key = keys.window_chunk(subject, Resolution.HOUR, part.hours.name)
                pipe.getrange(keys.window_chunk(subject, Resolution.DAY, part.day.name), 0, ROW_BYTES - 1)
                pipe.getrange(hours_key, first, end - 1)
                pipe.exists(hours_key)
            replies = iter(pipe.execute())
        return [
            Stored(subject, next(replies), next(replies), bool(next(replies))) for subject in self.subjects
        ]

    def _plus(self, amounts: Amounts, part: DayPart, found: list[Stored]) -> Amounts:
        """The amounts and those of one more day; of all subjects the first is the widest."""
        sums = [stored.erased(part, self._wanted.time_zone) for stored in found]
        return replace(
            amounts,
            visits=amounts.visits + int(sums[0][row.VISITS]),
            frames=amounts.frames + int(sums[0][row.FRAMES]),
        )

    def _record(self, erasure: Erasure) -> None:
        self._client.xadd(keys.ERASURES, {FIELD: encode_erasure(erasure)})


def _find_subjects(client: Client, wanted: Wanted) -> list[str]:
    """The camera and its zones, or the one zone."""
    members: Any = client.smembers(keys.subjects(keys.partition_of(wanted.camera)))
    known = sorted(name for member in members if (name := member.decode()).partition("@")[0] == wanted.camera)
    if not known:
        raise NotErasable(f"there are no windows of {wanted.camera}")
    if not wanted.zone:
        return known
    subject = keys.subject_of(wanted.camera, wanted.zone)
    if subject not in known:
        raise NotErasable(f"there are no windows of a zone {wanted.zone} of {wanted.camera}")
    return [subject]
