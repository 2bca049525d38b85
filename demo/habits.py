"""What is usual in a simulated store: its cameras, its hours, who comes and what they show."""

from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from enum import StrEnum
from typing import Final

import numpy as np

SATURDAY, SUNDAY = 5, 6
WEEKDAY_CROWD: Final = (0.85, 0.85, 0.9, 1.0, 1.15, 1.4, 0.8)
"""Monday to Sunday."""


class Role(StrEnum):
    """What a camera looks at."""

    ENTRANCE = "entrance"
    PROMOTION = "promotion"
    QUEUE = "queue"


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening hours, whole local hours; the end is exclusive.

    Attributes:
        weekdays: Monday to Saturday.
        sundays: Sunday.
    """

    weekdays: tuple[int, int]
    sundays: tuple[int, int]

    def of(self, day: date) -> range:
        """The open hours of a day."""
        return range(*(self.sundays if day.weekday() == SUNDAY else self.weekdays))

    def __str__(self) -> str:
        """As ``contract.hours`` reads them."""
        weekdays, sundays = (
            f"{opens:02d}:00-{closes:02d}:00" for opens, closes in (self.weekdays, self.sundays)
        )
        return f"mon-sat {weekdays}; sun {sundays}"


SHOP_HOURS: Final = Hours((9, 20), (11, 18))
AIRPORT_HOURS: Final = Hours((6, 22), (6, 22))


@dataclass(frozen=True, slots=True)
class Camera:
    """A simulated camera.

    Attributes:
        name: ``site/camera``.
        role: what it looks at.
        hours: when its site is open.
        crowd: how many come, against a usual store.
        time_zone: of its site.
    """

    name: str
    role: Role
    hours: Hours = SHOP_HOURS
    crowd: float = 1.0
    time_zone: tzinfo = UTC

    @property
    def site(self) -> str:
        """Its site's name."""
        return self.name.partition("/")[0]


CAMERAS: Final = (
    Camera("downtown/entrance", Role.ENTRANCE),
    Camera("downtown/promotion", Role.PROMOTION),
    Camera("downtown/queue", Role.QUEUE),
    Camera("airport/kiosk", Role.ENTRANCE, AIRPORT_HOURS, 1.4),
)


@dataclass(frozen=True, slots=True)
class Habits:
    """What is usual where a camera of some role looks.

    Attributes:
        visits: an hour, in an hour of busyness 1.
        dwell_s: median length of a visit.
        attention: mean share of a visit's frames that face the camera.
        expressions: how often each expression is shown, in the order of ``LABELS``; sums to 1.
    """

    visits: float
    dwell_s: float
    attention: float
    expressions: tuple[float, ...]


HABITS: Final = {
    Role.ENTRANCE: Habits(60, 8, 0.45, (0.04, 0.01, 0.02, 0.26, 0.53, 0.08, 0.06)),
    Role.PROMOTION: Habits(40, 14, 0.70, (0.03, 0.01, 0.02, 0.32, 0.46, 0.06, 0.10)),
    Role.QUEUE: Habits(36, 40, 0.35, (0.06, 0.02, 0.02, 0.18, 0.56, 0.12, 0.04)),
}


def history_camera(name: str) -> Camera:
    """A camera of this name: a known one, or one that looks at what its name says, or else at an entrance."""
    known = next((camera for camera in CAMERAS if camera.name == name), None)
    part = name.partition("/")[2]
    return known or Camera(name, Role(part) if part in list(Role) else Role.ENTRANCE)


def busyness(weekday: int, hour: int) -> float:
    """How busy a store is in an hour: about 0.35 when quiet, 1.3 at its peaks.

    Lunch and the evening from Monday to Friday, the afternoon at weekends.
    """
    middle = hour + 0.5
    if weekday >= SATURDAY:
        return 0.35 + 0.95 * float(np.exp(-(((middle - 14.5) / 3) ** 2)))
    lunch = np.exp(-(((middle - 12.5) / 1.2) ** 2))
    evening = 0.9 * np.exp(-(((middle - 17.5) / 1.5) ** 2))
    return 0.35 + float(lunch + evening)
