"""What arrives twice, in disorder, or with the time of a wrong clock."""

import random
from pathlib import Path

from contract.codec import CLOCK_AHEAD_MAX_MS, CLOCK_BEHIND_MAX_MS, Reason
from contract.keys import REJECTED_COUNTS
from tests.support.cameras import USUAL, Habit, flow_of
from tests.support.system import system

FLOWS_S = 10.0
MINUTE_MS = 60_000
DISORDER_S = 4.8
"""Windows and visits are promised to bear 5 s; the rest is for the way."""

SILENCE_S = 20
"""A machine that is busy may keep a camera silent for some seconds: that closes no visit."""


def test_what_arrives_twice_and_in_disorder_counts_once_and_where_it_belongs(
    tmp_path: Path, dice: random.Random
) -> None:
    habits = [Habit(copies=2), Habit(disorder_s=DISORDER_S), Habit(copies=2, disorder_s=DISORDER_S)] * 2
    with system(tmp_path, silence_s=SILENCE_S) as whole, flow_of(whole.for_cameras, dice, habits) as flow:
        flow.goes_on(FLOWS_S)
        whole.settle(flow).check(late=0)


def test_a_wrong_clock_is_believed_within_limits_and_refused_beyond(
    tmp_path: Path, dice: random.Random
) -> None:
    ahead = Habit(skew_ms=CLOCK_AHEAD_MAX_MS + MINUTE_MS)
    behind = Habit(skew_ms=-CLOCK_BEHIND_MAX_MS - MINUTE_MS)
    habits = [USUAL, Habit(skew_ms=2 * MINUTE_MS), Habit(skew_ms=-2 * MINUTE_MS), ahead, behind]
    with system(tmp_path, silence_s=SILENCE_S) as whole, flow_of(whole.for_cameras, dice, habits) as flow:
        flow.goes_on(FLOWS_S)
        ledger = whole.settle(flow)
        of_ahead, of_behind = (camera.messages for camera in flow.published[-2:])
        ledger.check(refused=of_ahead + of_behind, late=0)
        with whole.redis.client() as client:
            counts = client.hgetall(REJECTED_COUNTS)
    assert counts == {
        Reason.CLOCK_AHEAD.encode(): b"%d" % of_ahead,
        Reason.CLOCK_BEHIND.encode(): b"%d" % of_behind,
    }
