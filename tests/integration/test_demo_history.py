"""A simulated past through a real Redis and a real aggregator: the windows say what the plan says."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import redis

from contract import keys, row
from contract.windows import Resolution
from demo import backfill
from demo.backfill import read_card, require_unseen, write_history
from demo.errors import NoHistory
from demo.habits import Camera, Role
from demo.plan import Plan, make_plan
from runtime.windows import Windows, read_windows
from tests.support.services import Process, RedisServer, program

ZONE = ZoneInfo("America/New_York")
CAMERAS = (
    Camera("north/queue", Role.QUEUE, time_zone=ZONE),
    Camera("north/promotion", Role.PROMOTION, time_zone=ZONE),
)
DAYS, SEED = 2, 5


@pytest.fixture
def aggregator(redis_server: RedisServer, tmp_path: Path) -> Iterator[Process]:
    process = program("aggregator", [], tmp_path / "aggregator.log", redis_server.environment).start()
    yield process
    process.stop()
    assert "Traceback" not in process.output


def yesterday_evening_ms() -> int:
    """After closing time, so that both days are whole and the plan does not depend on when the test runs."""
    day = datetime.now(ZONE).date() - timedelta(days=1)
    return round(datetime(day.year, day.month, day.day, 23, tzinfo=ZONE).timestamp() * 1000)


def days(client: redis.Redis, camera: Camera, plan: Plan) -> Windows:
    from_ms = plan.until_ms - (DAYS + 1) * 86_400_000
    return read_windows(client, camera.name, Resolution.DAY, from_ms, plan.until_ms, ZONE)


@pytest.mark.usefixtures("aggregator")
def test_the_windows_of_each_day_say_what_was_planned(redis_client: redis.Redis) -> None:
    until_ms = yesterday_evening_ms()
    plan = make_plan(CAMERAS, until_ms, DAYS, SEED, np.array(read_card().soft_confusion))
    told: list[tuple[int, int]] = []
    written = write_history(
        redis_client, CAMERAS, until_ms, DAYS, SEED, lambda done, of: told.append((done, of))
    )
    assert told == [(done, 4) for done in range(1, 5)]
    for camera in CAMERAS:
        windows = days(redis_client, camera, plan)
        counted = {
            datetime.fromtimestamp(start_ms / 1000, ZONE).date(): values
            for start_ms, values in zip(windows.start_ms.tolist(), windows.rows, strict=True)
        }
        for day in range(DAYS):
            shifts = plan.shifts(camera, day)
            visits = [visit for shift in shifts for visit in shift.visits]
            got = counted[plan.date_of(camera, day)]
            frames = sum(len(visit.at_ms) for visit in visits)
            assert got[row.VISITS] == len(visits) > 0
            assert got[row.FRAMES] == got[row.FACE_FRAMES] == got[row.PUBLISHED] == frames
            assert got[row.DWELL_MS] == sum(visit.at_ms[-1] - visit.at_ms[0] for visit in visits)
            assert got[row.ANALYSED_MS] == sum(shift.end_ms - shift.start_ms for shift in shifts)
            assert got[row.WATCHERS] == sum(any(visit.frontal) for visit in visits)
            p_sum = sum(np.array(visit.probabilities).sum(axis=0) for visit in visits)
            assert got[row.P_SUM].tolist() == np.round(p_sum * row.MICRO).astype(np.int64).tolist()
            assert not got[[row.LATE, row.SHED, row.REFUSED, row.DROPPED]].any()
    assert written.visits == sum(
        days(redis_client, camera, plan).column("visits").sum() for camera in CAMERAS
    )
    assert not redis_client.exists(keys.REJECTED, keys.REJECTED_COUNTS)


@pytest.mark.usefixtures("aggregator")
def test_written_again_nothing_is_counted_twice(redis_client: redis.Redis) -> None:
    until_ms = yesterday_evening_ms()
    for _ in range(2):
        written = write_history(redis_client, CAMERAS[:1], until_ms, 1, SEED)
    plan = make_plan(CAMERAS[:1], until_ms, 1, SEED, np.array(read_card().soft_confusion))
    assert days(redis_client, CAMERAS[0], plan).column("visits").sum() == written.visits
    with pytest.raises(NoHistory, match="north/queue has figures already"):
        require_unseen(redis_client, CAMERAS)


@pytest.mark.usefixtures("aggregator")
def test_a_stream_is_written_no_faster_than_it_is_read(
    redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    # less than the aggregator leaves of what it has processed would never have room again
    monkeypatch.setattr(backfill, "BACKLOG", 10_500)
    monkeypatch.setattr(backfill, "STREAM_FULL", 10_800)
    until_ms = yesterday_evening_ms()
    written = write_history(redis_client, CAMERAS[:1], until_ms, 4, SEED)
    assert written.frames + written.reports > 15_000
    from_ms = until_ms - 5 * 86_400_000
    windows = read_windows(redis_client, CAMERAS[0].name, Resolution.DAY, from_ms, until_ms, ZONE)
    assert windows.column("visits").sum() == written.visits
    assert windows.column("frames").sum() == written.frames
    assert not windows.column("late").any()


def test_a_site_is_marked_first_and_keeps_its_own_time_zone_and_k(redis_client: redis.Redis) -> None:
    redis_client.hset(keys.site("north"), mapping={"k": 3, "time_zone": "Asia/Kolkata"})
    stop = Event()
    stop.set()
    write_history(redis_client, CAMERAS, yesterday_evening_ms(), DAYS, SEED, stop=stop)
    assert redis_client.hgetall(keys.site("north")) == {
        b"k": b"3",
        b"time_zone": b"Asia/Kolkata",
        b"hours": b"mon-sat 09:00-20:00; sun 11:00-18:00",
        b"simulated": b"1",
    }
    assert not redis_client.exists(keys.stream(keys.partition_of(CAMERAS[0].name)))


def test_a_site_without_a_time_zone_gets_its_cameras(redis_client: redis.Redis) -> None:
    stop = Event()
    stop.set()
    write_history(redis_client, CAMERAS, yesterday_evening_ms(), DAYS, SEED, stop=stop)
    assert redis_client.hget(keys.site("north"), "time_zone") == b"America/New_York"


def test_with_nobody_reading_it_says_so(redis_client: redis.Redis) -> None:
    with pytest.raises(NoHistory, match=r"nobody has read .* is the aggregator running\?"):
        write_history(redis_client, CAMERAS[:1], yesterday_evening_ms(), 1, SEED, patience_s=0.3)


def test_a_full_stream_that_nobody_reads_is_not_waited_for(
    redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill, "STREAM_FULL", 100)
    monkeypatch.setattr(backfill, "BACKLOG", 50)
    with pytest.raises(NoHistory, match="nobody has read"):
        write_history(redis_client, CAMERAS[:1], yesterday_evening_ms(), 1, SEED, patience_s=0.3)
    assert redis_client.xlen(keys.stream(keys.partition_of(CAMERAS[0].name))) == 100


def test_the_command_writes_and_says_how_much(
    redis_server: RedisServer, redis_client: redis.Redis, aggregator: Process, tmp_path: Path
) -> None:
    assert aggregator.is_running()
    command = ["--redis-url", redis_server.url, "--days", "2", "--site", "north"]
    first = program("demo.history", command, tmp_path / "first.log").start()
    assert first.wait() == 0, first.output
    assert " visits, " in first.output
    names = {f"north/{role}".encode() for role in Role}
    assert names == set.union(*(redis_client.smembers(keys.subjects(p)) for p in range(keys.PARTITIONS)))
    second = program("demo.history", command, tmp_path / "second.log").start()
    assert second.wait() == 1
    assert second.output.startswith("demo.history: north/")
    assert "Traceback" not in second.output
