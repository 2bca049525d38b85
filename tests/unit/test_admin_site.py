"""What holds at a site: shown, changed, and refused in one line."""

import re
from collections.abc import Callable

import msgspec
import pytest
import redis

from admin.cli import build_parser
from admin.errors import Refused
from contract import keys
from contract.retention import STANDARD
from contract.rules import DeviationRule, ThresholdRule
from contract.windows import WINDOW_MS, Resolution
from dashboard.figures.sites import read_sites
from dashboard.settings import DashboardSettings
from runtime.errors import MoodLensError
from tests.support.events import utc_ms
from tests.support.rows import row_of
from tests.support.services import RedisServer
from tests.support.weeks import ZONE
from tests.support.windows import write_windows

Site = Callable[..., str]
DAY_MS = WINDOW_MS[Resolution.DAY]


@pytest.fixture
def site(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Site:
    """Runs ``admin site``; what it says."""
    monkeypatch.setenv("MOODLENS_REDIS_URL", redis_server.url)

    def do(*words: str) -> str:
        arguments = build_parser().parse_args(["site", *words])
        arguments.do(arguments)
        return capsys.readouterr().out

    return do


def test_a_site_that_says_nothing_is_shown_with_what_holds(site: Site, redis_client: redis.Redis) -> None:
    assert site("shop-1") == f"shop-1: time zone UTC, k 5, open day and night, keeps {STANDARD}\n"
    assert not redis_client.exists(keys.site("shop-1")), "to look changes nothing"


def test_what_is_set_is_what_the_dashboard_reads(site: Site, redis_client: redis.Redis) -> None:
    said = site(
        "shop-1", "--time-zone", "Europe/Berlin", "--k", "8", "--hours", "Mon-Sat 9:00-20:00", "--simulated"
    )
    week = "; ".join(f"{day} 09:00-20:00" for day in ("mon", "tue", "wed", "thu", "fri", "sat"))
    assert said == f"shop-1: time zone Europe/Berlin, k 8, open {week}, keeps {STANDARD}, simulated\n"
    read = read_sites(redis_client, ["shop-1"], DashboardSettings())["shop-1"]
    assert (str(read.time_zone), read.k, str(read.hours), read.simulated) == ("Europe/Berlin", 8, week, True)
    assert site("shop-1", "--no-simulated", "--hours", "") == (
        f"shop-1: time zone Europe/Berlin, k 8, open day and night, keeps {STANDARD}\n"
    )


def test_all_sites_are_listed(site: Site, redis_client: redis.Redis) -> None:
    for camera in ("shop-2/door", "shop-1/door", "shop-1/till"):
        write_windows(redis_client, camera, {0: row_of("happy")}, ZONE)
    site("shop-2", "--k", "6")
    assert re.findall(r"^(\S+): .* k (\d)", site("--list"), re.MULTILINE) == [
        ("shop-1", "5"),
        ("shop-2", "6"),
    ]


def test_a_small_k_is_warned_of_once_it_gets_smaller(site: Site) -> None:
    assert "figures may now rest on 1 visit." in site("shop-1", "--k", "1")
    assert "Note" not in site("shop-1", "--k", "1")
    assert "Note" not in site("shop-1", "--k", "3")
    assert "figures may now rest on 2 visits." in site("shop-1", "--k", "2")


def test_a_new_clock_is_warned_of_where_there_are_windows(site: Site, redis_client: redis.Redis) -> None:
    assert "Note" not in site("shop-1", "--time-zone", "Asia/Kolkata")
    write_windows(redis_client, "shop-1/door", {0: row_of("happy")}, ZONE)
    assert "stay cut by Asia/Kolkata" in site("shop-1", "--time-zone", "Europe/Berlin")


def test_how_long_windows_are_kept_is_set_shown_and_taken_back(site: Site, redis_client: redis.Redis) -> None:
    said = site("shop-1", "--keep", "1h=90d", "--keep", "15m=7d", "--keep", "1d=1y")
    assert "keeps 10s=1h 1m=2d 15m=7d 1h=90d 1d=1y" in said
    fields = {b"keep_1h": b"90d", b"keep_15min": b"7d", b"keep_1d": b"1y"}
    assert redis_client.hgetall(keys.site("shop-1")) == fields
    assert "15m=30d 1h=400d 1d=1y" in site("shop-1", "--keep", "1h=default", "--keep", "15min=default")
    assert redis_client.hgetall(keys.site("shop-1")) == {b"keep_1d": b"1y"}
    assert "1d=1y" in site("shop-1")


def test_a_shorter_time_holds_for_what_is_stored_and_says_so(site: Site, redis_client: redis.Redis) -> None:
    now_ms = utc_ms()
    for days_ago in (1, 10, 28):
        write_windows(redis_client, "shop-1/door", {now_ms - days_ago * DAY_MS: row_of("happy")}, ZONE)
    said = site("shop-1", "--keep", "1h=25d", "--keep", "15m=7d")
    assert "Note: what is stored goes earlier, too (chunks: 9); what is older than that is gone." in said
    left = {key.rsplit(b":", 2)[1] for key in redis_client.scan_iter("*:shop-1/door:*")}
    assert left == {b"15min", b"1h", b"1d"}
    assert len(list(redis_client.scan_iter("*:1h:*"))) == 2
    assert len(list(redis_client.scan_iter("*:15min:*"))) == 1
    assert "Note" not in site("shop-1", "--keep", "1h=25d")


def test_rules_that_look_back_further_are_named(site: Site, redis_client: redis.Redis) -> None:
    write_windows(redis_client, "shop-1/door", {utc_ms(): row_of("happy")}, ZONE)
    rules = {
        "usual": DeviationRule(),
        "patient": DeviationRule(weeks=26, weeks_min=10),
        "gloomy": ThresholdRule(below=0.0),
    }
    for name, rule in rules.items():
        redis_client.hset(keys.rules("shop-1/door"), name, msgspec.json.encode(rule))
    redis_client.hset(keys.rules("shop-1/door"), "broken", "{")
    assert "the rule" not in site("shop-1", "--keep", "15m=7d", "--keep", "1h=200d")
    said = site("shop-1", "--keep", "1h=30d")
    assert "Note: the rule usual of shop-1/door looks back 8 weeks: it finds 4.\n" in said
    assert "the rule patient of shop-1/door looks back 26 weeks: it judges no hour any more.\n" in said
    assert "gloomy" not in said


def test_what_somebody_else_wrote_and_cannot_be_used_is_said(site: Site, redis_client: redis.Redis) -> None:
    redis_client.hset(keys.site("shop-1"), "keep_1h", "for ever")
    said = site("shop-1")
    assert "1h=400d" in said
    assert "Note: keep_1h is not used: 'for ever' is no time such as 45m, 36h, 90d or 1y" in said


@pytest.mark.parametrize(
    ("words", "why", "error"),
    [
        (("Shop 1",), "'Shop 1' is no site", Refused),
        (("shop-1", "--k", "0"), "--k 0 is not between 1 and 100", Refused),
        (("shop-1", "--k", "101"), "--k 101 is not between 1 and 100", Refused),
        (("shop-1", "--hours", "always"), "--hours: “always” is not days and hours", Refused),
        (("shop-1", "--time-zone", "Berlin"), "'Berlin' is no IANA time zone", MoodLensError),
        (("shop-1", "--keep", "1h=401d"), "--keep 1h=401d: windows of 1h are kept from 23d to 400d", Refused),
        (("shop-1", "--keep", "1h=7d"), "--keep 1h=7d: windows of 1h are kept from 23d to 400d", Refused),
        (("shop-1", "--keep", "1h=long"), "--keep 1h=long: 'long' is no time such as", Refused),
        (("shop-1", "--keep", "2h=7d"), "--keep 2h=7d: say of which windows (10s, 1m, 15m, 1h, 1d)", Refused),
        (("shop-1", "--k", "3", "--keep", "90d"), "--keep 90d: say of which windows", Refused),
        (("--list", "--keep", "1h=90d"), "--list shows; to change a site, name it", Refused),
        (("--list", "--k", "3"), "--list shows; to change a site, name it", Refused),
    ],
)
def test_what_cannot_be_used_is_one_line_and_changes_nothing(
    site: Site, redis_client: redis.Redis, words: tuple[str, ...], why: str, error: type[MoodLensError]
) -> None:
    with pytest.raises(error, match=re.escape(why)):
        site(*words)
    assert not redis_client.exists(keys.site("shop-1"))
