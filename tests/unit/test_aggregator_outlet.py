"""Closed windows and alerts in a real Redis: decided once, whatever is repeated, raced or taken over."""

import logging
from datetime import UTC, datetime

import msgspec
import pytest

from aggregator import commit as commits
from aggregator import metrics
from aggregator.commit import Commit, Committer
from aggregator.fold import Timing
from aggregator.outbox import Outbox
from aggregator.outlet import Outlet, Telling
from aggregator.partition import Partition, read_entries
from aggregator.settings import AggregatorSettings
from aggregator.sites import Site, Sites
from aggregator.trim import Trimmer
from contract import keys
from contract.announcements import Alert, ClosedWindow, decode_announcement
from contract.keys import MQTT, WEBHOOK
from contract.topics import Suffix, topic
from contract.windows import Resolution
from runtime.errors import SettingsError
from runtime.redis import Client
from runtime.settings import load_settings
from runtime.windows import read_windows
from tests.support.events import CAMERA, utc_ms
from tests.support.visits import ScriptedCamera

QUARTER_MS, HOUR_MS = 900_000, 3_600_000
NUMBER = keys.partition_of(CAMERA)
K = 5


class Owner:
    """An aggregator's hold of the camera's partition; its seconds go by as a test says."""

    def __init__(self, client: Client, published: tuple[Resolution, ...] = (Resolution.QUARTER,)) -> None:
        self.client = client
        self.committer = Committer(client)
        self.now_ms = utc_ms()
        sites = Sites(client, Site(UTC, K))
        outlet = Outlet(client, NUMBER, sites, Telling(published, webhook=True))
        trimmer = Trimmer(client, kept_ms=0)
        self.partition = Partition(client, NUMBER, self.committer, trimmer, sites, Timing(), outlet)

    def turn(self, later_ms: int = 10_000) -> None:
        """Reads and commits all that waits in the log, and looks at closed windows until none is left."""
        for _ in range(4):
            entries = read_entries(self.client, [NUMBER], 2000)[NUMBER]
            self.partition.advance(entries, self.now_ms, caught_up=True)
            self.now_ms += later_ms


@pytest.fixture
def camera(any_redis: Client) -> ScriptedCamera:
    any_redis.set(keys.epoch(NUMBER), 1)
    return ScriptedCamera(any_redis)


def noon_ms() -> int:
    """The hour before the last."""
    return (utc_ms() // HOUR_MS - 2) * HOUR_MS


def posted(client: Client, destination: str = MQTT) -> list[bytes]:
    return [message.payload for message in Outbox(client, destination).waiting([NUMBER], 10_000)[0]]


def windows(client: Client) -> list[ClosedWindow]:
    return [decode_announcement(payload, ClosedWindow) for payload in posted(client)]


def set_rule(client: Client, **rule: object) -> None:
    client.hset(keys.rules(CAMERA), "rule", msgspec.json.encode(rule))


def test_a_closed_window_is_posted_and_found_in_the_outbox_until_taken_out(
    any_redis: Client, camera: ScriptedCamera
) -> None:
    start_ms = noon_ms()
    camera.sees(start_ms, start_ms + QUARTER_MS + 60_000, 8)
    Owner(any_redis).turn()
    outbox = Outbox(any_redis, MQTT)
    messages, waiting = outbox.waiting(range(keys.PARTITIONS), 10)
    assert waiting == len(messages) == 1
    assert messages[0].topic == topic(CAMERA, Suffix.WINDOWS)
    assert windows(any_redis)[0].from_ms == start_ms
    outbox.take_out(messages[0])
    assert outbox.waiting([NUMBER], 10) == ([], 0)


def test_data_that_comes_after_publishing_is_stored_and_not_told_again(
    any_redis: Client, camera: ScriptedCamera
) -> None:
    start_ms = noon_ms()
    owner = Owner(any_redis)
    camera.sees(start_ms, start_ms + 2 * QUARTER_MS, 12)
    owner.turn()
    cut_off = ScriptedCamera(any_redis, session="f" * 16)
    cut_off.sees(start_ms, start_ms + QUARTER_MS, 7)
    camera.sees(start_ms + 2 * QUARTER_MS, start_ms + 3 * QUARTER_MS, 6)
    owner.turn(later_ms=30_000)
    camera.sees(start_ms + 3 * QUARTER_MS, start_ms + 4 * QUARTER_MS, 6)
    owner.turn()

    told = windows(any_redis)
    assert [(window.from_ms - start_ms) // QUARTER_MS for window in told] == [0, 1, 2]
    assert [window.visits for window in told] == [6, 6, 6]
    stored = read_windows(any_redis, CAMERA, Resolution.QUARTER, start_ms, start_ms + QUARTER_MS, UTC)
    assert stored.column("visits").sum() == 13


def test_a_former_owner_that_does_not_know_it_yet_tells_nothing(
    any_redis: Client, camera: ScriptedCamera, caplog: pytest.LogCaptureFixture
) -> None:
    set_rule(any_redis, kind="threshold", below=0, windows=2)
    start_ms = noon_ms()
    camera.sees(start_ms, start_ms + QUARTER_MS, 8, "sad")
    camera.sees(start_ms + QUARTER_MS, start_ms + QUARTER_MS + 30_000, 8, "sad")
    camera.sees(start_ms + QUARTER_MS + 30_000, start_ms + QUARTER_MS + 60_000, 0)
    former = Owner(any_redis)
    former.turn(later_ms=1_000)
    assert len(windows(any_redis)) == 1

    any_redis.incr(keys.epoch(NUMBER))  # as a change of owner does
    successor = Owner(any_redis)
    for owner in (successor, former):
        owner.now_ms += 70_000  # the camera is silent, so its windows are over by the server's clock
    successor.turn(later_ms=1_000)
    decided = posted(any_redis)
    assert len(decided) == 3, "two windows and an alert"
    with caplog.at_level(logging.INFO):
        former.turn(later_ms=1_000)
    assert "state reloaded" in caplog.text
    assert posted(any_redis) == decided
    assert len(posted(any_redis, WEBHOOK)) == any_redis.xlen(keys.alerts_log(CAMERA)) == 1


def test_a_commit_sent_twice_posts_once(any_redis: Client) -> None:
    any_redis.set(keys.epoch(NUMBER), 7)
    committer = Committer(any_redis)
    commit = Commit(NUMBER, [])
    commit.post(MQTT, topic(CAMERA, Suffix.ALERTS), b"{}")
    commit.keep_alert(CAMERA, b"{}")
    assert committer.apply(commit, epoch=7) is True
    assert committer.apply(commit, epoch=7) is False
    assert posted(any_redis) == [b"{}"]
    assert any_redis.xlen(keys.alerts_log(CAMERA)) == 1


def test_an_outbox_that_nobody_empties_stays_bounded(
    any_redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "OUTBOX_MAX", 3)
    any_redis.set(keys.epoch(NUMBER), 1)
    commit = Commit(NUMBER, [])
    for number in range(5):
        commit.post(MQTT, topic(CAMERA, Suffix.WINDOWS), b"%d" % number)
    before = metrics.OUTBOX_DROPPED._value.get()
    assert Committer(any_redis).apply(commit, epoch=1)
    assert posted(any_redis) == [b"2", b"3", b"4"], "the newest"
    assert metrics.OUTBOX_DROPPED._value.get() == before + 2


def test_a_successor_goes_on_with_cells_and_streaks_that_wait(
    any_redis: Client, camera: ScriptedCamera
) -> None:
    set_rule(any_redis, kind="threshold", below=0, windows=3)
    start_ms = noon_ms()
    for quarter, visits in enumerate((5, 5, 3, 3, 0)):
        from_ms = start_ms + quarter * QUARTER_MS
        camera.sees(from_ms, from_ms + QUARTER_MS, visits, "sad")
        Owner(any_redis).turn()
    assert [window.visits for window in windows(any_redis)] == [5, 5, 6]
    assert not posted(any_redis, WEBHOOK), "the third window in a row had fewer than k"


def test_history_is_no_news(any_redis: Client, camera: ScriptedCamera) -> None:
    now_ms = utc_ms() // HOUR_MS * HOUR_MS
    for hours_ago in (49, 48, 3, 2):
        from_ms = now_ms - hours_ago * HOUR_MS
        camera.sees(from_ms, from_ms + HOUR_MS, 24)
    Owner(any_redis).turn()
    told = windows(any_redis)
    assert min(window.to_ms for window in told) > now_ms - 25 * HOUR_MS
    assert sum(window.visits or 0 for window in told) >= 24 + 18


def test_rules_that_cannot_be_read_stop_nothing(
    any_redis: Client, camera: ScriptedCamera, caplog: pytest.LogCaptureFixture
) -> None:
    any_redis.set(keys.rules(CAMERA), "no hash")
    start_ms = noon_ms()
    camera.sees(start_ms, start_ms + QUARTER_MS + 60_000, 8)
    Owner(any_redis).turn()
    assert len(windows(any_redis)) == 1
    assert caplog.text.count(f"{CAMERA}: its rules are not used") == 1


def test_a_rule_given_later_begins_with_the_window_of_that_time(
    any_redis: Client, camera: ScriptedCamera
) -> None:
    owner = Owner(any_redis)
    minute_ms = 60_000
    now_ms = utc_ms() // minute_ms * minute_ms
    camera.sees(now_ms - 30 * minute_ms, now_ms, 150, "sad")
    owner.now_ms = now_ms + 5_000
    owner.turn(later_ms=1_500)
    set_rule(any_redis, kind="threshold", below=0, windows=2, resolution="1min")
    owner.turn(later_ms=1_500)
    camera.sees(now_ms, now_ms + 2 * minute_ms + 10_000, 15, "sad")
    owner.now_ms = now_ms + 3 * minute_ms
    owner.turn(later_ms=1_500)
    (alert,) = [decode_announcement(payload, Alert) for payload in posted(any_redis, WEBHOOK)]
    assert (alert.from_ms, alert.to_ms) == (now_ms, now_ms + 2 * minute_ms)


def test_a_site_says_k_and_when_its_day_ends(any_redis: Client, camera: ScriptedCamera) -> None:
    zone_hours = 14  # so that some local day ended not long ago, whenever this runs
    start_ms = noon_ms()
    any_redis.hset(keys.site("shop-1"), mapping={"k": 2, "time_zone": f"Etc/GMT-{zone_hours}"})
    camera.sees(start_ms, start_ms + 2 * QUARTER_MS, 4)
    Owner(any_redis).turn()
    (window,) = windows(any_redis)
    assert (window.k, window.visits) == (2, 2)
    day = datetime.fromtimestamp(start_ms / 1000 + zone_hours * 3600, UTC)
    assert any_redis.exists(keys.window_chunk(CAMERA, Resolution.DAY, f"{day:%Y%m%d}"))


def test_an_hour_is_held_against_the_same_hour_of_earlier_weeks(
    any_redis: Client, camera: ScriptedCamera
) -> None:
    set_rule(any_redis, kind="deviation", weeks_min=3)
    start_ms = noon_ms() - HOUR_MS
    for week in (3, 2, 1):
        from_ms = start_ms - week * 7 * 24 * HOUR_MS
        camera.sees(from_ms, from_ms + QUARTER_MS, 10, "happy")
        camera.sees(from_ms + QUARTER_MS, from_ms + 2 * QUARTER_MS, 10, "neutral")
    camera.sees(start_ms, start_ms + HOUR_MS, 20, "sad")
    camera.sees(start_ms + HOUR_MS, start_ms + HOUR_MS + QUARTER_MS, 5, "sad")
    Owner(any_redis, published=()).turn()
    (alert,) = [decode_announcement(payload, Alert) for payload in posted(any_redis)]
    assert (alert.from_ms, alert.to_ms) == (start_ms, start_ms + HOUR_MS)
    assert (alert.value, alert.limit) == (-0.73, 0.43)


@pytest.mark.parametrize(
    ("text", "resolutions"),
    [("15min", ["15min"]), ("1d, 15min,1h", ["15min", "1h", "1d"]), ("", []), (" , ", [])],
)
def test_resolutions_are_read_in_any_order(text: str, resolutions: list[str]) -> None:
    assert list(AggregatorSettings(published=text).resolutions) == resolutions


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("PUBLISHED", "15min,2h", "no resolution: 2h"),
        ("WEBHOOK_URL", "file:///etc/passwd", "neither http:// nor https://"),
    ],
)
def test_a_setting_that_cannot_be_used_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(f"MOODLENS_AGGREGATOR_{variable}", value)
    with pytest.raises(SettingsError, match=complaint) as error:
        load_settings(AggregatorSettings)
    assert f"MOODLENS_AGGREGATOR_{variable}" in str(error.value)
