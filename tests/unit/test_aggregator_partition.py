"""Commits to a real Redis: applied once, whatever is repeated, raced or taken over."""

from datetime import UTC

import pytest
import redis

from aggregator.aggregator import Aggregator
from aggregator.commit import Commit, Committer
from aggregator.fold import Timing
from aggregator.leases import Leases
from aggregator.partition import Partition, read_entries
from aggregator.settings import AggregatorSettings
from aggregator.sites import Sites
from contract import keys
from contract.codec import LogEvent, encode
from contract.windows import Resolution
from runtime.errors import SettingsError
from runtime.health import Health
from runtime.windows import read_windows
from tests.support.events import CAMERA, camera_report, frame_emotions

START_MS = 1_780_000_000_000
NUMBER = keys.partition_of(CAMERA)
KINDS = {"FrameEmotions": "emotions", "CameraReport": "report"}


@pytest.fixture
def committer(redis_client: redis.Redis) -> Committer:
    return Committer(redis_client, stream_kept_ms=0)


def partition(client: redis.Redis, committer: Committer) -> Partition:
    return Partition(client, NUMBER, committer, Sites(client, UTC), Timing())


def append(client: redis.Redis, *events: LogEvent) -> None:
    for event in events:
        client.xadd(keys.stream(NUMBER), {KINDS[type(event).__name__]: encode(event)})


def advance(client: redis.Redis, owned: Partition) -> None:
    entries = read_entries(client, [NUMBER], 100)[NUMBER]
    owned.advance(entries, START_MS, caught_up=False)


def column(client: redis.Redis, name: str, resolution: Resolution = Resolution.DAY) -> int:
    windows = read_windows(client, CAMERA, resolution, START_MS - 86_400_000, START_MS + 86_400_000, UTC)
    return int(windows.column(name).sum())


def visit(first_frame: int = 0) -> list[LogEvent]:
    frames: list[LogEvent] = [
        frame_emotions(first_frame + i, captured_at_ms=START_MS + i * 1000) for i in range(5)
    ]
    return [*frames, camera_report(from_ms=START_MS, to_ms=START_MS + 20_000, published=5)]


@pytest.mark.parametrize("resolution", [Resolution.HOUR, Resolution.DAY])
def test_what_is_read_is_counted_acknowledged_and_trimmed(
    redis_client: redis.Redis, committer: Committer, resolution: Resolution
) -> None:
    redis_client.set(keys.epoch(NUMBER), 1)
    owned = partition(redis_client, committer)
    append(redis_client, *visit())
    advance(redis_client, owned)
    assert column(redis_client, "face_frames", resolution) == 5
    assert column(redis_client, "visits", resolution) == 1
    assert column(redis_client, "published", resolution) == 5
    assert redis_client.smembers(keys.subjects(NUMBER)) == {CAMERA.encode()}
    assert redis_client.xpending(keys.stream(NUMBER), keys.GROUP)["pending"] == 0
    assert redis_client.xlen(keys.stream(NUMBER)) <= 6


def test_a_commit_sent_twice_is_applied_once(redis_client: redis.Redis, committer: Committer) -> None:
    commit = Commit(NUMBER, [])
    commit.write_state(CAMERA, {"visit:x": b"1"}, [])
    assert committer.apply(commit, epoch=0) is False, "no epoch yet: nobody has acquired the partition"
    redis_client.set(keys.epoch(NUMBER), 7)
    assert committer.apply(commit, epoch=7) is True
    assert committer.apply(commit, epoch=7) is False
    assert redis_client.get(keys.epoch(NUMBER)) == b"8"


def test_an_entry_whose_commit_was_refused_is_folded_again(
    redis_client: redis.Redis, committer: Committer
) -> None:
    redis_client.set(keys.epoch(NUMBER), 1)
    owned = partition(redis_client, committer)
    append(redis_client, *visit())
    redis_client.incr(keys.epoch(NUMBER))
    advance(redis_client, owned)
    assert column(redis_client, "face_frames") == 0
    advance(redis_client, owned)
    assert column(redis_client, "face_frames") == 5
    assert column(redis_client, "visits") == 1


def test_a_successor_goes_on_where_the_owner_died_and_the_owner_can_do_no_harm(
    redis_client: redis.Redis, committer: Committer
) -> None:
    first, second = Leases(redis_client), Leases(redis_client)
    first.refresh()
    assert NUMBER in first.owned
    paused = partition(redis_client, committer)
    append(redis_client, *visit())
    unfinished = read_entries(redis_client, [NUMBER], 100)[NUMBER]

    redis_client.delete(keys.lease(NUMBER))  # as after five seconds of silence
    second.refresh()
    assert NUMBER in second.owned
    successor = partition(redis_client, committer)
    advance(redis_client, successor)
    paused.advance(unfinished, START_MS, caught_up=False)
    assert column(redis_client, "face_frames") == 5
    assert column(redis_client, "visits") == 1


def test_an_unreadable_entry_is_passed_over(redis_client: redis.Redis, committer: Committer) -> None:
    redis_client.set(keys.epoch(NUMBER), 1)
    owned = partition(redis_client, committer)
    redis_client.xadd(keys.stream(NUMBER), {"emotions": b"{"})
    redis_client.xadd(keys.stream(NUMBER), {"from the future": b"{}"})
    append(redis_client, *visit())
    advance(redis_client, owned)
    assert column(redis_client, "face_frames") == 5
    assert redis_client.xpending(keys.stream(NUMBER), keys.GROUP)["pending"] == 0


def test_unread_entries_are_never_trimmed(redis_client: redis.Redis, committer: Committer) -> None:
    redis_client.set(keys.epoch(NUMBER), 1)
    owned = partition(redis_client, committer)
    for first_frame in range(0, 50, 5):
        append(redis_client, *visit(first_frame))
    owned.advance(read_entries(redis_client, [NUMBER], 6)[NUMBER], START_MS, caught_up=False)
    while entries := read_entries(redis_client, [NUMBER], 6)[NUMBER]:
        owned.advance(entries, START_MS, caught_up=False)
    assert column(redis_client, "frames") == 50


def test_a_large_commit_goes_through(redis_client: redis.Redis, committer: Committer) -> None:
    redis_client.set(keys.epoch(NUMBER), 1)
    owned = partition(redis_client, committer)
    append(
        redis_client,
        *(frame_emotions(i, captured_at_ms=START_MS + i * 200, tracks=range(50)) for i in range(400)),
        camera_report(from_ms=START_MS, to_ms=START_MS + 400_000),
    )
    owned.advance(read_entries(redis_client, [NUMBER], 2000)[NUMBER], START_MS, caught_up=True)
    assert column(redis_client, "face_frames") == 20_000
    assert column(redis_client, "visits") == 50


def test_two_aggregators_share_the_partitions_and_one_left_alone_takes_all(redis_client: redis.Redis) -> None:
    first, second = Leases(redis_client), Leases(redis_client)
    first.refresh()
    assert len(first.owned) == keys.PARTITIONS
    second.refresh()
    assert not second.owned, "all are taken"
    for leases in (first, second):
        leases.refresh(force=True)
    assert len(first.owned) == len(second.owned) == keys.PARTITIONS // 2
    assert not first.owned & second.owned
    first.release_all()
    second.refresh(force=True)
    assert len(second.owned) == keys.PARTITIONS


def test_hours_are_cut_in_the_sites_time_zone(redis_client: redis.Redis, committer: Committer) -> None:
    redis_client.hset(keys.site("shop-1"), "time_zone", "Asia/Kolkata")
    redis_client.set(keys.epoch(NUMBER), 1)
    append_to = partition(redis_client, committer)
    append(redis_client, *visit())
    advance(redis_client, append_to)
    chunk = b"moodlens:{%d}:shop-1/entrance:1h:20260529" % NUMBER  # 01:56 there, still the 28th in UTC
    assert redis_client.exists(chunk)


def test_an_unknown_time_zone_is_one_clear_error(redis_client: redis.Redis) -> None:
    with pytest.raises(SettingsError, match="'Mars/Base' is no IANA time zone"):
        Aggregator(redis_client, AggregatorSettings(time_zone="Mars/Base"), Health({}))
