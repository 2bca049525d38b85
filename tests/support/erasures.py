"""Five days of a camera, and erasing some of it: what tests of erasing have in common."""

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from admin.eraser import Eraser, Wanted
from contract import keys
from contract.windows import KEPT_MS, Resolution, chunk_at
from runtime.redis import Client
from runtime.windows import IntArray, read_windows
from tests.support.events import utc_ms
from tests.support.pasts import HOUR_MS, ZONE, PastCamera

BERLIN: Final = ZoneInfo("Europe/Berlin")
NOW_MS: Final = utc_ms()
CAMERA, OTHER = "shop-1/entrance", "shop-1/exit"
SUBJECTS = (CAMERA, f"{CAMERA}@{ZONE}")
RUN_MS: Final = 6 * HOUR_MS
"""No run of tests takes longer."""

Rows = dict[tuple[str, Resolution], IntArray]

TODAY = datetime.fromtimestamp(NOW_MS / 1000 - 7200, BERLIN).date()
"""By the site's clock; what was before it can be erased."""


def local_ms(days_ago: int, hour: int = 0) -> int:
    """An hour of the site's clock, some days ago."""
    return round(datetime.combine(TODAY - timedelta(days=days_ago), time(hour), BERLIN).timestamp() * 1000)


def hours(first_ms: int, end_ms: int) -> list[int]:
    return list(range(first_ms, end_ms, HOUR_MS))


FROM_MS, TO_MS = local_ms(4, 10), local_ms(1, 15)
"""Three days: a part of one, two whole ones, a part of another."""


def rows_of(client: Client, subjects: tuple[str, ...] = SUBJECTS) -> Rows:
    """What is stored of subjects, but for what Redis forgets by itself while tests run."""
    return {
        (subject, resolution): read_windows(
            client, subject, resolution, _stays_from_ms(resolution), local_ms(0), BERLIN
        ).rows
        for subject in subjects
        for resolution in Resolution
    }


def _stays_from_ms(resolution: Resolution) -> int:
    """Beginning of the first chunk that is still kept in some hours."""
    oldest = chunk_at(resolution, NOW_MS + RUN_MS - KEPT_MS[resolution], BERLIN)
    return max(local_ms(6), oldest.start_ms)


def assert_same(found: Rows, expected: Rows) -> None:
    for name, rows in expected.items():
        np.testing.assert_array_equal(found[name], rows, err_msg=str(name))


def past(client: Client, name: str = CAMERA, without: tuple[int, int] = (0, 0)) -> PastCamera:
    """Five days of a camera, without what would have been seen within a stretch of time."""
    client.hset(keys.site("shop-1"), "time_zone", str(BERLIN))
    camera = PastCamera(client, name)
    wanted = [at for at in hours(local_ms(5), local_ms(0)) if not without[0] <= at < without[1]]
    camera.sees(wanted)
    camera.fold()
    return camera


def eraser(client: Client, from_ms: int = FROM_MS, to_ms: int = TO_MS, zone: str = "") -> Eraser:
    return Eraser(client, Wanted(CAMERA, zone, from_ms, to_ms, BERLIN))
