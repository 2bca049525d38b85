"""What happens in a simulated store: who comes when, with which expression. Pure; all follows from a seed.

A day of a camera is drawn from its name, its date and the seed alone, so that it is the same whatever else is
drawn. Hours and days are those of the camera's site; instants are UTC milliseconds.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt

from contract.events import Probabilities
from contract.labels import LABELS
from contract.windows import GRAIN_MS
from demo.habits import HABITS, SATURDAY, WEEKDAY_CROWD, Camera, Role, busyness

Floats = npt.NDArray[np.float64]

FRAME_STEP_MS: Final = 4_000
"""Most time between two frames of a visit. A camera sends five a second; fewer tell the same of a face that
does not change, but a visit without a face for five seconds would be over."""

SETTLE_MS: Final = 15_000
"""Nobody is seen so shortly before a camera stops: its last report then closes every visit."""

DWELL_MS: Final = (1_000, 600_000)
DWELL_SIGMA: Final = 0.6
"""Of the logarithm of a visit's length."""

SURENESS: Final = 8.0
"""How close a visit's probabilities lie to what the model says on average (of a Dirichlet distribution)."""

FLICKER: Final = 0.2
"""How much of a frame's probabilities is its own; the rest is the visit's."""

DAY_SIGMA: Final = 0.12
"""Days differ, for reasons nobody knows: of the logarithm of how happy a day is."""

OUTAGE_HOURS: Final = 3
_PLEASANT: Final = np.array([label in ("happy", "surprise") for label in LABELS])
_UNPLEASANT: Final = np.array([label in ("angry", "disgust", "fear", "sad") for label in LABELS])


@dataclass(frozen=True, slots=True)
class Visit:
    """One face at one camera for one time.

    Attributes:
        at_ms: capture times of its frames, ascending, at most ``FRAME_STEP_MS`` apart; at least two.
        expression: what it truly shows, an index into ``LABELS``.
        frontal: for each frame, whether the face is turned to the camera.
        probabilities: for each frame, what the model makes of it.
    """

    at_ms: tuple[int, ...]
    expression: int
    frontal: tuple[bool, ...]
    probabilities: tuple[Probabilities, ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch of time in which a camera runs without a break.

    Attributes:
        session: of the camera's run.
        start_ms, end_ms: cut at 10 s boundaries; the end is exclusive.
        visits: by their beginning.
    """

    session: str
    start_ms: int
    end_ms: int
    visits: tuple[Visit, ...]


@dataclass(frozen=True, slots=True)
class Outage:
    """Hours in which one camera does not run.

    Attributes:
        camera: its name.
        day: number of the day.
        hours: local.
    """

    camera: str
    day: int
    hours: range


@dataclass(frozen=True)
class Plan:
    """A story of some days. Days are numbered from 0, the oldest; the last one is that of ``until_ms``.

    Attributes:
        cameras: all of them.
        until_ms: when it ends, UTC; what would be later is left out.
        days: how many.
        seed: makes it another story of the same kind.
        confusion: float64 (7, 7), S: the model's mean probabilities (columns) for each true expression (row).
        promotion: days with a promotion, which pleases those who look at it.
        staffed_from: day from which the tills have more staff.
        outage: the one outage.
    """

    cameras: tuple[Camera, ...]
    until_ms: int
    days: int
    seed: int
    confusion: Floats
    promotion: range
    staffed_from: int
    outage: Outage

    def date_of(self, camera: Camera, day: int) -> date:
        """The local date of a numbered day."""
        last = datetime.fromtimestamp(self.until_ms / 1000, camera.time_zone).date()
        return last - timedelta(days=self.days - 1 - day)

    def visits_expected(self, camera: Camera, day: int, hour: int) -> float:
        """Mean number of visits that begin in a whole open hour."""
        weekday = self.date_of(camera, day).weekday()
        usual = HABITS[camera.role].visits * camera.crowd
        return usual * WEEKDAY_CROWD[weekday] * busyness(weekday, hour)

    def expressions(self, camera: Camera, day: int, hour: int) -> Floats:
        """How often each expression is shown in an hour of a usual day: float64 (7,), sums to 1."""
        shown = np.array(HABITS[camera.role].expressions)
        strain = self.strain(camera, day, hour)
        shown[_UNPLEASANT] *= 1 + 1.6 * strain
        shown[_PLEASANT] *= 1 - 0.4 * strain
        if camera.role is Role.PROMOTION and day in self.promotion:
            shown[_PLEASANT] *= 1.7
        return np.asarray(shown / shown.sum(), np.float64)

    def strain(self, camera: Camera, day: int, hour: int) -> float:
        """How hard the waiting is, 0 to 1: at peaks and on Saturdays, less with more staff."""
        if camera.role is not Role.QUEUE:
            return 0.0
        weekday = self.date_of(camera, day).weekday()
        strain = min(1.0, busyness(weekday, hour) / 1.3) * (1.0 if weekday == SATURDAY else 0.7)
        return strain * (0.35 if day >= self.staffed_from else 1.0)

    def shifts(self, camera: Camera, day: int) -> list[Shift]:
        """What a camera sees on a day, in order of time; empty where it does not run."""
        at = self.date_of(camera, day)
        random = np.random.default_rng((self.seed, crc32(camera.name.encode()), at.toordinal()))
        delight = float(random.lognormal(0.0, DAY_SIGMA))
        shifts = []
        for hours in self._runs(camera, day):
            start_ms = _hour_ms(at, hours[0], camera.time_zone)
            end_ms = min(_hour_ms(at, hours[-1] + 1, camera.time_zone), self.until_ms // GRAIN_MS * GRAIN_MS)
            last_ms = end_ms - SETTLE_MS
            if last_ms - start_ms < DWELL_MS[0]:
                continue
            visits = [
                visit for hour in hours for visit in self._visits(camera, day, hour, last_ms, delight, random)
            ]
            session = hashlib.sha256(f"{self.seed} {camera.name} {start_ms}".encode()).hexdigest()[:16]
            visits.sort(key=lambda visit: visit.at_ms[0])
            shifts.append(Shift(session, start_ms, end_ms, tuple(visits)))
        return shifts

    def _runs(self, camera: Camera, day: int) -> list[list[int]]:
        """The hours in which a camera runs, those without a break together."""
        out = self.outage.hours if (self.outage.camera, self.outage.day) == (camera.name, day) else range(0)
        hours = [hour for hour in camera.hours.of(self.date_of(camera, day)) if hour not in out]
        breaks = [i for i, (a, b) in enumerate(pairwise(hours), 1) if b != a + 1]
        return [hours[a:b] for a, b in pairwise((0, *breaks, len(hours))) if a < b]

    def _visits(
        self,
        camera: Camera,
        day: int,
        hour: int,
        last_ms: int,
        delight: float,
        random: np.random.Generator,
    ) -> Iterator[Visit]:
        """The visits that begin in an hour; none goes on after ``last_ms``."""
        at, habits = self.date_of(camera, day), HABITS[camera.role]
        start_ms, end_ms = (_hour_ms(at, h, camera.time_zone) for h in (hour, hour + 1))
        latest_ms = min(end_ms, last_ms - DWELL_MS[0])
        if latest_ms <= start_ms:
            return
        share = (latest_ms - start_ms) / (end_ms - start_ms)
        count = int(random.poisson(self.visits_expected(camera, day, hour) * share))
        firsts = random.integers(start_ms, latest_ms, count)
        # who waits longer is in view for longer
        median_ms = 1000 * habits.dwell_s * (1 + self.strain(camera, day, hour))
        dwells = np.clip(random.lognormal(np.log(median_ms), DWELL_SIGMA, count), *DWELL_MS).astype(np.int64)
        shown = self.expressions(camera, day, hour)
        shown[_PLEASANT] *= delight
        expressions = random.choice(len(LABELS), count, p=shown / shown.sum())
        attention = random.beta(4 * habits.attention, 4 * (1 - habits.attention), count)
        for first_ms, dwell_ms, expression, attentive in zip(
            firsts.tolist(), dwells.tolist(), expressions.tolist(), attention.tolist(), strict=True
        ):
            times = frame_times(first_ms, min(first_ms + dwell_ms, last_ms))
            frontal = random.random(len(times)) < attentive
            p = probabilities(self.confusion[expression], len(times), random)
            yield Visit(times, expression, tuple(frontal.tolist()), tuple(map(_as_probabilities, p.tolist())))


def make_plan(cameras: Sequence[Camera], until_ms: int, days: int, seed: int, confusion: Floats) -> Plan:
    """The story of some days: a promotion in the second half of them, more staff from half-way, one outage.

    Args:
        cameras: at least one.
        until_ms: its end, UTC.
        days: its length, at least 1; the day of ``until_ms`` is the last.
        seed: of all that is drawn.
        confusion: float64 (7, 7), the model's S.
    """
    random = np.random.default_rng(seed)
    camera = cameras[int(random.integers(len(cameras)))]
    day = int(random.integers(max(1, days - 1)))  # not today, where there is another day
    # open on every day of the week, whichever day that is
    first = max(camera.hours.weekdays[0], camera.hours.sundays[0])
    last = min(camera.hours.weekdays[1], camera.hours.sundays[1]) - OUTAGE_HOURS
    begins = int(random.integers(first, max(first, last) + 1))
    return Plan(
        cameras=tuple(cameras),
        until_ms=until_ms,
        days=days,
        seed=seed,
        confusion=confusion,
        promotion=range(days * 6 // 10, days * 6 // 10 + -(-days // 4)),
        staffed_from=days // 2,
        outage=Outage(camera.name, day, range(begins, begins + OUTAGE_HOURS)),
    )


def frame_times(first_ms: int, last_ms: int) -> tuple[int, ...]:
    """When a visit's frames are taken: evenly from its first to its last face, both included."""
    steps = -(-(last_ms - first_ms) // FRAME_STEP_MS)
    return tuple(first_ms + (last_ms - first_ms) * i // steps for i in range(steps + 1))


def probabilities(mean: Floats, frames: int, random: np.random.Generator) -> Floats:
    """What the model makes of the frames of one visit: float64 (frames, 7), in whole millionths.

    Both the visit's probabilities and each frame's own are Dirichlet distributed around ``mean``, so the mean
    over many visits is ``mean`` itself.

    Args:
        mean: float64 (7,), the row of S for what the visit truly shows.
        frames: how many.
        random: of the draws.
    """
    draws = random.standard_gamma(SURENESS * mean, (frames + 1, len(mean)))
    draws /= draws.sum(axis=1, keepdims=True)
    mixed = (1 - FLICKER) * draws[0] + FLICKER * draws[1:]
    return np.asarray(mixed.round(6), np.float64)


def _as_probabilities(values: Sequence[float]) -> Probabilities:
    a, b, c, d, e, f, g = values
    return a, b, c, d, e, f, g


def _hour_ms(at: date, hour: int, zone: tzinfo) -> int:
    """UTC instant at which a local hour begins; hour 24 is the next midnight."""
    moment = datetime(at.year, at.month, at.day, tzinfo=zone) + timedelta(hours=hour)
    return round(moment.timestamp() * 1000)
