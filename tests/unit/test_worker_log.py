"""Slots and streams on a real Redis: one holder a slot, each event once."""

import pytest

from classifier_worker.errors import NoFreeSlot
from classifier_worker.log import EmotionLog, Outcome
from classifier_worker.slot import Slots
from contract import keys
from contract.codec import Reason
from contract.events import SCHEMA, FrameLoss
from runtime.redis import Client
from tests.support.events import CAMERA, SESSION, camera_report, frame_emotions
from tests.support.stream import stream_events

AT_MS = 1_780_000_000_000
PARTITION = keys.partition_of(CAMERA)


def test_each_event_is_appended_once_and_reads_back(any_redis: Client) -> None:
    log = EmotionLog(any_redis, max_entries=1000)
    frames = [frame_emotions(number, captured_at_ms=AT_MS) for number in (0, 1, 65_535, 65_536, 200_000)]
    report = camera_report(0, from_ms=AT_MS, to_ms=AT_MS + 1)
    assert log.append([*frames, report]) == [Outcome.NEW] * 6
    assert log.append([report, *frames]) == [Outcome.DUPLICATE] * 6
    assert stream_events(any_redis, PARTITION) == [*frames, report]


def test_the_same_numbers_of_another_run_or_camera_are_other_events(any_redis: Client) -> None:
    log = EmotionLog(any_redis, max_entries=1000)
    events = [
        frame_emotions(1, captured_at_ms=AT_MS),
        frame_emotions(1, captured_at_ms=AT_MS, session="f" * 16),
        frame_emotions(1, captured_at_ms=AT_MS, camera="shop-2/entrance"),
    ]
    assert log.append(events) == [Outcome.NEW] * 3


def test_a_full_stream_takes_nothing_and_forgets_nothing(any_redis: Client) -> None:
    log = EmotionLog(any_redis, max_entries=2)
    events = [frame_emotions(number, captured_at_ms=AT_MS) for number in range(3)]
    assert log.append(events) == [Outcome.NEW, Outcome.NEW, Outcome.FULL]
    assert log.append(events) == [Outcome.DUPLICATE, Outcome.DUPLICATE, Outcome.FULL]
    any_redis.xtrim(keys.stream(PARTITION), maxlen=0)
    assert log.append(events) == [Outcome.DUPLICATE, Outcome.DUPLICATE, Outcome.NEW]


def test_a_restarted_server_has_lost_the_script_and_nothing_else(any_redis: Client) -> None:
    log = EmotionLog(any_redis, max_entries=1000)
    events = [frame_emotions(0, captured_at_ms=AT_MS)]
    assert log.append(events) == [Outcome.NEW]
    any_redis.script_flush()
    assert log.append(events) == [Outcome.DUPLICATE]


def test_losses_are_appended_and_refusals_described_without_content(any_redis: Client) -> None:
    log = EmotionLog(any_redis, max_entries=1000)
    loss = FrameLoss(SCHEMA, CAMERA, AT_MS, "refused")
    assert log.append([loss, loss]) == [Outcome.NEW] * 2
    assert stream_events(any_redis, PARTITION) == [loss, loss]
    log.reject([("moodlens/v1/a/b/faces", Reason.MALFORMED, "truncated")] * 3)
    assert any_redis.hgetall(keys.REJECTED_COUNTS) == {b"malformed": b"3"}
    assert any_redis.xlen(keys.REJECTED) == 3


def test_a_shed_frame_counts_once_and_is_not_classified_later(any_redis: Client) -> None:
    log = EmotionLog(any_redis, max_entries=1000)
    shed = FrameLoss(SCHEMA, CAMERA, AT_MS, "shed", SESSION, 7)
    assert log.append([shed, shed, frame_emotions(7, captured_at_ms=AT_MS)]) == [
        Outcome.NEW,
        Outcome.DUPLICATE,
        Outcome.DUPLICATE,
    ]
    assert stream_events(any_redis, PARTITION) == [shed]


def test_the_stream_of_refusals_is_bounded(any_redis: Client) -> None:
    log = EmotionLog(any_redis, max_entries=1000)
    for _ in range(3):
        log.reject([("moodlens/v1/a/b/faces", Reason.TOO_LARGE, "x")] * 1500)
    assert any_redis.xlen(keys.REJECTED) < 1200, "trimmed a node of a hundred at a time"
    assert any_redis.hgetall(keys.REJECTED_COUNTS) == {b"too_large": b"4500"}


def test_slots_are_leased_lowest_first_and_to_one_worker_each(any_redis: Client) -> None:
    workers = [Slots(any_redis, 2) for _ in range(3)]
    first, second = workers[0].lease(), workers[1].lease()
    assert (first.client_id, second.client_id) == ("worker-0", "worker-1")
    with pytest.raises(NoFreeSlot, match="all 2 worker slots"):
        workers[2].lease()
    assert workers[0].others_live(first)
    second.release(session_ended=True)
    assert not workers[0].others_live(first)
    assert workers[2].lease().number == 1


def test_a_slot_whose_lease_ran_out_is_an_orphan_that_the_next_worker_takes_first(
    any_redis: Client,
) -> None:
    died, survivor, newcomer = (Slots(any_redis, 8) for _ in range(3))
    survivor.lease()
    orphan = died.lease()
    assert survivor.lease_orphan() is None
    any_redis.delete(keys.slot_lease(orphan.number))  # as after five seconds of silence
    assert newcomer.lease().number == orphan.number
    assert not died.take(orphan.number), "whoever comes back late finds it taken"


def test_a_slot_given_back_with_its_session_ended_is_no_orphan(any_redis: Client) -> None:
    slots = Slots(any_redis, 8)
    slots.lease().release(session_ended=True)
    assert slots.lease_orphan() is None
    slots.lease().release(session_ended=False)
    orphan = slots.lease_orphan()
    assert orphan is not None
    assert orphan.number == 0


def test_a_lease_that_ran_out_and_that_nobody_took_is_taken_again(any_redis: Client) -> None:
    slots = Slots(any_redis, 8)
    slot = slots.lease()
    any_redis.delete(keys.slot_lease(slot.number))
    assert slots.take(slot.number)


def test_a_slot_that_is_another_s_stays_so_until_it_is_asked_again(
    any_redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = Slots(any_redis, 8).lease()
    any_redis.set(keys.slot_lease(slot.number), "another")
    monkeypatch.setattr("classifier_worker.slot.RENEW_EVERY_S", 0.0)
    assert not slot.renew()
    monkeypatch.setattr("classifier_worker.slot.RENEW_EVERY_S", 60.0)
    assert not slot.renew()
