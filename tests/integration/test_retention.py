"""A site keeps its windows shorter, or longer again: what is stored, and what is written from then on."""

import logging
from datetime import UTC

import pytest

from admin.keeping import hold, read_retentions
from aggregator import sites
from aggregator.outbox import Outbox
from contract import keys
from contract.announcements import ClosedWindow, decode_announcement
from contract.keys import MQTT
from contract.retention import FIELDS, Retention
from contract.windows import KEPT_MS, Chunk, Resolution, chunk_at
from runtime.redis import Client
from runtime.windows import read_windows
from tests.support.erasures import BERLIN, CAMERA, SUBJECTS, eraser, local_ms
from tests.support.events import utc_ms
from tests.support.pasts import HOUR_MS, VISITS, PastCamera

SITE = "shop-1"
DAY_MS = 24 * HOUR_MS
OTHER = "shop-2/entrance"
TWO_DAYS = {"keep_15min": "2d", "keep_1d": "3d"}


def days(client: Client, name: str = CAMERA) -> PastCamera:
    """Two hours of each of the last five days of a camera, counted."""
    client.hset(keys.site(SITE), "time_zone", str(BERLIN))
    camera = PastCamera(client, name)
    camera.sees([local_ms(days_ago, hour) for days_ago in range(5, 0, -1) for hour in (10, 12)])
    camera.fold()
    return camera


def say(client: Client, fields: dict[str, str]) -> None:
    """Sets fields of the site, and nothing else."""
    client.hset(keys.site(SITE), items=[word for pair in fields.items() for word in pair])


def set_kept(client: Client, fields: dict[str, str]) -> Retention:
    """As the command does: first what holds, then what is stored."""
    say(client, fields)
    kept = read_retentions(client, [SITE])[SITE]
    hold(client, SITE, kept, BERLIN)
    return kept


def chunk(resolution: Resolution, days_ago: int) -> Chunk:
    return chunk_at(resolution, local_ms(days_ago, 12), BERLIN)


def expiry_ms(client: Client, of: Chunk, subject: str = CAMERA) -> int | None:
    """When a chunk expires, UTC; None: there is none."""
    at_ms = client.pexpiretime(keys.window_chunk(subject, of.resolution, of.name))
    return None if at_ms == -2 else int(at_ms)


def visits(client: Client, resolution: Resolution, days_ago: int) -> int:
    of = chunk(resolution, days_ago)
    windows = read_windows(client, CAMERA, resolution, of.start_ms, of.end_ms, BERLIN)
    return int(windows.column("visits").sum())


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An aggregator reads the settings of sites whenever it needs them, not once a minute."""
    monkeypatch.setattr(sites, "_REFRESH_S", 0.0)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_what_is_stored_expires_as_the_site_keeps_it_and_what_is_older_is_gone(
    any_redis: Client, subject: str
) -> None:
    days(any_redis)
    generation = int(any_redis.get(keys.ERASURES_GENERATION) or 0)
    before_ms = utc_ms()
    kept = set_kept(any_redis, TWO_DAYS)
    for days_ago in range(1, 6):
        for resolution in (Resolution.QUARTER, Resolution.HOUR, Resolution.DAY):
            of = chunk(resolution, days_ago)
            due_ms = kept.expires_at_ms(of)
            found_ms = expiry_ms(any_redis, of, subject)
            assert found_ms == due_ms or due_ms <= utc_ms(), of
            assert found_ms is None or due_ms > before_ms, of
    assert expiry_ms(any_redis, chunk(Resolution.DAY, 5), subject) is None
    assert expiry_ms(any_redis, chunk(Resolution.HOUR, 5), subject)
    assert int(any_redis.get(keys.ERASURES_GENERATION) or 0) == generation + 1, "dashboards forget it"


def test_to_say_it_again_changes_nothing_and_longer_does_not_bring_back_nor_prolong(
    any_redis: Client,
) -> None:
    days(any_redis)
    kept = set_kept(any_redis, TWO_DAYS)
    before = expiry_ms(any_redis, chunk(Resolution.DAY, 1))
    assert hold(any_redis, SITE, kept, BERLIN) == 0
    any_redis.hdel(keys.site(SITE), *TWO_DAYS)
    assert hold(any_redis, SITE, Retention(), BERLIN) == 0
    assert expiry_ms(any_redis, chunk(Resolution.DAY, 1)) == before
    assert expiry_ms(any_redis, chunk(Resolution.DAY, 5)) is None


def test_other_sites_keep_theirs(any_redis: Client) -> None:
    days(any_redis)
    days(any_redis, OTHER)
    of = chunk_at(Resolution.DAY, local_ms(5, 12), UTC)
    before = expiry_ms(any_redis, of, OTHER)
    set_kept(any_redis, TWO_DAYS)
    assert before
    assert expiry_ms(any_redis, of, OTHER) == before


def test_what_is_counted_from_then_on_expires_so_and_what_is_too_old_is_not_begun(
    any_redis: Client,
) -> None:
    say(any_redis, TWO_DAYS)
    days(any_redis)
    kept = read_retentions(any_redis, [SITE])[SITE]
    of = chunk(Resolution.DAY, 1)
    assert expiry_ms(any_redis, of) == of.end_ms + 3 * DAY_MS == kept.expires_at_ms(of)
    assert expiry_ms(any_redis, chunk(Resolution.DAY, 5)) is None
    assert visits(any_redis, Resolution.HOUR, 5) == 2 * VISITS


@pytest.mark.usefixtures("at_once")
def test_a_chunk_that_is_still_written_to_follows_shorter_and_longer_alike(any_redis: Client) -> None:
    camera = days(any_redis)
    of = chunk(Resolution.DAY, 1)
    for fields, kept_ms in (({"keep_1d": "3d"}, 3 * DAY_MS), ({"keep_1d": "400d"}, 400 * DAY_MS)):
        say(any_redis, fields)
        camera.sees([local_ms(1, 12)])
        camera.fold()
        assert expiry_ms(any_redis, of) == of.end_ms + kept_ms
    any_redis.hdel(keys.site(SITE), "keep_1d")
    camera.sees([local_ms(1, 12)])
    camera.fold()
    assert expiry_ms(any_redis, of) == of.end_ms + KEPT_MS[Resolution.DAY]


@pytest.mark.usefixtures("at_once")
def test_what_an_owner_wrote_before_it_knew_is_shortened_when_it_knows(
    any_redis: Client, caplog: pytest.LogCaptureFixture
) -> None:
    owned = days(any_redis).fold()
    say(any_redis, TWO_DAYS)
    of = chunk(Resolution.DAY, 1)
    with caplog.at_level(logging.INFO):
        for second in range(len(SUBJECTS) + 1):
            owned.advance([], utc_ms() + (second + 1) * 1_000, caught_up=True)
    for subject in SUBJECTS:
        assert expiry_ms(any_redis, of, subject) == of.end_ms + 3 * DAY_MS
        assert f"{subject}: " in caplog.text
    assert expiry_ms(any_redis, chunk(Resolution.HOUR, 1)) == of.end_ms + KEPT_MS[Resolution.HOUR]


@pytest.mark.usefixtures("at_once")
def test_what_cannot_be_used_is_said_once_and_the_longest_holds(
    any_redis: Client, caplog: pytest.LogCaptureFixture
) -> None:
    say(any_redis, {"keep_1h": "a while", "keep_1d": "9999d"})
    days(any_redis)
    of = chunk(Resolution.HOUR, 1)
    assert expiry_ms(any_redis, of) == of.end_ms + KEPT_MS[Resolution.HOUR]
    for resolution in (Resolution.HOUR, Resolution.DAY):
        assert caplog.text.count(f"{FIELDS[resolution]} is not used") == 1


@pytest.mark.parametrize(("fields", "told_h"), [({}, {20, 10}), ({"keep_15min": "25h"}, {10})])
def test_windows_are_told_of_as_far_back_as_they_are_sure_to_be_kept(
    any_redis: Client, fields: dict[str, str], told_h: set[int]
) -> None:
    say(any_redis, {"k": "2", **fields})
    hour_ms = utc_ms() // HOUR_MS * HOUR_MS
    camera = PastCamera(any_redis, CAMERA)
    camera.sees([hour_ms - 20 * HOUR_MS, hour_ms - 10 * HOUR_MS])
    owned = camera.fold()
    for second in range(1, 5):  # a chunk at a time
        owned.advance([], utc_ms() + second * 1_000, caught_up=True)
    messages, _ = Outbox(any_redis, MQTT).waiting(range(keys.PARTITIONS), 100)
    told = [decode_announcement(message.payload, ClosedWindow) for message in messages]
    told_ms = [window.from_ms for window in told if window.visits]
    hours = {
        hour for hour in (20, 10) if any(0 <= at_ms - hour_ms + hour * HOUR_MS < HOUR_MS for at_ms in told_ms)
    }
    assert hours == told_h


def test_erasing_finds_the_hours_of_a_day_that_is_kept_no_more(any_redis: Client) -> None:
    days(any_redis)
    set_kept(any_redis, {"keep_1d": "3d"})
    assert visits(any_redis, Resolution.DAY, 5) == 0
    part = eraser(any_redis, local_ms(5, 10), local_ms(5, 11)).erase("ann", "")
    assert part.visits == VISITS
    assert visits(any_redis, Resolution.HOUR, 5) == VISITS
    assert expiry_ms(any_redis, chunk(Resolution.DAY, 5)) is None, "nothing came to life"
    whole = eraser(any_redis, local_ms(5), local_ms(4)).erase("ann", "")
    assert whole.visits == VISITS
    assert visits(any_redis, Resolution.HOUR, 5) == 0
