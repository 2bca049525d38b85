"""Some weeks of two stores, up to now, as an aggregator's commits leave them: the same every time."""

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from contract import keys
from contract.windows import WINDOW_MS, Resolution
from runtime.redis import Client
from tests.support.rows import row_of
from tests.support.windows import Row, write_windows

ZONE: Final = ZoneInfo("Europe/Berlin")
HOURS: Final = "mon-sun 09:00-19:00"
OPEN: Final = range(9, 19)
NOON: Final = 12
DARK: Final = range(14, 16)
"""Hours of yesterday in which ``QUEUE`` did not look."""

DOOR: Final = "north/door"
QUEUE: Final = "north/queue"
KIOSK: Final = "south/kiosk"
DAYS: Final = 30
"""Today included."""

USUAL: Final = "neutral happy sad neutral happy neutral happy neutral sad neutral happy neutral"
"""The visits of an hour."""

PLEASANT: Final = "neutral happy happy neutral happy neutral happy happy happy neutral happy neutral"
WAITING: Final = "neutral angry neutral neutral angry neutral neutral angry"

_QUARTER: Final = timedelta(minutes=15)
_QUARTER_MS: Final = WINDOW_MS[Resolution.QUARTER]

Story = Callable[[int, int], str]
"""Days ago and hour → the moods of visits; empty: the camera did not look."""


def zone_amid_a_day(now_ms: int) -> ZoneInfo:
    """A time zone in which no day ends for an hour: while tests look on, yesterday stays yesterday."""
    is_late = datetime.fromtimestamp(now_ms / 1000, ZONE).hour == 23
    return ZoneInfo("America/New_York") if is_late else ZONE


def write_weeks(client: Client, now_ms: int, k: int = 5, zone: ZoneInfo = ZONE) -> None:
    """Writes them.

    At ``DOOR`` visits are the same every hour, but twice as many at noon, and more pleasant yesterday. Every
    other one is in its zone ``till``. At ``QUEUE`` some are angry, and it was dark for two hours yesterday.
    ``KIOSK`` is in another site.

    Args:
        client: Redis, empty.
        now_ms: UTC; there is nothing later.
        k: of both sites.
        zone: time zone of both sites.
    """
    stories: Mapping[str, Story] = {
        DOOR: lambda days_ago, hour: " ".join([PLEASANT if days_ago == 1 else USUAL] * (1 + (hour == NOON))),
        f"{DOOR}@till": lambda days_ago, _hour: PLEASANT if days_ago == 1 else USUAL,
        QUEUE: lambda days_ago, hour: "" if days_ago == 1 and hour in DARK else WAITING,
        KIOSK: lambda _days_ago, _hour: USUAL,
    }
    for site in ("north", "south"):
        client.hset(keys.site(site), mapping={"k": k, "time_zone": str(zone), "hours": HOURS})
    for subject, story in stories.items():
        write_windows(client, subject, _windows(now_ms, story, zone, is_zone="@" in subject), zone)


def _windows(now_ms: int, story: Story, zone: ZoneInfo, *, is_zone: bool) -> dict[int, Row]:
    today = datetime.fromtimestamp(now_ms / 1000, zone).date()
    windows = {}
    for days_ago in range(DAYS):
        for hour in OPEN:
            moods = story(days_ago, hour).split()
            begin = datetime.combine(today - timedelta(days=days_ago), time(hour), zone)
            for quarter in range(4 if moods else 0):
                at_ms = round((begin + quarter * _QUARTER).timestamp() * 1000)
                if at_ms + _QUARTER_MS <= now_ms:
                    seen = moods[quarter::8] if is_zone else moods[quarter::4]
                    windows[at_ms] = _row(tuple(seen), 0 if is_zone else _QUARTER_MS)
    return windows


@cache
def _row(moods: tuple[str, ...], analysed_ms: int) -> Row:
    return row_of(*moods, analysed_ms=analysed_ms)
