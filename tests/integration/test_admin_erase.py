"""Erasing in a real Redis, of windows that the aggregator made: exact, and once."""

from datetime import timedelta

import pytest
import redis

from admin.cuts import NotErasable, make_step
from admin.erase import read_records
from admin.eraser import Amounts, Eraser, Wanted
from contract import keys
from contract.windows import Resolution
from runtime.redis import Client
from runtime.windows import read_windows
from tests.support.erasures import (
    BERLIN,
    CAMERA,
    FROM_MS,
    OTHER,
    SUBJECTS,
    TO_MS,
    TODAY,
    assert_same,
    eraser,
    hours,
    local_ms,
    past,
    rows_of,
)
from tests.support.events import utc_ms
from tests.support.pasts import HOUR_MS, VISITS, ZONE


@pytest.mark.parametrize(
    ("from_ms", "to_ms"),
    [
        (FROM_MS, TO_MS),
        (local_ms(3), local_ms(2)),
        (local_ms(2, 9), local_ms(2, 10)),
        (local_ms(6), local_ms(0)),
    ],
    ids=["days and parts of days", "a day", "an hour", "everything"],
)
def test_what_stays_is_what_the_rest_alone_would_have_made(
    any_redis: Client, from_ms: int, to_ms: int
) -> None:
    past(any_redis, without=(from_ms, to_ms))
    expected = rows_of(any_redis)
    any_redis.flushall()
    past(any_redis)
    whole = rows_of(any_redis)
    done = eraser(any_redis, from_ms, to_ms).erase("ann", "asked for")
    assert_same(rows_of(any_redis), expected)
    assert (whole[CAMERA, Resolution.DAY] != expected[CAMERA, Resolution.DAY]).any()
    assert done.visits == VISITS * len(hours(max(from_ms, local_ms(5)), min(to_ms, local_ms(0))))
    assert done.frames == 2 * done.visits


def test_erasing_twice_takes_nothing_twice_and_both_are_recorded(any_redis: Client) -> None:
    past(any_redis)
    first = eraser(any_redis).erase("ann", "asked for")
    once = rows_of(any_redis)
    second = eraser(any_redis).erase("ben", "")
    assert_same(rows_of(any_redis), once)
    assert first.visits == VISITS * len(hours(FROM_MS, TO_MS))
    assert (second.visits, second.frames) == (0, 0)
    records = read_records(any_redis)
    assert [(record.by, record.state, record.visits) for record in records] == [
        ("ann", "done", first.visits),
        ("ben", "done", 0),
    ]
    assert (records[0].from_ms, records[0].to_ms, records[0].reason) == (FROM_MS, TO_MS, "asked for")
    assert any_redis.xlen(keys.ERASURES) == 4


def test_a_call_that_is_sent_again_changes_nothing(
    any_redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    past(any_redis)
    erasing = eraser(any_redis)
    script, sent = erasing._script, []

    def twice(keys: list[str], args: list[str]) -> object:
        sent.append(script(keys=keys, args=args))
        return script(keys=keys, args=args)

    monkeypatch.setattr(erasing, "_script", twice)
    done = erasing.erase("ann", "")
    assert set(sent) == {1}
    assert done.visits == VISITS * len(hours(FROM_MS, TO_MS))
    twice_sent = rows_of(any_redis)
    any_redis.flushall()
    past(any_redis, without=(FROM_MS, TO_MS))
    assert_same(twice_sent, rows_of(any_redis))


def test_of_two_who_erase_the_same_one_takes_it_and_the_other_finds_nothing(any_redis: Client) -> None:
    past(any_redis)
    one, other = (
        eraser(any_redis, local_ms(2, 9), local_ms(2, 12)),
        eraser(any_redis, local_ms(2, 9), local_ms(2, 12)),
    )
    (part,) = one._parts
    stale = make_step(keys.erasing(CAMERA), part, other._read(part), utc_ms(), BERLIN)
    one.erase("ann", "")
    once = rows_of(any_redis)
    assert int(other._script(keys=stale.keys, args=["another", 1000, *stale.operations])) == 0
    assert_same(rows_of(any_redis), once)
    assert other.erase("ben", "").visits == 0


def test_other_cameras_and_other_times_stay(any_redis: Client) -> None:
    past(any_redis)
    past(any_redis, OTHER)
    before = rows_of(any_redis, (OTHER,))
    eraser(any_redis).erase("ann", "")
    assert_same(rows_of(any_redis, (OTHER,)), before)


def test_a_zone_alone_is_erased_and_its_camera_keeps_its_windows(any_redis: Client) -> None:
    past(any_redis)
    before = rows_of(any_redis, (CAMERA,))
    done = eraser(any_redis, zone=ZONE).erase("ann", "")
    assert done.visits == VISITS // 2 * len(hours(FROM_MS, TO_MS))
    assert_same(rows_of(any_redis, (CAMERA,)), before)
    zone = read_windows(any_redis, SUBJECTS[1], Resolution.HOUR, FROM_MS, TO_MS, BERLIN)
    assert not zone.rows.any()


def test_what_may_still_change_is_refused_with_the_time_from_which_it_can_be_erased(
    any_redis: Client,
) -> None:
    past(any_redis)
    last_ms = utc_ms() // HOUR_MS * HOUR_MS
    with pytest.raises(NotErasable, match=r"may still change and can be erased from 20\d\d-.* on; now, --to"):
        eraser(any_redis, last_ms - HOUR_MS, last_ms)


def test_what_waits_to_be_counted_is_refused(any_redis: Client) -> None:
    camera = past(any_redis)
    now_ms = utc_ms()
    stream = keys.stream(keys.partition_of(CAMERA))
    any_redis.delete(stream)
    old = f"{now_ms - 100 * HOUR_MS}-1"
    any_redis.xadd(stream, {"report": b"{}"}, id=old)
    with pytest.raises(NotErasable, match="after an aggregator has counted what waits"):
        eraser(any_redis)
    any_redis.xgroup_create(stream, keys.GROUP, id="0")
    any_redis.xreadgroup(keys.GROUP, "owner", {stream: ">"})
    with pytest.raises(NotErasable, match="after an aggregator has counted what waits"):
        eraser(any_redis)
    any_redis.xack(stream, keys.GROUP, old)
    eraser(any_redis).preview()
    any_redis.hset(keys.open_visits(camera.name), "visit:x:1:", b'{"first_ms":1,"last_ms":%d}' % FROM_MS)
    with pytest.raises(NotErasable, match="may still change"):
        eraser(any_redis)


def test_a_day_whose_hours_are_kept_no_more_is_erased_whole_or_not_at_all(any_redis: Client) -> None:
    past(any_redis)
    day = f"{TODAY - timedelta(days=3):%Y%m%d}"
    for subject in SUBJECTS:
        any_redis.delete(keys.window_chunk(subject, Resolution.HOUR, day))
    with pytest.raises(NotErasable, match=r"the hours of 20..-..-.. are kept no more"):
        eraser(any_redis, local_ms(3, 10), local_ms(3, 12)).preview()
    whole = hours(local_ms(3), local_ms(2))  # 23 or 25 where clocks change
    assert eraser(any_redis, local_ms(3), local_ms(2)).erase("ann", "").visits == VISITS * len(whole)


@pytest.mark.parametrize(("camera", "zone"), [("shop-1/nobody", ""), (CAMERA, "cellar")])
def test_what_there_is_not_cannot_be_erased(any_redis: Client, camera: str, zone: str) -> None:
    past(any_redis)
    with pytest.raises(NotErasable, match="there are no windows of"):
        Eraser(any_redis, Wanted(camera, zone, FROM_MS, TO_MS, BERLIN))


def test_who_is_broken_off_says_so_and_is_finished_by_the_next(
    any_redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    past(any_redis)
    broken = eraser(any_redis)
    whole_script, calls = broken._script, []

    def fails_at_the_third(**call: object) -> object:
        calls.append(call)
        if len(calls) == 3:
            raise redis.exceptions.ConnectionError("gone")
        return whole_script(**call)  # type: ignore[arg-type]

    monkeypatch.setattr(broken, "_script", fails_at_the_third)
    with pytest.raises(redis.exceptions.ConnectionError):
        broken.erase("ann", "")
    assert [record.state for record in read_records(any_redis)] == ["begun"]
    rest = eraser(any_redis).erase("ann", "")
    assert 0 < rest.visits < VISITS * len(hours(FROM_MS, TO_MS))
    found = rows_of(any_redis)
    any_redis.flushall()
    past(any_redis, without=(FROM_MS, TO_MS))
    assert_same(found, rows_of(any_redis))


def test_nothing_goes_before_somebody_is_sure(any_redis: Client) -> None:
    past(any_redis)
    before = rows_of(any_redis)
    found = eraser(any_redis).preview()
    count = VISITS * len(hours(FROM_MS, TO_MS))
    assert found == Amounts(visits=count, frames=2 * count)
    assert_same(rows_of(any_redis), before)
    assert not any_redis.exists(keys.ERASURES)
