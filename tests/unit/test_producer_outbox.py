from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contract.topics import Suffix
from producer.outbox import LIFETIME_S, REPEAT_S, Message, Outbox

FACES, REPORTS = Suffix.FACES, Suffix.REPORTS


def outbox(messages_max: int = 100, bytes_max: int = 10_000, inflight_max: int = 10) -> Outbox:
    return Outbox(messages_max, bytes_max, inflight_max, retry_pause_s=1.0)


def payloads(messages: list[Message]) -> list[bytes]:
    return [message.payload for message in messages]


def test_messages_go_out_in_the_order_in_which_they_came() -> None:
    box = outbox()
    for payload in (b"1", b"2", b"3"):
        box.put(FACES, payload, 0.0)
    assert payloads(box.take(0.0)) == [b"1", b"2", b"3"]
    assert box.take(0.0) == []


def test_no_more_are_under_way_than_allowed() -> None:
    box = outbox(inflight_max=2)
    for payload in (b"1", b"2", b"3"):
        box.put(FACES, payload, 0.0)
    first = box.take(0.0)
    assert payloads(first) == [b"1", b"2"]
    box.acknowledged(first[0].id, 0.0)
    assert payloads(box.take(0.0)) == [b"3"]


def test_a_crop_waits_30_s_and_a_report_nearly_an_hour() -> None:
    box = outbox()
    box.put(FACES, b"crop", 0.0)
    box.put(REPORTS, b"report", 0.0)
    assert payloads(box.take(29.9)) == [b"crop", b"report"]
    box.connection_lost()
    assert payloads(box.take(30.0)) == [b"report"]
    box.connection_lost()
    assert box.take(LIFETIME_S[REPORTS]) == []
    assert box.unconfirmed == 2
    assert LIFETIME_S[REPORTS] < 3600


def test_the_broker_is_told_the_whole_seconds_a_message_has_left() -> None:
    box = outbox()
    box.put(FACES, b"crop", 100.0)
    [message] = box.take(100.0)
    assert message.expiry_s(100.0) == 30
    assert message.expiry_s(100.001) == 30
    assert message.expiry_s(112.5) == 18
    assert message.expiry_s(129.9) == 1


def test_the_oldest_frame_goes_first_when_there_is_no_room() -> None:
    box = outbox(messages_max=3)
    box.put(REPORTS, b"report", 0.0)
    for payload in (b"1", b"2", b"3"):
        box.put(FACES, payload, 0.0)
    assert payloads(box.take(0.0)) == [b"report", b"2", b"3"]
    assert box.dropped == {FACES: 1}


def test_reports_go_only_when_no_frame_is_left() -> None:
    box = outbox(messages_max=2)
    for payload in (b"1", b"2", b"3"):
        box.put(REPORTS, payload, 0.0)
    assert payloads(box.take(0.0)) == [b"2", b"3"]
    assert box.dropped == {REPORTS: 1}


def test_room_is_counted_in_bytes_too() -> None:
    box = outbox(bytes_max=10)
    box.put(FACES, b"12345", 0.0)
    box.put(FACES, b"67890", 0.0)
    box.put(FACES, b"x", 0.0)
    assert payloads(box.take(0.0)) == [b"67890", b"x"]
    assert box.size_bytes == 6


def test_what_is_under_way_is_not_given_up() -> None:
    box = outbox(messages_max=2)
    box.put(FACES, b"1", 0.0)
    box.put(FACES, b"2", 0.0)
    under_way = box.take(0.0)
    box.put(FACES, b"3", 0.0)
    assert box.dropped == {FACES: 1}
    for message in under_way:
        box.acknowledged(message.id, 0.0)
    assert len(box) == 0


def test_what_nobody_listens_to_waits_in_its_old_place_and_is_probed_alone() -> None:
    box = outbox()
    for payload in (b"1", b"2", b"3"):
        box.put(FACES, payload, 0.0)
    for message in box.take(0.0):
        box.unsent(message.id, 0.0)
    assert box.take(0.9) == []
    probe = box.take(1.0)
    assert payloads(probe) == [b"1"]
    assert box.take(1.5) == []
    box.acknowledged(probe[0].id, 1.5)
    assert payloads(box.take(1.5)) == [b"2", b"3"]


def test_a_topic_without_listeners_does_not_hold_up_another() -> None:
    box = outbox()
    box.put(REPORTS, b"report", 0.0)
    [report] = box.take(0.0)
    box.unsent(report.id, 0.0)
    box.put(FACES, b"crop", 0.1)
    assert payloads(box.take(0.1)) == [b"crop"]


def test_after_a_lost_connection_all_that_was_under_way_goes_again_in_order() -> None:
    box = outbox(inflight_max=2)
    for payload in (b"1", b"2", b"3"):
        box.put(FACES, payload, 0.0)
    box.take(0.0)
    box.connection_lost()
    first = box.take(0.0)
    assert payloads(first) == [b"1", b"2"]
    for message in first:
        box.acknowledged(message.id, 0.0)
    assert payloads(box.take(0.0)) == [b"3"]


def test_what_never_left_is_dropped_and_what_may_have_arrived_is_not() -> None:
    box = outbox(inflight_max=1)
    box.put(FACES, b"sent", 0.0)
    box.put(FACES, b"waiting", 0.0)
    assert payloads(box.take(0.0)) == [b"sent"]
    box.connection_lost()
    assert box.take(30.0) == []
    assert (box.dropped, box.unconfirmed, len(box)) == ({FACES: 1}, 1, 0)


def test_a_report_goes_once_more_when_a_dead_workers_session_is_over() -> None:
    box = outbox()
    box.put(REPORTS, b"report", 0.0)
    box.put(FACES, b"crop", 0.0)
    for message in box.take(0.0):
        box.acknowledged(message.id, 1.0)
    assert box.take(1.0 + REPEAT_S - 0.1) == []
    [repeat] = box.take(1.0 + REPEAT_S)
    assert repeat.payload == b"report"
    assert len(box) == 0, "nobody waits for it"
    box.connection_lost()
    [repeat] = box.take(1.0 + REPEAT_S)
    box.acknowledged(repeat.id, 1.0 + REPEAT_S)
    assert box.take(1.0 + 3 * REPEAT_S) == []
    assert (box.size_bytes, box.unconfirmed, box.dropped.total()) == (0, 0, 0)


MESSAGES_MAX, BYTES_MAX, INFLIGHT_MAX = 8, 60, 3


class OutboxWorld(RuleBasedStateMachine):
    """Any order of calls: nothing is lost, nothing is doubled, bounds hold."""

    def __init__(self) -> None:
        super().__init__()
        self.box = outbox(MESSAGES_MAX, BYTES_MAX, INFLIGHT_MAX)
        self.now_s = 0.0
        self.count = 0
        self.acknowledged: set[bytes] = set()
        self.under_way: dict[int, Message] = {}

    @rule(suffix=st.sampled_from([FACES, REPORTS]), padding=st.integers(0, 20))
    def put(self, suffix: Suffix, padding: int) -> None:
        self.box.put(suffix, b"%d:" % self.count + b"x" * padding, self.now_s)
        self.count += 1

    @rule(seconds=st.sampled_from([0.1, 1.0, 10.0, 40.0, 4000.0]))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds

    @rule()
    def take(self) -> None:
        taken = self.box.take(self.now_s)
        ids = [message.id for message in taken]
        assert ids == sorted(ids)
        for message in taken:
            assert message.id not in self.under_way
            assert (message.payload in self.acknowledged) == message.repeat
            assert message.expires_s > self.now_s
            self.under_way[message.id] = message

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), taken=st.booleans())
    def answer(self, data: st.DataObject, taken: bool) -> None:
        message = self.under_way.pop(data.draw(st.sampled_from(sorted(self.under_way))))
        if taken:
            self.box.acknowledged(message.id, self.now_s)
            self.acknowledged.add(message.payload)
        else:
            self.box.unsent(message.id, self.now_s)

    @rule()
    def lose_connection(self) -> None:
        self.box.connection_lost()
        self.under_way.clear()

    @invariant()
    def every_message_is_in_exactly_one_place(self) -> None:
        given_up = self.box.dropped.total() + self.box.unconfirmed
        assert self.count == len(self.acknowledged) + given_up + len(self.box)

    @invariant()
    def bounds_hold(self) -> None:
        assert len(self.box) <= MESSAGES_MAX
        assert 0 <= self.box.size_bytes <= BYTES_MAX
        assert len(self.under_way) <= INFLIGHT_MAX


OutboxWorld.TestCase.settings = settings(max_examples=100, stateful_step_count=40)
test_nothing_is_lost_or_doubled_whatever_happens = OutboxWorld.TestCase
