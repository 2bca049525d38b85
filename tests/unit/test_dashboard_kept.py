"""What a site has forgotten is told as forgotten, never as a time in which no camera looked."""

from datetime import UTC, datetime, timedelta

import pytest

from contract import keys
from contract.retention import FIELDS, Retention
from contract.windows import WINDOW_MS, Resolution
from dashboard.figures.periods import PERIODS
from dashboard.figures.queries import Question, answer
from dashboard.figures.selection import Selection
from dashboard.figures.sites import Site, read_sites
from dashboard.figures.store import WindowStore
from dashboard.figures.subjects import Subjects
from dashboard.settings import DashboardSettings
from dashboard.words.kept import kept_words
from runtime.redis import Client

NOW_MS = int(datetime(2026, 6, 1, 14, 40, tzinfo=UTC).timestamp() * 1000)
DAY_MS = 24 * 3_600_000
SHORT = Retention({Resolution.HOUR: 60 * DAY_MS, Resolution.QUARTER: 2 * DAY_MS})


def site(retention: Retention) -> Site:
    return Site("shop-1", k=5, time_zone=UTC, simulated=False, retention=retention)


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("90d", "shop-1 keeps hourly figures for 60 days: older ones are gone, and not shown."),
        ("28d", ""),
        ("24h", ""),
    ],
)
def test_a_page_says_what_is_gone(key: str, told: str) -> None:
    period = PERIODS[key]
    from_ms = period.span(NOW_MS, UTC).from_ms
    assert kept_words(site(SHORT), period.resolution, from_ms, NOW_MS) == told
    assert kept_words(site(Retention()), period.resolution, from_ms, NOW_MS) == ""


def test_quarter_hours_are_told_apart() -> None:
    told = kept_words(site(SHORT), Resolution.QUARTER, NOW_MS - 3 * DAY_MS, NOW_MS)
    assert (
        told
        == "shop-1 keeps figures by the quarter of an hour for 2 days: older ones are gone, and not shown."
    )


def test_what_a_site_keeps_is_read_with_its_other_settings(any_redis: Client) -> None:
    any_redis.hset(keys.site("shop-1"), mapping={FIELDS[Resolution.HOUR]: "60d", "k": "3"})
    found = read_sites(any_redis, ["shop-1", "shop-2"], DashboardSettings())
    assert found["shop-1"].retention == Retention({Resolution.HOUR: 60 * DAY_MS})
    assert found["shop-1"].k == 3
    assert found["shop-2"].retention == Retention()


@pytest.mark.parametrize("resolution", [Resolution.HOUR, Resolution.DAY])
def test_a_forgotten_window_is_no_window_in_which_no_camera_looked(
    any_redis: Client, resolution: Resolution
) -> None:
    span = PERIODS["90d"].span(NOW_MS, UTC)
    gaps = {}
    for name, retention in (("short", SHORT), ("long", Retention())):
        question = Question(Selection("shop-1"), resolution, span)
        subjects = Subjects(("shop-1/till",))
        found = answer(WindowStore(any_redis, lambda: NOW_MS), subjects, site(retention), question, NOW_MS)
        gaps[name] = found.grid_ms[found.gaps]
    assert gaps["long"][0] == span.from_ms, "nothing was ever seen, and that is told"
    oldest = datetime.fromtimestamp(gaps["short"][0] / 1000, UTC)
    assert oldest - datetime.fromtimestamp(NOW_MS / 1000, UTC) >= -timedelta(days=60)
    assert gaps["short"][0] - WINDOW_MS[resolution] < NOW_MS - 60 * DAY_MS
