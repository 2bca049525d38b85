"""Commits to a real Redis: applied once, whatever is repeated, raced or taken over."""

from datetime import UTC

import msgspec
import pytest

from aggregator.aggregator import Aggregator
from aggregator.commit import Commit, Committer
from aggregator.fold import Timing
from aggregator.leases import Leases
from aggregator.outlet import Outlet, Telling
from aggregator.partition import Partition, read_entries
from aggregator.settings import AggregatorSettings
from aggregator.sites import Site, Sites
from aggregator.trim import Trimmer
from contract import keys
from contract.codec import LogEvent, encode
from contract.windows import Resolution
from dashboard.figures.correction import versions
from dashboard.figures.periods import Span
from runtime.errors import SettingsError
from runtime.health import Health
from runtime.redis import Client
from runtime.windows import read_windows
from tests.support.events import CAMERA, camera_report, frame_emotions

START_MS = 1_780_000_000_000
NUMBER = keys.partition_of(CAMERA)
KINDS = {"FrameEmotions": "emotions", "CameraReport": "report"}


@pytest.fixture
def committer(any_redis: Client) -> Committer:
    return Committer(any_redis)


def partition(client: Client, committer: Committer) -> Partition:
    sites = Sites(client, Site(UTC, k=5))
    outlet = Outlet(client, NUMBER, sites, Telling((Resolution.QUARTER,), webhook=False))
    return Partition(client, NUMBER, committer, Trimmer(client, kept_ms=0), sites, Timing(), outlet)


def append(client: Client, *events: LogEvent) -> None:
    for event in events:
        client.xadd(keys.stream(NUMBER), {KINDS[type(event).__name__]: encode(event)})


def advance(client: Client, owned: Partition) -> None:
    entries = read_entries(client, [NUMBER], 100)[NUMBER]
    owned.advance(entries, START_MS, caught_up=False)


def column(client: Client, name: str, resolution: Resolution = Resolution.DAY) -> int:
    windows = read_windows(client, CAMERA, resolution, START_MS - 86_400_000, START_MS + 86_400_000, UTC)
    return int(windows.column(name).sum())


def visit(first_frame: int = 0) -> list[LogEvent]:
    frames: list[LogEvent] = [
        frame_emotions(first_frame + i, captured_at_ms=START_MS + i * 1000) for i in range(5)
    ]
    return [*frames, camera_report(from_ms=START_MS, to_ms=START_MS + 20_000, published=5)]


@pytest.mark.parametrize("resolution", [Resolution.HOUR, Resolution.DAY])
def test_what_is_read_is_counted_and_acknowledged(
    any_redis: Client, committer: Committer, resolution: Resolution
) -> None:
    any_redis.set(keys.epoch(NUMBER), 1)
    owned = partition(any_redis, committer)
    append(any_redis, *visit())
    advance(any_redis, owned)
    assert column(any_redis, "face_frames", resolution) == 5
    assert column(any_redis, "visits", resolution) == 1
    assert column(any_redis, "published", resolution) == 5
    assert any_redis.smembers(keys.subjects(NUMBER)) == {CAMERA.encode()}
    assert any_redis.xpending(keys.stream(NUMBER), keys.GROUP)["pending"] == 0


def test_the_models_that_windows_rest_on_are_known_to_who_reads_and_to_who_takes_over(
    any_redis: Client, committer: Committer
) -> None:
    any_redis.set(keys.epoch(NUMBER), 1)
    append(any_redis, *visit())
    advance(any_redis, partition(any_redis, committer))
    assert versions(any_redis, [CAMERA], Span(START_MS, START_MS + 10_000)) == {"test-model"}
    assert versions(any_redis, [CAMERA], Span(START_MS + 20_000, START_MS + 30_000)) == set()
    later = [msgspec.structs.replace(event, captured_at_ms=START_MS + 25_000) for event in visit(5)[:1]]
    append(any_redis, *later)
    advance(any_redis, partition(any_redis, committer))
    assert versions(any_redis, [CAMERA], Span(START_MS, START_MS + 10_000)) == {"test-model"}
    assert versions(any_redis, [CAMERA], Span(START_MS + 20_000, START_MS + 30_000)) == {"test-model"}


def test_a_commit_sent_twice_is_applied_once(any_redis: Client, committer: Committer) -> None:
    commit = Commit(NUMBER, [])
    commit.write_state(CAMERA, {"visit:x": b"1"}, [])
    assert committer.apply(commit, epoch=0) is False, "no epoch yet: nobody has acquired the partition"
    any_redis.set(keys.epoch(NUMBER), 7)
    assert committer.apply(commit, epoch=7) is True
    assert committer.apply(commit, epoch=7) is False
    assert any_redis.get(keys.epoch(NUMBER)) == b"8"


def test_an_entry_whose_commit_was_refused_is_folded_again(any_redis: Client, committer: Committer) -> None:
    any_redis.set(keys.epoch(NUMBER), 1)
    owned = partition(any_redis, committer)
    append(any_redis, *visit())
    any_redis.incr(keys.epoch(NUMBER))
    advance(any_redis, owned)
    assert column(any_redis, "face_frames") == 0
    advance(any_redis, owned)
    assert column(any_redis, "face_frames") == 5
    assert column(any_redis, "visits") == 1


def test_a_successor_goes_on_where_the_owner_died_and_the_owner_can_do_no_harm(
    any_redis: Client, committer: Committer
) -> None:
    first, second = Leases(any_redis), Leases(any_redis)
    first.refresh()
    assert NUMBER in first.owned
    paused = partition(any_redis, committer)
    append(any_redis, *visit())
    unfinished = read_entries(any_redis, [NUMBER], 100)[NUMBER]

    any_redis.delete(keys.lease(NUMBER))  # as after five seconds of silence
    second.refresh()
    assert NUMBER in second.owned
    successor = partition(any_redis, committer)
    advance(any_redis, successor)
    paused.advance(unfinished, START_MS, caught_up=False)
    assert column(any_redis, "face_frames") == 5
    assert column(any_redis, "visits") == 1


def test_after_commits_that_failed_the_log_is_still_read_in_its_order(
    any_redis: Client, committer: Committer
) -> None:
    partition(any_redis, committer)
    append(any_redis, *(frame_emotions(i, captured_at_ms=START_MS + i) for i in range(40)))
    ids = [entry_id for entry_id, _ in any_redis.xrange(keys.stream(NUMBER)) or ()]
    for _ in range(3):  # read and never committed
        read = [entry.id for entry in read_entries(any_redis, [NUMBER], 10)[NUMBER]]
        assert read == ids[: len(read)]


def test_an_unreadable_entry_is_passed_over(any_redis: Client, committer: Committer) -> None:
    any_redis.set(keys.epoch(NUMBER), 1)
    owned = partition(any_redis, committer)
    any_redis.xadd(keys.stream(NUMBER), {"emotions": b"{"})
    any_redis.xadd(keys.stream(NUMBER), {"from the future": b"{}"})
    append(any_redis, *visit())
    advance(any_redis, owned)
    assert column(any_redis, "face_frames") == 5
    assert any_redis.xpending(keys.stream(NUMBER), keys.GROUP)["pending"] == 0


def test_processed_entries_are_trimmed_unread_and_unfinished_ones_never(
    any_redis: Client, committer: Committer
) -> None:
    any_redis.set(keys.epoch(NUMBER), 1)
    owned = partition(any_redis, committer)
    stream, trimmer = keys.stream(NUMBER), Trimmer(any_redis, kept_ms=-10_000)
    for first_frame in range(0, 15, 5):
        append(any_redis, *visit(first_frame))
    assert trimmer.trim(NUMBER) == 0, "nothing is read yet"
    first = read_entries(any_redis, [NUMBER], 6)[NUMBER]
    assert trimmer.trim(NUMBER) == 0, "what is read is not committed yet"
    owned.advance(first, START_MS, caught_up=False)
    assert trimmer.trim(NUMBER) == 5, "all but the newest one delivered"
    while entries := read_entries(any_redis, [NUMBER], 6)[NUMBER]:
        owned.advance(entries, START_MS, caught_up=False)
    assert column(any_redis, "frames") == 15
    assert Trimmer(any_redis, kept_ms=60_000).trim(NUMBER) == 0, "young entries stay to be looked at"
    trimmer.trim(NUMBER)
    assert any_redis.xlen(stream) == 1


def test_a_large_commit_goes_through(any_redis: Client, committer: Committer) -> None:
    any_redis.set(keys.epoch(NUMBER), 1)
    owned = partition(any_redis, committer)
    append(
        any_redis,
        *(frame_emotions(i, captured_at_ms=START_MS + i * 200, tracks=range(50)) for i in range(400)),
        camera_report(from_ms=START_MS, to_ms=START_MS + 400_000),
    )
    owned.advance(read_entries(any_redis, [NUMBER], 2000)[NUMBER], START_MS, caught_up=True)
    assert column(any_redis, "face_frames") == 20_000
    assert column(any_redis, "visits") == 50


def test_two_aggregators_share_the_partitions_and_one_left_alone_takes_all(any_redis: Client) -> None:
    first, second = Leases(any_redis), Leases(any_redis)
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


def test_hours_are_cut_in_the_sites_time_zone(any_redis: Client, committer: Committer) -> None:
    any_redis.hset(keys.site("shop-1"), "time_zone", "Asia/Kolkata")
    any_redis.set(keys.epoch(NUMBER), 1)
    append_to = partition(any_redis, committer)
    append(any_redis, *visit())
    advance(any_redis, append_to)
    chunk = b"moodlens:{%d}:shop-1/entrance:1h:20260529" % NUMBER  # 01:56 there, still the 28th in UTC
    assert any_redis.exists(chunk)


def test_an_unknown_time_zone_is_one_clear_error(any_redis: Client) -> None:
    with pytest.raises(SettingsError, match="'Mars/Base' is no IANA time zone"):
        Aggregator(any_redis, AggregatorSettings(time_zone="Mars/Base"), Health({}))
